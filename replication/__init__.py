"""The domain: events, references, targets, decisions, outcomes. Pure values and functions; imports nothing else of this project."""

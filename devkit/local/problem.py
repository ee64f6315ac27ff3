class Problem(Exception):
    """What keeps the stack from running, in one sentence for a person."""

"""The demo: images pushed, moved and deleted in one cloud, watched on their way into two others, and judged there."""

"""Looking into a local host's database from outside, while it runs or not."""

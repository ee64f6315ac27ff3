"""Measurements, for people: a bar that is missed is said, and fails nothing."""

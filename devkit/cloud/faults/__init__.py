"""Faults on demand: what a test, the demo or a person imposes on a cloud. Scripted, counted and reported, never silently random.

A rule says which calls, or which imports, suffer what (`rules.py`, `kinds.py`); `book.py` keeps the rules and counts; `web.py` imposes them
on requests, `imports.py` on imports; `outage.py` takes the whole cloud down. None of it is Azure's."""

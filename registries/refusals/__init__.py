"""From an answer that is no success to a `Failure`: what it means, in the service's own words, and what to do next. One file for each
service; nothing else in the app reads a status or a code to that end.

A code is of the service's own answer alone. What an answer does not tell (whose lock, which quota) is asked for in registries/diagnosis.py,
not guessed from its text. Each code has a section in docs/troubleshooting.md."""

from registries.refusals.answers import first_error, retry_after
from registries.refusals.registry import is_disallowed, is_refused, proves_absence, refusal, right_missing
from registries.refusals.side import ROLE_ACTIONS, Side
from registries.refusals.tokens import token_refusal

__all__ = [
    "ROLE_ACTIONS",
    "Side",
    "first_error",
    "is_disallowed",
    "is_refused",
    "proves_absence",
    "refusal",
    "retry_after",
    "right_missing",
    "token_refusal",
]

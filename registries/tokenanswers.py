"""What a registry's token endpoints answer."""

import json
from typing import Any

from registries.refusals import Side, token_refusal
from registries.refusals.answers import not_understood
from registries.tokens import LONGEST_TOKEN, Token
from registries.wire import Answer
from replication.failures import Refused


def token_of(answer: Answer, name: str, side: Side, doing: str) -> Token:
    """`name`: `access_token` or `refresh_token`. Raises `Refused`; the body is never quoted, since it may hold a token."""
    if answer.status != 200:
        raise Refused(token_refusal(answer, side, doing))
    value = _object(answer.body)
    token = value.get(name) or value.get("token")
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
        what = f"and {name} too long" if token and isinstance(token, str) else f"without {name}"
        raise Refused(not_understood(doing, f"status 200 {what}", side.name))
    return Token.of(token, value.get("expires_in"))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}

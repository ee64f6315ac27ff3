"""From an answer that is no success to a `Failure`: what it means, in the service's own words, and what to do.

Sources: distribution-spec, "Error Codes"; Azure Container Registry, "Delete operation issues" for locks; RFC 9110 for Retry-After."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from registries.wire import Answer
from replication.failures import Code, Failure, said

ABSENCE = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}
DISALLOWED = "operation is disallowed"  # what a lock, quarantine or a full quota answers, whatever the status

LONGEST_PAUSE = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Side:
    """Which registry is asked: how it is called, and what to say when it denies access."""

    name: str  # "the source (contoso.azurecr.io)", "china (contosocn.azurecr.cn)"
    denied: Code
    denied_hint: str


def proves_absence(answer: Answer) -> bool:
    """Only a 404 with the registry's own code does; a proxy's page, a refusal or a HEAD never do."""
    return answer.status == 404 and first_error(answer.body)[0] in ABSENCE


def refusal(answer: Answer, side: Side, doing: str) -> Failure:
    code, message = first_error(answer.body)
    words = said(f"{answer.status} {code}: {message}" if code else f"status {answer.status}{': ' + message if message else ''}")
    after = retry_after(answer.headers)
    if code == "REGISTRY_DISALLOWED_OPERATION" or (answer.status in (403, 405, 409) and DISALLOWED in message.lower()):
        hint = f"Unlock it at {side.name} ('az acr repository update --write-enabled true --delete-enabled true'), or leave it as it is."
        return Failure(kind="conflict", code="locked", doing=doing, said=words, hint=hint)
    if answer.status in (401, 403):
        return Failure(kind="denied", code=side.denied, doing=doing, said=words, hint=side.denied_hint, retry_after=after)
    if answer.status == 404:
        hint = f"That is not {side.name}'s own answer, so it proves nothing: see what stands between the app and it (proxy, private DNS)."
        return Failure(kind="transient", code="absence_unproven", doing=doing, said=words, hint=hint)
    if answer.status == 429:
        hint = "It is tried again when the service allows it; if it lasts, spread pushes or raise the registry's tier."
        return Failure(kind="throttled", code="throttled", doing=doing, said=words, hint=hint, retry_after=after)
    if 400 <= answer.status < 500 and answer.status != 408:
        return Failure(
            kind="conflict", code="manifest_refused", doing=doing, said=words, hint=f"{side.name} does not take such a manifest."
        )
    hint = f"It is tried again by itself; if it lasts, look at the service health of {side.name}."
    return Failure(kind="transient", code="unreachable", doing=doing, said=words, hint=hint, retry_after=after)


def first_error(body: bytes) -> tuple[str, str]:
    """Code and message of a registry's `errors` or ARM's `error`; of anything else, no code and no message: it may be a whole page."""
    try:
        value: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "", ""
    if isinstance(value, dict):
        errors = value.get("errors")
        error = errors[0] if isinstance(errors, list) and errors else value.get("error")
        if isinstance(error, dict):
            code, message = error.get("code"), error.get("message")
            return code if isinstance(code, str) else "", message if isinstance(message, str) else ""
    return "", ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from now, at most a day."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_PAUSE)
    try:
        ahead = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, ahead), LONGEST_PAUSE)

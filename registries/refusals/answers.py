"""What all services have in common: how an error is written down, how long to wait, and trouble that is nobody's in particular.

Sources: distribution-spec, "Error Codes"; Azure Resource Manager, "Common error response"; RFC 9110 for Retry-After."""

import json
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from registries.wire import Answer
from replication.failures import Failure, said

LONGEST_PAUSE = 86_400.0  # seconds
SHOWN = 200  # bytes of an answer that is not understood
FIREWALL = re.compile(r"client with IP '?([0-9a-f.:]{3,45})", re.IGNORECASE)  # ACR's own words for a network rule


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


def words_of(answer: Answer) -> str:
    """`403 DENIED: client with IP …`."""
    code, message = first_error(answer.body)
    return said(f"{answer.status} {code}: {message}" if code else f"status {answer.status}{': ' + message if message else ''}")


def is_own(answer: Answer) -> bool:
    """Whether a 401 or 403 is the service's, rather than a proxy's: it has the service's code, or (of a HEAD, which has no body) its
    challenge."""
    challenged = answer.headers.get("WWW-Authenticate", "").lower().startswith("bearer")
    return bool(first_error(answer.body)[0]) or (answer.status == 401 and challenged)


def network(answer: Answer, doing: str, name: str, registry: str) -> Failure | None:
    """A refusal by what stands before the service, or by its own network rules; None for any other. `registry`: its name, for `az acr`."""
    _, message = first_error(answer.body)
    rule = FIREWALL.search(message) if answer.status == 403 else None
    if rule is not None:
        hint = (
            f"The network rules of {name} do not admit the app: az acr network-rule add --name {registry} --ip-address {rule[1]}"
            " (that is the address it saw), or give the app a private endpoint there."
        )
    elif answer.status == 407 or (answer.status in (401, 403) and not is_own(answer)):
        hint = f"That is not the answer of {name} itself: let the app pass what stands between (egress proxy, firewall, gateway)."
    else:
        return None
    return Failure(
        kind="denied", code="network_denied", doing=doing, said=words_of(answer), hint=hint, retry_after=retry_after(answer.headers)
    )


def trouble(answer: Answer, doing: str, name: str, *, tiered: bool = False) -> Failure:
    """What is left when an answer says nothing that its service is known for: too busy, down, or not understood. `tiered`: what it takes
    can be bought."""
    after = retry_after(answer.headers)
    if answer.status == 429:
        more = " or raise the registry's tier" if tiered else ""
        hint = f"It is tried again when {name} allows it; if it lasts, spread pushes over time{more}."
        return Failure(kind="throttled", code="throttled", doing=doing, said=words_of(answer), hint=hint, retry_after=after)
    if answer.status == 408 or answer.status >= 500:
        hint = f"It is tried again by itself; if it lasts, look at the service health of {name}."
        return Failure(kind="transient", code="unreachable", doing=doing, said=words_of(answer), hint=hint, retry_after=after)
    return not_understood(doing, f"{words_of(answer)} {excerpt(answer)}", name, after)


def not_understood(doing: str, what: str, name: str, after: float | None = None) -> Failure:
    hint = (
        f"It is tried again by itself. If it lasts: is that host {name}, or something that stands before it (proxy, private DNS)? If it is,"
        " report the words above."
    )
    return Failure(kind="transient", code="not_understood", doing=doing, said=said(what), hint=hint, retry_after=after)


def excerpt(answer: Answer) -> str:
    """How the body begins, word for word."""
    if not answer.body or first_error(answer.body) != ("", ""):
        return ""
    return f"({answer.headers.get('Content-Type', 'no type')}): {answer.body[:SHOWN].decode(errors='replace')}"

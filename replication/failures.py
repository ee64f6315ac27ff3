"""Why something could not be done, as a value: what we were doing, what the service said, what to do next (DESIGN rule: an expected failure
is data, an exception is a bug)."""

import re
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, Self, get_args

Kind = Literal["throttled", "denied", "not_found", "conflict", "transient"]
Code = Literal[
    "throttled",
    "unreachable",
    "not_understood",
    "network_denied",
    "source_denied",
    "source_right_missing",
    "credential_wrong",
    "credential_expired",
    "tenant_wrong",
    "audience_wrong",
    "entra_denied",
    "arm_denied",
    "target_denied",
    "target_right_missing",
    "secret_unresolved",
    "secret_missing",
    "vault_denied",
    "settings_invalid",
    "registry_not_found",
    "absence_unproven",
    "import_refused",
    "import_denied",
    "import_failed",
    "import_unfinished",
    "blobs_not_copied",
    "too_many_manifests",
    "artifact_unsupported",
    "source_incomplete",
    "manifest_refused",
    "locked",
    "read_locked",
    "quarantined",
    "soft_deleted",
    "quota_reached",
    "disallowed",
    "store_unreachable",
    "store_denied",
    "unsettled",
    "unexpected",
]
CODES: tuple[Code, ...] = get_args(Code)
LONGEST_SAID = 300  # characters; a service may repeat a whole page
LONGEST_READ = 2000  # characters; what follows is not looked at, since a search for URLs in megabytes would hold up everything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """`kind` drives the wait; `code` has a section in docs/troubleshooting.md."""

    kind: Kind
    code: Code
    doing: str  # "import team/app@sha256:1f2e… into china (contosocn.azurecr.cn)"
    said: str  # code and message in the service's own words: bounded, no URLs, no secrets
    hint: str  # the next thing to do
    retry_after: float | None = None  # seconds, when the service said so

    def __str__(self) -> str:
        return f"cannot {self.doing}: {self.kind}: {self.said}. {self.hint}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**value)


class Refused(Exception):
    """Carries a `Failure` out of a client. Raised outside of `except` blocks, so that no SDK exception, which holds the request and its
    body, hangs on it as context."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


class NoAnswer(Refused):
    """No answer came that tells how it went. `sent`: the request may have had its effect."""

    def __init__(self, failure: Failure, *, sent: bool) -> None:
        super().__init__(failure)
        self.sent = sent


_URL = re.compile(r"[a-z0-9+.-]*://\S+", re.IGNORECASE)  # whatever stands before it: a wrong scheme hides no signature
_RUN = re.compile(r"[A-Za-z0-9+_=.~-]{32,}")  # as long as a secret, a token or a piece of one; "/" parts the names of resources
_BASE64 = re.compile(r"[A-Za-z0-9+/=]{32,}")  # a password of a registry's token is one, with "/" in it as likely as not
RESTLESS = 0.4  # of the steps in random text change between upper case, lower case and digits two thirds; in a path hardly any
_LINE_END = re.compile(r"\n+")


def said(text: object) -> str:
    """A service's words, fit to be stored and shown: one line of whole characters, bounded, without URLs (whose queries may hold a
    signature) and without what looks like a secret or a token."""
    whole = _URL.sub("(URL)", str(text)[:LONGEST_READ].encode(errors="replace").decode())
    printable = "".join(one if one.isprintable() else "\n" for one in whole)  # which leaves out what turns the direction of writing
    line = _RUN.sub(_hidden, _BASE64.sub(_hidden_if_random, _LINE_END.sub(" ", printable))).strip()
    return line if len(line) <= LONGEST_SAID else f"{line[:LONGEST_SAID]}…"


def _hidden(run: re.Match[str]) -> str:
    """Digests, GUIDs and names of repositories are in one case."""
    return "(hidden)" if _is_mixed(run[0]) else run[0]


def _hidden_if_random(run: re.Match[str]) -> str:
    text = run[0]
    kinds = ["d" if one.isdigit() else "U" if one.isupper() else "l" if one.islower() else "/" for one in text]
    changes = sum(one != other for one, other in pairwise(kinds))
    return "(hidden)" if _is_mixed(text) and changes > RESTLESS * len(text) else text


def _is_mixed(text: str) -> bool:
    return any(one.isupper() for one in text) and any(one.islower() for one in text) and any(one.isdigit() for one in text)

"""One data call on its way to its handler, and the answers handlers share."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from devkit.cloud.errors import RegistryRefusal
from devkit.cloud.eventgrid.events import Cause
from devkit.cloud.names import is_canonical, is_digest
from devkit.cloud.unknowns import Unknowns
from devkit.cloud.web import AS_OF

PAGE = 100  # by default and at most: ACR's own are undocumented, its clients ask for 100 (acr.md 5 [?])

DISALLOWED = (
    "The operation is disallowed on this registry, repository or image. View troubleshooting steps at"
    " https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation"
)

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Call:
    request: web.Request
    path: str  # decoded
    name: str  # of the repository: its grammar is checked
    reference: str  # whatever stands last in the path: not checked
    unknowns: Unknowns

    @property
    def digest(self) -> str:
        """The reference, where only a digest will do."""
        return self.checked(self.reference)

    def checked(self, digest: str) -> str:
        """Raises the refusal of what is none, or none that this cloud takes."""
        if not is_digest(digest) or (self.unknowns.sha512 == "refused" and not is_canonical(digest)):
            raise RegistryRefusal(400, "DIGEST_INVALID", "provided digest is not of a supported algorithm", {"digest": digest[:200]})
        return digest

    @property
    def as_of(self) -> float | None:
        """The moment whose truth is read; None is now."""
        return self.request.get(AS_OF)

    @property
    def cause(self) -> Cause:
        headers = self.request.headers
        return Cause(headers.get("Host", "")[:255], self.request.method, headers.get("User-Agent", "")[:255])


def require(call: Call, permitted: bool) -> None:
    """Raises the refusal of what a lock forbids (acr.md 2.3, 5, 9 [?]; its body with a 405 is in Azure/acr-cli issue 70)."""
    if not permitted:
        raise RegistryRefusal(int(call.unknowns.lock_status), "REGISTRY_DISALLOWED_OPERATION", DISALLOWED, {})


Handler = Callable[[Call], Awaitable[web.StreamResponse]]


def json_answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`headers` may name another Content-Type."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return web.Response(status=status, body=body, headers={"Content-Type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list goes on and how far (distribution-spec, "Listing Tags"; Azure's Container Registry REST, `last` and `n`)."""

    last: str
    count: int
    order: Literal["", "timeasc", "timedesc"] = ""  # by the last change; else by name

    @classmethod
    def of(cls, call: Call) -> "Page":
        text = call.request.query.get("n", str(PAGE))
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise RegistryRefusal(400, "PAGINATION_NUMBER_INVALID", "n must be a number", {"n": text[:50]})
        last, count = call.request.query.get("last", ""), min(int(text), PAGE)
        match call.request.query.get("orderby", ""):
            case "timeasc" | "timedesc" as order:
                return cls(last, count, order)
            case "" | "none":
                return cls(last, count)
        raise RegistryRefusal(400, "UNSUPPORTED", "orderby is timeasc, timedesc or none")

    def take(self, call: Call, found: Sequence[Item], name_of: Callable[[Item], str]) -> tuple[Sequence[Item], dict[str, str]]:
        """The page of what was `found` (one more than asked for, if there are more) and the header that leads to the next."""
        taken = found[: self.count]
        if not taken or len(found) <= self.count:
            return taken, {}
        kept = {name: value for name, value in call.request.query.items() if name not in {"last", "n"}}
        query = urlencode({"last": name_of(taken[-1]), "n": self.count, **kept})
        return taken, {"Link": f'<{call.path}?{query}>; rel="next"'}

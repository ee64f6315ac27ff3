"""What may be imposed on a call, and on an import. Seconds are the cloud's own (docs/decisions.md, 1.7 has the list as JSON)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from devkit.cloud.faults.reading import parsed, shown

EVERYWHERE = ("registry", "arm", "entra", "vault", "identity", "data")
_UPLOAD = re.compile(r"/v2/.+/blobs/uploads/.*", re.DOTALL)
_STORED = re.compile(r"/v2/.+/(manifests|blobs)/[^/]+", re.DOTALL)
_SENT_ON = re.compile(r"/[a-z0-9]+:[0-9a-f]+")  # a blob at the data endpoint


class Fault:
    """A kind: its name, the services it makes sense at, and of their calls those that it can befall."""

    __slots__ = ()
    kind: ClassVar[str]
    services: ClassVar[tuple[str, ...]] = EVERYWHERE
    anonymous: ClassVar[bool] = True  # whether it can befall a call without credentials, which only asks for its challenge
    of_body: ClassVar[bool] = False  # whether it befalls the body of a success, so that it is settled once there is one

    def befalls(self, method: str, path: str) -> bool:
        """Calls that it cannot befall do not count as matched."""
        return True

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **shown(self)}


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """The handler begins so much later, or its answer goes out so much after it has taken effect."""

    kind = "latency"
    seconds: float
    when: Literal["before", "after"] = "before"


@dataclass(frozen=True, slots=True)
class Bandwidth(Fault):
    """Of the answer's body."""

    kind, of_body = "bandwidth", True
    bytes_per_second: float


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """Answered in place of the service, in its form, or with a proxy's page of HTML."""

    kind = "status"
    status: int
    retry_after: float | None = None
    html: bool = False
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Reset(Fault):
    """The connection is cut: before the handler; after it has taken effect, so that the answer is lost; or after so many bytes of the body,
    of which the last one is never sent."""

    kind = "reset"
    when: Literal["before", "after", "body"] = "before"
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """No answer until the client leaves."""

    kind = "hang"
    when: Literal["before", "after"] = "before"


@dataclass(frozen=True, slots=True)
class Truncated(Fault):
    """A body that ends early and says so in its Content-Length: it looks whole."""

    kind, of_body = "truncated", True
    bytes: int = 0

    def befalls(self, method: str, path: str) -> bool:
        return method == "GET"


@dataclass(frozen=True, slots=True)
class WrongBytes(Fault):
    """One bit of a manifest or blob is flipped, in the byte `at` or in the middle; the headers stay."""

    kind, of_body = "wrong_bytes", True
    services = ("registry", "data")
    at: int | None = None

    def befalls(self, method: str, path: str) -> bool:
        return method == "GET" and any(pattern.fullmatch(path) for pattern in (_STORED, _SENT_ON))


@dataclass(frozen=True, slots=True)
class StaleRead(Fault):
    """A registry's read answers what was true so long ago: a replica that lags (acr.md 5, "Verification rule")."""

    kind, anonymous = "stale_read", False
    services = ("registry",)
    seconds: float

    def befalls(self, method: str, path: str) -> bool:
        return method in {"GET", "HEAD"} and path.startswith(("/v2/", "/acr/v1/")) and not re.fullmatch(r"/v2/?|/v2/.+/blobs/.+", path)


@dataclass(frozen=True, slots=True)
class LateWrite(Fault):
    """A PUT of a manifest, a delete, an untag or an importImage takes effect so much later, unless the cloud is gone by then; its caller is
    answered at once: cut off, a gateway's 504, or success."""

    kind, anonymous = "late_write", False
    services = ("registry", "arm")
    seconds: float
    answer: Literal["reset", "timeout", "success"] = "reset"

    def befalls(self, method: str, path: str) -> bool:
        if path.startswith("/subscriptions/"):
            return method == "POST" and self.answer != "success"  # success would need an operation: `lands_late` has one
        if method == "PUT":
            return _STORED.fullmatch(path) is not None
        return method == "DELETE" and not _UPLOAD.fullmatch(path)


@dataclass(frozen=True, slots=True)
class Unauthorized(Fault):
    """The token counts as expired: the service's own 401, a registry's with its challenge."""

    kind, anonymous = "unauthorized", False
    services = ("registry", "arm", "vault")

    def befalls(self, method: str, path: str) -> bool:
        return not path.startswith("/oauth2/")


IMPORTS = ("imports",)
Text = Literal["unauthorized", "denied", "not_found", "unknown", "blobs", "rfc7233", "status", "length", "conflict", "quota", "internal"]


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """So much longer than its pace says."""

    kind, services = "slow", IMPORTS
    seconds: float


@dataclass(frozen=True, slots=True)
class Stuck(Fault):
    """It never ends."""

    kind, services = "stuck", IMPORTS


@dataclass(frozen=True, slots=True)
class Fails(Fault):
    """With a recorded text (acr.md 2.3)."""

    kind, services = "fails", IMPORTS
    text: Text = "blobs"


@dataclass(frozen=True, slots=True)
class Broken(Fault):
    """It reports success (acr.md 2.4.1), with nothing stored, with an index that lacks a child, or with tags on a manifest that was never
    stored."""

    kind, services = "broken", IMPORTS
    stored: Literal["nothing", "no_child", "tag"] = "nothing"


@dataclass(frozen=True, slots=True)
class LandsLate(Fault):
    """It reports success, and takes effect so much later, unless the cloud is gone by then."""

    kind, services = "lands_late", IMPORTS
    seconds: float


@dataclass(frozen=True, slots=True)
class LandsTwice(Fault):
    """It takes effect as it should, and once more so much later, unless the cloud is gone by then."""

    kind, services = "lands_twice", IMPORTS
    seconds: float


KINDS: Mapping[str, type[Fault]] = {
    one.kind: one
    for one in (
        Latency, Bandwidth, Status, Reset, Hang, Truncated, WrongBytes, StaleRead, LateWrite, Unauthorized,
        Slow, Stuck, Fails, Broken, LandsLate, LandsTwice,
    )
}  # fmt: skip


def fault_from_json(value: Any, service: str) -> Fault:
    """Raises `ValueError` saying what is allowed at that service."""
    allowed = [name for name, kind in KINDS.items() if service in kind.services]
    if not isinstance(value, dict) or value.get("kind") not in allowed:
        raise ValueError(f"fault.kind at {service} is one of {', '.join(allowed)}")
    rest = {name: one for name, one in value.items() if name != "kind"}
    fault = parsed(KINDS[value["kind"]], rest, f"the fault {value['kind']}")
    if isinstance(fault, Status) and not 400 <= fault.status <= 599:
        raise ValueError("status is from 400 to 599")
    if isinstance(fault, Bandwidth) and not fault.bytes_per_second:
        raise ValueError("bytesPerSecond is more than 0: for an answer that never comes there is hang")
    return fault

"""What may be imposed on a cloud, and on which of its calls: the words of `CloudControl.impose` (docs/decisions.md, 1.7).

    china.impose(faults.status(429, retry_after=30), on=faults.arm("POST"), times=3)

Seconds are the cloud's own; paths are regular expressions for the whole of what they are matched with."""

from collections.abc import Mapping
from typing import Any, Literal

Json = Mapping[str, Any]
Service = Literal["registry", "arm", "entra", "vault", "identity", "data"]

# On which calls


def calls(service: Service, method: str | None = None, path: str | None = None, **more: str | None) -> Json:
    """`method` may be several: GET|HEAD. `more`: `identity`, as the caller claims it; `holding`, in the body (not the registry's)."""
    return _given(service=service, method=method, path=path, **more)


def registry(method: str | None = None, path: str | None = None, *, identity: str | None = None) -> Json:
    return calls("registry", method, path, identity=identity)


def arm(method: str | None = None, path: str | None = None, *, holding: str | None = None, identity: str | None = None) -> Json:
    return calls("arm", method, path, holding=holding, identity=identity)


def entra(method: str | None = None, path: str | None = None, *, identity: str | None = None) -> Json:
    return calls("entra", method, path, identity=identity)


def imports(image: str | None = None) -> Json:
    """Imports themselves, not the calls that begin and poll them. `image` is matched with repository@digest as it was asked for."""
    return _given(service="imports", path=image)


def manifests(repository: str, reference: str = ".*") -> str:
    """The path of a manifest in the registry."""
    return f"/v2/{repository}/manifests/{reference}"


# What befalls a call


def latency(seconds: float, when: Literal["before", "after"] = "before") -> Json:
    """Before the call takes effect, or between that and the answer."""
    return {"kind": "latency", "seconds": seconds, "when": when}


def bandwidth(bytes_per_second: float) -> Json:
    return {"kind": "bandwidth", "bytesPerSecond": bytes_per_second}


def status(
    status: int, *, retry_after: float | None = None, html: bool = False, code: str | None = None, message: str | None = None
) -> Json:
    """In the service's form, or as a proxy's page; with its usual code and message, or others."""
    return _given(kind="status", status=status, retryAfter=retry_after, html=html, code=code, message=message)


def firewall(address: str) -> Json:
    """A registry's network rule, in its own words."""
    message = f"client with IP '{address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
    return status(403, code="DENIED", message=message)


def proxy_page(code: int) -> Json:
    return status(code, html=True)


def reset() -> Json:
    """Before the call has had any effect."""
    return {"kind": "reset"}


def lost_answer() -> Json:
    """The connection is cut when the call has taken effect."""
    return {"kind": "reset", "when": "after"}


def reset_in_body(after_bytes: int) -> Json:
    return {"kind": "reset", "when": "body", "bytes": after_bytes}


def hang(when: Literal["before", "after"] = "before") -> Json:
    """No answer until the client leaves, before or after the call takes effect."""
    return {"kind": "hang", "when": when}


def truncated(after_bytes: int) -> Json:
    """A body that looks whole."""
    return {"kind": "truncated", "bytes": after_bytes}


def wrong_bytes(at: int | None = None) -> Json:
    return _given(kind="wrong_bytes", at=at)


def stale_read(seconds: float) -> Json:
    """What was true so long ago."""
    return {"kind": "stale_read", "seconds": seconds}


def late_write(seconds: float, answer: Literal["reset", "timeout", "success"] = "reset") -> Json:
    """Answered so at once; takes effect later."""
    return {"kind": "late_write", "seconds": seconds, "answer": answer}


def unauthorized() -> Json:
    """As if the token had expired."""
    return {"kind": "unauthorized"}


# What befalls an import


def slow(seconds: float) -> Json:
    return {"kind": "slow", "seconds": seconds}


def stuck() -> Json:
    return {"kind": "stuck"}


def fails(text: str) -> Json:
    """With a recorded text: unauthorized, denied, not_found, unknown, blobs, rfc7233, status, length, conflict, quota, internal."""
    return {"kind": "fails", "text": text}


def succeeds_broken(stored: Literal["nothing", "no_child", "tag"] = "nothing") -> Json:
    return {"kind": "broken", "stored": stored}


def lands_late(seconds: float) -> Json:
    return {"kind": "lands_late", "seconds": seconds}


def lands_twice(seconds: float) -> Json:
    return {"kind": "lands_twice", "seconds": seconds}


def _given(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}

"""What a service may answer in place of what it should: another status, odd headers, JSON of another shape, or bytes that are no HTTP."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

DIGEST = f"sha256:{'5' * 64}"
HUGE = 5 * 1024 * 1024  # bytes: more than any answer may have
ELSEWHERE = "{elsewhere}"  # where the address of a host stands that no setting names
STATUSES = [200, 201, 202, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 412, 422, 429, 500, 502, 503, 599, 999]
CODES = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "TAG_UNKNOWN", "DENIED", "UNAUTHORIZED", "TOOMANYREQUESTS", "AuthorizationFailed", "Conflict"]

addresses = st.sampled_from(
    [f"https://{ELSEWHERE}/", f"//{ELSEWHERE}/x", f"https://u:p@{ELSEWHERE}/", f"{ELSEWHERE}", "https://[", "/", ""]
)
odd_texts = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40) | st.sampled_from(
    ["x" * 7000, "9" * 400, "-1"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | addresses | st.just("9" * 5000)
json_values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3))
NAMES = """
    Docker-Content-Digest Content-Type Link Location Retry-After WWW-Authenticate Content-Encoding Content-Length Transfer-Encoding
    Azure-AsyncOperation x-ms-continuation-NextPartitionKey x-ms-continuation-NextRowKey ETag Set-Cookie Content-Range Date
"""
headers = st.dictionaries(
    st.sampled_from(NAMES.split()),
    odd_texts
    | addresses
    | st.sampled_from([DIGEST, f'</x?{"n=1"}>; rel="next"', f'<https://{ELSEWHERE}/x?last=a>; rel="next"', "gzip", "deflate", "chunked"])
    | st.sampled_from(
        [f'Bearer realm="https://{ELSEWHERE}/token",service="x",scope="y"', "Wed, 31 Feb 2026 99:99:99 GMT", "application/json"]
    ),
    max_size=3,
)
errors = st.builds(
    lambda code, message, arm: {"error": {"code": code, "message": message}} if arm else {"errors": [{"code": code, "message": message}]},
    st.sampled_from(CODES) | json_values,
    st.text(max_size=60) | st.just("a" * 5000) | st.just("AADSTS7000215: no") | json_values,
    st.booleans(),
)
bodies = (
    json_values.map(lambda value: json.dumps(value).encode())
    | errors.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
    | st.sampled_from([b"", b"[" * 50_000, b'{"a":' * 20_000, b"9" * 10_000, b"<html>Sorry</html>", b"\x1f\x8b\x08\x00garbage", b"null"])
)
raw = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfew",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nfour",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        b"HTTP/1.1 99999 no\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 10_000 + b"Content-Length: 2\r\n\r\n{}",
        b"SSH-2.0-OpenSSH\r\n",
        b"\x16\x03\x01\x00",
        bytes(range(256)),
    ]
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """`raw`: sent in place of everything. `changes`: at these places of a good answer's JSON another value, or (`GONE`) none."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    changes: tuple[tuple[int, Any], ...] = ()
    raw: bytes | None = None


GONE = object()
changes = st.lists(st.tuples(st.integers(0, 30), json_values | st.just(GONE)), min_size=1, max_size=2).map(tuple)
deviations = (
    st.builds(Deviation, changes=changes)
    | st.builds(Deviation, changes=changes, headers=headers)
    | st.builds(Deviation, status=st.sampled_from(STATUSES), headers=headers, body=bodies)
    | st.builds(Deviation, status=st.sampled_from(STATUSES), body=errors.map(lambda value: json.dumps(value).encode()))
    | st.builds(Deviation, headers=headers)
    | st.builds(Deviation, body=bodies)
    | st.builds(Deviation, raw=raw)
    | st.just(Deviation(body=b" " * HUGE))
)


def changed(value: Any, by: tuple[tuple[int, Any], ...]) -> Any:
    """`value` with what stands at some of its places replaced; places are counted over all of them."""
    for number, new in by:
        places = list(_places(value))
        path = places[number % len(places)]
        value = _replaced(value, path, new)
    return value


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return None if new is GONE else new
    key, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if not rest and new is GONE:
        del copy[key]
    else:
        copy[key] = _replaced(copy[key], tuple(rest), new)
    return copy

"""What is packed in what is stored: Durable's Azure store, log files that were put away, and bodies on the wire may be gzip, some of it in
base64."""

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

LARGEST = 16 * 1024 * 1024  # bytes of what comes out of one
PIECE = 4096  # bytes
DEPTH = 3  # gzip in base64 in gzip
_MEMBER = re.compile(rb"\x1f\x8b\x08")  # RFC 1952, 2.3.1
_ENCODED = re.compile(rb"H4sI[A-Za-z0-9+/_-]{12,}")  # the same in base64, from its beginning on


def unpacked(content: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """It, and whatever it holds packed, wherever that begins; what is cut off as far as it goes."""
    yield content
    if depth == 0:
        return
    for found in _MEMBER.finditer(content):
        if inner := _inflated(content[found.start() :]):
            yield from unpacked(inner, depth - 1)
    for found in _ENCODED.finditer(content):
        text = found[0].replace(b"-", b"+").replace(b"_", b"/")
        if inner := _inflated(base64.b64decode(text[: len(text) // 4 * 4])):
            yield from unpacked(inner, depth - 1)


def _inflated(packed: bytes) -> bytes:
    """Empty for what only looks like a beginning."""
    inflating, out = zlib.decompressobj(wbits=31), bytearray()
    for place in range(0, len(packed), PIECE):
        before = inflating.copy()
        try:
            out += inflating.decompress(packed[place : place + PIECE], LARGEST - len(out) + 1)
        except zlib.error:  # it was cut, and something else follows: what came until there counts
            return bytes(out + _until_it_breaks(before, packed[place : place + PIECE]))
        if inflating.eof or len(out) > LARGEST:
            break
    return bytes(out)


def _until_it_breaks(inflating: Any, packed: bytes) -> bytes:
    out = bytearray()
    with suppress(zlib.error):
        for byte in packed:
            out += inflating.decompress(bytes([byte]))
    return bytes(out)

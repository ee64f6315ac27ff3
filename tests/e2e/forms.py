"""How a secret may be written: as it is, escaped for a URL or for JSON, in base64 at each of its three alignments, and with its name before
it, as Basic credentials have it; sixteen characters of it are as telling as all, since what is stored may be cut. A private key may be
written in any of its lines, or as the bytes that they are."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import quote, quote_plus

TELLING = 16  # characters
NESTED = 6  # how many times a text may be JSON in JSON: in a row of the history an event's text is, four times
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.+?)\n-----END", re.DOTALL)


def names_in(content: bytes, secrets: Mapping[str, str]) -> list[str]:
    return [name for name, secret in secrets.items() if any(form in content for form in forms(secret))]


@cache
def forms(secret: str) -> frozenset[bytes]:
    if (key := _KEY.search(secret)) is None:
        return frozenset(_forms(secret))
    lines = key[1].splitlines()
    lines = lines[len(lines) // 3 : -1]  # before those stands the modulus, which every certificate tells, and the last may be short
    return frozenset(form for line in lines for form in (*_forms(line), base64.b64decode(line)[:TELLING]))


def _forms(secret: str) -> set[bytes]:
    texts = [secret[:TELLING]]
    for _ in range(NESTED):
        texts.append(json.dumps(texts[-1])[1:-1])
    texts += [quote(texts[0], safe=""), quote_plus(texts[0])]
    encoded = {form for text in texts for form in in_base64(text.encode())}
    return {text.encode() for text in texts} | encoded | {quote(form, safe="").encode() for form in encoded}


def in_base64(content: bytes) -> Iterator[bytes]:
    """As a part of something longer: what stands before it shifts it by none, one or two bytes, and its ends mix with its neighbours."""
    for shift in range(3):
        whole = (len(content) + shift) // 3 * 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(shift) + content)[: whole // 3 * 4][-(-shift * 4 // 3) :]

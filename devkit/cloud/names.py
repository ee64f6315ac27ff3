"""The grammar of repository names, tags and digests (distribution-spec, "Pulling manifests"). What passes here is safe in SQL and paths."""

import re

_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")  # image-spec, "Registered algorithms"
NAME_LENGTH = 255  # distribution-spec: many clients limit host and name to 255 together


def is_name(text: str) -> bool:
    return len(text) <= NAME_LENGTH and _NAME.fullmatch(text) is not None


def is_tag(text: str) -> bool:
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def algorithm_of(digest: str) -> str:
    """As hashlib calls it."""
    return digest.partition(":")[0]


def is_canonical(digest: str) -> bool:
    """By the algorithm of every digest that ACR shows; whether it takes others is not known (acr.md 5 [?]: `sha512` of unknowns.py)."""
    return algorithm_of(digest) == "sha256"

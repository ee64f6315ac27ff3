"""The shapes of what settings hold: login servers, URLs, GUIDs, names."""

import re
from datetime import datetime
from urllib.parse import urlsplit

from replication.secret import UNRESOLVED

REGISTRY_EXAMPLE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/images"
    "/providers/Microsoft.ContainerRegistry/registries/contoso"
)  # fmt: skip
GUID_EXAMPLE = "00000000-0000-0000-0000-000000000000"
DATE_EXAMPLE = "2027-01-31"
CA_FILE_EXAMPLE, CA_FILE_WRONG = "/etc/ssl/private-ca.pem", "is not the absolute path of a file"
PROXY_EXAMPLE = "http://proxy.example:3128"
PROXY_WRONG = "is not the plain URL of a proxy (http or https, a host, maybe a port; no credentials)"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
LOGIN_SERVER = re.compile(rf"(?=.{{1,259}}$){_LABEL}(\.{_LABEL})*(:{_PORT})?")
TARGET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PATH = re.compile(r"(/[^/\x00-\x1f\x7f]+)+")
_PRINTABLE = re.compile(r"[!-~]+")
_TOKEN_NAME = re.compile(r"[!-9;-~]{1,128}")
_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def wrong_secret(text: str) -> str | None:
    """What no secret has, and a paste often brings along. The URI of one is judged as such (replication/vaultsecret.py)."""
    return "has spaces or line ends around it" if text != text.strip() and not text.startswith("https://") else None


def wrong_token_name(text: str) -> str | None:
    """Of a registry's token: it travels before the ':' of HTTP's Basic scheme."""
    if text.startswith(UNRESOLVED):
        return "is a Key Vault reference: a token's name is no secret"
    if wrong := wrong_secret(text):
        return wrong
    return None if _TOKEN_NAME.fullmatch(text) else "is not the name of a token (no spaces, no ':')"


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def is_absolute_path(text: object) -> bool:
    """Of a file, as Linux has them."""
    return isinstance(text, str) and len(text) <= 1024 and _PATH.fullmatch(text) is not None


def is_proxy(text: object) -> bool:
    """`http://proxy.example:3128`: no path, and no credentials, which belong into no setting that is shown."""
    if not isinstance(text, str) or not _is_url(text, ("http", "https")):
        return False
    return urlsplit(text).path in ("", "/")


def end_of_day(text: object) -> float | None:
    """Of a date, in UTC: the last second of it, since 1970. None for what is no date (RFC 3339, full-date)."""
    if not isinstance(text, str) or not _DATE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(f"{text}T23:59:59+00:00").timestamp()
    except ValueError:
        return None


def is_https_origin(text: str) -> bool:
    """As `is_https_url`, and without a path."""
    return is_https_url(text) and urlsplit(text).path in ("", "/")


def is_https_url(text: str) -> bool:
    """With a host, without credentials, query or fragment."""
    return _is_url(text, ("https",))


def is_http_url(text: str) -> bool:
    """As `is_https_url`, and without TLS too."""
    return _is_url(text, ("http", "https"))


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    """Printable ASCII alone: `urlsplit` drops line ends without a word."""
    if not _PRINTABLE.fullmatch(text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises where it is none
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and not ("@" in parts.netloc or "?" in text or "#" in text)

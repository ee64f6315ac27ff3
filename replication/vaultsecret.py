"""A secret that a setting does not hold but names: by its URI in a key vault, where it is read when it is needed.

The host of a vault is an address like any other: it stands in the app's settings and nowhere else, and below the domain of a known cloud's
vaults or of `SourceVaultAudience`. Elsewhere, as on a developer's machine, it must prove itself by the authority that `SourceCAFile` names.
Whom a token of the app's identity is for is decided here too, never by the challenge of whoever answers.
Source: Azure Key Vault, "Keys, secrets, and certificates overview", vault names and object identifiers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from replication.secret import Secret
from replication.texts import LOGIN_SERVER, is_https_url

VAULT_DOMAINS: Mapping[str, str] = {"public": "vault.azure.net", "china": "vault.azure.cn", "usgov": "vault.usgovcloudapi.net"}
AUDIENCE_SETTING = "SourceVaultAudience"
URI_EXAMPLE = "https://contoso-kv.vault.azure.net/secrets/pull-password"
AUDIENCE_EXAMPLE = "https://vault.sovereign.example"
NO_URI = "begins like the URI of a key vault's secret, and is none"
NO_KNOWN_VAULT = "names a vault of no cloud that is known"

_NAME = re.compile(r"[a-z](?:-?[a-z0-9]){2,23}")
_URI = re.compile(r"https://([A-Za-z0-9.:-]{1,259})/secrets/([0-9A-Za-z-]{1,127})(?:/([0-9a-f]{32})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSecret:
    """`vault`: its host. Without a `version`, which would never rotate, the latest counts. `audience`: of the token that opens it."""

    vault: str
    name: str
    version: str | None
    audience: str

    @property
    def below_audience(self) -> bool:
        """Whether the vault's own host proves that the audience is right, as in Azure's clouds."""
        return self.vault.endswith(f".{urlsplit(self.audience).netloc}")

    def __str__(self) -> str:
        return f"the secret {self.name} of {self.vault}"


SecretSource = Secret | VaultSecret


def held_in(values: Mapping[str, str], setting: str) -> SecretSource:
    """What a setting holds or names. Raises `ValueError` with what is wrong with it, without the text."""
    text = values.get(setting) or ""
    if not text.startswith("https://"):
        return Secret(text)
    if (found := _URI.fullmatch(text)) is None:
        raise ValueError(NO_URI)
    vault = found[1].lower()
    if (audience := _audience(vault, values)) is None:
        raise ValueError(NO_KNOWN_VAULT)
    return VaultSecret(vault=vault, name=found[2], version=found[3], audience=audience)


def is_vault_audience(text: str) -> bool:
    """`https://` and a domain."""
    return is_https_url(text) and urlsplit(text).path in ("", "/")


def _audience(vault: str, values: Mapping[str, str]) -> str | None:
    given = (values.get(AUDIENCE_SETTING) or "").rstrip("/")
    own = [urlsplit(given).netloc.lower()] if given and is_vault_audience(given) else []
    name, _, domain = vault.partition(".")
    if domain in {*VAULT_DOMAINS.values(), *own} and _NAME.fullmatch(name):
        return f"https://{domain}"
    if values.get("SourceCAFile") and LOGIN_SERVER.fullmatch(vault):
        return f"https://{own[0]}" if own else f"https://{VAULT_DOMAINS['public']}"
    return None

"""The tenant's principals: applications with what they prove themselves by, and identities that need no proof."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from devkit.cloud.config.reading import moment, text
from devkit.cloud.identities.roles import Grants


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One of an application's passwords."""

    id: str
    value: str = field(repr=False)
    expires: float | None  # seconds since the epoch, by the cloud's clock; None is never

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, place: int) -> Self:
        expires = value.get("expires")
        return cls(str(value.get("id", place)), text(value, "value"), None if expires is None else moment(expires, "expires"))


@dataclass(frozen=True, slots=True)
class FederatedCredential:
    """Whose assertions an application accepts as its own ("Workload identity federation"). Entra fetches the issuer's keys from its
    OpenID configuration; here they are given."""

    issuer: str
    subject: str
    audience: str
    keys: tuple[RSAPublicKey, ...]

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, audience: str) -> Self:
        keys = tuple(_rsa(load_pem_public_key(pem.encode())) for pem in value["keys"])
        return cls(text(value, "issuer"), text(value, "subject"), str(value.get("audience") or audience), keys)


@dataclass(frozen=True, slots=True)
class Principal:
    """An application or a managed identity of the tenant, and what its roles in this cloud let it do."""

    client_id: str
    object_id: str
    grants: Grants
    secrets: tuple[ClientSecret, ...] = field(default=(), repr=False)
    certificates: tuple[x509.Certificate, ...] = ()
    federated: tuple[FederatedCredential, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, exchange_audience: str) -> Self:
        """An application: `clientSecret` is short for a `clientSecrets` of one that never expires."""
        single = [{"id": "configured", "value": text(value, "clientSecret")}] if "clientSecret" in value else []
        given = [*single, *value.get("clientSecrets", ())]
        secrets = tuple(ClientSecret.from_json(secret, place=place) for place, secret in enumerate(given))
        if len({secret.id for secret in secrets}) < len(secrets):
            raise ValueError("two client secrets of one application have the same id")
        return cls(
            *_named(value),
            secrets=secrets,
            certificates=tuple(_certificates(value.get("certificates", ()))),
            federated=tuple(FederatedCredential.from_json(one, audience=exchange_audience) for one in value.get("federated", ())),
        )

    @classmethod
    def without_proof(cls, value: Mapping[str, Any]) -> Self:
        """A managed identity."""
        return cls(*_named({"objectId": value.get("principalId"), **value}))


def _named(value: Mapping[str, Any]) -> tuple[str, str, Grants]:
    client = text(value, "clientId")
    derived = uuid.uuid5(uuid.NAMESPACE_OID, client.lower())  # the same at each start, and never the client id, as in Entra
    return client, str(value.get("objectId") or derived), Grants.from_json(value)


def _certificates(pems: Iterable[str]) -> Iterable[x509.Certificate]:
    for pem in pems:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        _rsa(certificate.public_key())
        yield certificate


def _rsa(key: object) -> RSAPublicKey:
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the keys of applications are RSA keys: Entra takes RS256 and PS256")
    return key

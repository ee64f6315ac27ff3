"""What an application proves itself by: a client secret, an assertion signed with its certificate, or one of an issuer it trusts.

Source: "Certificate credentials" and "Workload identity federation"; acr.md 4.2 [X] for the form."""

import base64
import binascii
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from devkit.cloud.clock import Clock
from devkit.cloud.config.azureclouds import AZURE_CLOUDS, AzureCloud
from devkit.cloud.entra import refusals
from devkit.cloud.entra.apps import App
from devkit.cloud.entra.assertion import Assertion, Malformed
from devkit.cloud.unknowns import Switches

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LEEWAY = 300.0  # seconds that clocks may differ; Entra's documentation names no number, its libraries use this one

Proof = Literal["1", "2"]  # `appidacr` of "Access token claims reference": a secret, or a certificate or another assertion


class Proofs:
    def __init__(self, clock: Clock, azure: AzureCloud, unknowns: Switches, token_endpoints: frozenset[str]) -> None:
        """An application's own assertion names one of `token_endpoints` as its audience."""
        self._clock = clock
        self._azure = azure
        self._unknowns = unknowns
        self._endpoints = token_endpoints

    def require(self, form: Mapping[str, str], app: App) -> Proof:
        """Raises `EntraRefusal`."""
        if form.get("client_secret"):
            self._by_secret(form["client_secret"], app)
            return "1"
        if not form.get("client_assertion"):
            raise refusals.no_proof()
        if form.get("client_assertion_type") != JWT_BEARER:
            raise refusals.missing("client_assertion_type")
        try:
            assertion = Assertion.parse(form["client_assertion"])
        except Malformed:
            raise refusals.malformed_assertion() from None
        if assertion.claim("iss").startswith("https://"):
            self._by_federation(assertion, app)
        else:
            self._by_certificate(assertion, app)
        self._require_in_time(assertion)
        return "2"

    def _by_secret(self, value: str, app: App) -> None:
        match app.try_secret(value):
            case "wrong":
                raise refusals.wrong_secret(app.principal.client_id)
            case "expired":
                raise refusals.expired_secret(app.principal.client_id)

    def _by_certificate(self, assertion: Assertion, app: App) -> None:
        """One assertion may come again until it expires: MSAL sends the same one for ten minutes."""
        client = app.principal.client_id
        if not assertion.claim("iss").lower() == assertion.claim("sub").lower() == client.lower():
            raise refusals.not_its_own()
        thumbprint, certificate = _certificate(assertion, app)
        if certificate is None:
            raise refusals.unusable_key(client, "The key was not found.", thumbprint, None)
        key = certificate.public_key()
        assert isinstance(key, RSAPublicKey), "the settings were checked for it"
        if not assertion.signed_by(key):
            reason = "The provided signature value did not match the expected signature value."
            raise refusals.unusable_key(client, reason, thumbprint, certificate)
        if not certificate.not_valid_before_utc.timestamp() <= self._clock.wall() < certificate.not_valid_after_utc.timestamp():
            raise refusals.unusable_key(client, "The key used is expired.", thumbprint, certificate)
        if assertion.audience.rstrip("/") not in self._endpoints:
            raise refusals.wrong_audience()

    def _by_federation(self, assertion: Assertion, app: App) -> None:
        """Issuer, subject and audience must all match, and case counts ("Workload identity federation", considerations)."""
        if not app.principal.federated:
            raise refusals.no_federation(app.principal.client_id)
        issuer, subject, audience = assertion.claim("iss"), assertion.claim("sub"), assertion.audience
        of_issuer = [one for one in app.principal.federated if one.issuer == issuer and self._takes(issuer)]
        if not of_issuer:
            raise refusals.not_federated(700211, "issuer", issuer)
        of_subject = [one for one in of_issuer if one.subject == subject]
        if not of_subject:
            only_case = any(one.subject.lower() == subject.lower() for one in of_issuer)
            raise refusals.not_federated(7002138 if only_case else 700213, "subject", subject)
        matching = [one for one in of_subject if one.audience == audience]
        if not matching:
            raise refusals.not_federated(700212, "audience", audience)
        if not any(assertion.signed_by(key) for one in matching for key in one.keys):
            raise refusals.federation_not_signed()

    def _takes(self, issuer: str) -> bool:
        """Whether one cloud's Entra trusts another's is not known (acr.md 4.3)."""
        host = urlsplit(issuer).hostname
        of_another_cloud = any(host in cloud.authorities for cloud in AZURE_CLOUDS.values() if cloud is not self._azure)
        return not of_another_cloud or self._unknowns.now.foreign_entra_issuer == "accepted"

    def _require_in_time(self, assertion: Assertion) -> None:
        now, begins, ends = self._clock.wall(), assertion.moment("nbf"), assertion.moment("exp")
        if not begins - LEEWAY <= now < ends + LEEWAY:
            raise refusals.out_of_time(now, begins, ends)


def _certificate(assertion: Assertion, app: App) -> tuple[bytes | None, x509.Certificate | None]:
    """The thumbprint in the header, and the registered certificate it names. The chain in `x5c` names none: Entra reads it for
    applications that trust a subject and its issuer, which only Microsoft's own do."""
    thumbprint = None
    for name, algorithm in (("x5t#S256", SHA256()), ("x5t", SHA1())):  # noqa: S303  # a certificate's name, and no proof
        thumbprint = _decoded(assertion.header.get(name)) or thumbprint
        for certificate in app.principal.certificates:
            if thumbprint == certificate.fingerprint(algorithm):
                return thumbprint, certificate
    return thumbprint, None


def _decoded(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4))
    except (ValueError, binascii.Error):
        return None

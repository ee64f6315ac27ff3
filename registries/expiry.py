"""When credentials end, as far as that can be known without asking anybody. A certificate and a federated token say so themselves; of
secrets the settings may tell, since neither Entra nor a registry tells whoever signs in. A certificate that lies in a key vault is read
there, as it is when somebody signs in by it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from registries.heldsecrets import HeldSecrets
from registries.proofs import Proof, Proofs, certificate_bytes
from registries.tokens import expiry_of
from replication.credential import ClientCertificate, ClientSecret, Credential, FederatedToken
from replication.failures import Refused
from replication.settings import Settings

DAY = 86_400.0  # seconds
LONGEST_TOKEN = 64 * 1024  # characters


async def days_left(settings: Settings, secrets: HeldSecrets, now: datetime | None = None) -> list[tuple[float, dict[str, str]]]:
    """With what it is about: `target` ("source" for the app's pull token) and `credential`. Negative: it has ended."""
    moment = (now or datetime.now(UTC)).timestamp()
    return [(round((end - moment) / DAY, 3), named) async for end, named in _ends(settings, secrets)]


async def _ends(settings: Settings, secrets: HeldSecrets) -> AsyncIterator[tuple[float, dict[str, str]]]:
    if settings.source.token_expires is not None:
        yield settings.source.token_expires, {"target": "source", "credential": "pull token"}
    for name, target in settings.targets.items():
        if (end := await _end(target.credential, secrets)) is not None:
            yield end, {"target": name, "credential": target.credential.kind}


async def _end(credential: Credential, secrets: HeldSecrets) -> float | None:
    """Seconds since 1970."""
    match credential:
        case ClientSecret(expires=expires):
            return expires
        case ClientCertificate():
            try:
                proof = await Proofs(credential, secrets).read("tell when the certificate ends")
                return _certificate_end(proof)
            except (Refused, ValueError, TypeError):
                return None  # a run that signs in by it says why
        case FederatedToken(file=file):
            return _token_end(file)
    return None


def _token_end(file: str) -> float | None:
    try:
        with Path(file).open(encoding="ascii") as opened:
            return expiry_of(opened.read(LONGEST_TOKEN).strip())
    except (OSError, ValueError):
        return None


def _certificate_end(proof: Proof) -> float:
    """Of the first to end. Raises `ValueError` or `TypeError`."""
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
    from cryptography.x509 import load_pem_x509_certificates

    assert proof.secret is not None
    content = certificate_bytes(proof.secret)
    if b"-----BEGIN" in content:
        found = load_pem_x509_certificates(content)
    else:
        held = load_pkcs12(content, None if proof.password is None else proof.password.reveal().encode())
        found = [one.certificate for one in (held.cert, *held.additional_certs) if one is not None]
    return min(one.not_valid_after_utc.timestamp() for one in found)

"""When credentials end, as far as that can be known without asking anybody. A certificate and a federated token say so themselves; of
secrets the settings may tell, since neither Entra nor a registry tells whoever signs in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from registries.tokens import expiry_of
from replication.credential import ClientCertificate, ClientSecret, Credential, FederatedToken
from replication.secret import Secret
from replication.settings import Settings

DAY = 86_400.0  # seconds
LONGEST_TOKEN = 64 * 1024  # characters


def days_left(settings: Settings, now: datetime | None = None) -> list[tuple[float, dict[str, str]]]:
    """With what it is about: `target` ("source" for the app's pull token) and `credential`. Negative: it has ended."""
    moment = (now or datetime.now(UTC)).timestamp()
    return [(round((end - moment) / DAY, 3), named) for end, named in _ends(settings)]


def _ends(settings: Settings) -> Iterator[tuple[float, dict[str, str]]]:
    if settings.source.token_expires is not None:
        yield settings.source.token_expires, {"target": "source", "credential": "pull token"}
    for name, target in settings.targets.items():
        if (end := _end(target.credential)) is not None:
            yield end, {"target": name, "credential": target.credential.kind}


def _end(credential: Credential) -> float | None:
    """Seconds since 1970."""
    match credential:
        case ClientSecret(expires=expires):
            return expires
        case ClientCertificate(pem=Secret() as pem) if not pem.is_reference:
            from cryptography.x509 import load_pem_x509_certificates

            try:
                return min(one.not_valid_after_utc.timestamp() for one in load_pem_x509_certificates(pem.reveal().encode()))
            except ValueError:
                return None  # a run that signs in by it says why
        case FederatedToken(file=file):
            try:
                with Path(file).open(encoding="ascii") as opened:
                    return expiry_of(opened.read(LONGEST_TOKEN).strip())
            except (OSError, ValueError):
                return None
    return None

"""Key Vault references in settings: App Service puts the secret in their place, or leaves the reference where it could not."""

from replication.failures import Failure, Refused
from replication.secret import Secret


def require_resolved(secret: Secret, setting: str, doing: str) -> None:
    """Raises `Refused`: a reference is not to be tried as a password."""
    if secret.is_reference:
        words = f"the setting {setting} holds a Key Vault reference that was not resolved"
        hint = "Let the app's identity read that secret (Key Vault Secrets User), then restart the app: it reads them at its start."
        raise Refused(Failure(kind="denied", code="secret_unresolved", doing=doing, said=words, hint=hint))

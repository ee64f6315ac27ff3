"""What a vault refuses, in the texts that public reports quote."""

import secrets
from collections.abc import Mapping

from devkit.cloud.errors import Refusal


class VaultRefusal(Refusal):
    """REST, "Authentication, requests and responses": `{"error": {code, message, innererror?: {code}}}`."""

    def __init__(self, status: int, code: str, message: str, inner: str = "", headers: Mapping[str, str] | None = None) -> None:
        error = {"code": code, "message": message, **({"innererror": {"code": inner}} if inner else {})}
        super().__init__(status, {"error": error}, {"x-ms-request-id": secrets.token_hex(16), **(headers or {})})


def unexpected_by_vault(status: int, reason: str) -> Refusal:
    codes = {404: "NotFound", 405: "MethodNotAllowed", 500: "InternalServerError"}
    return VaultRefusal(status, codes.get(status, "BadParameter"), f"{reason}.")


def bad_parameter(message: str) -> VaultRefusal:
    return VaultRefusal(400, "BadParameter", message)


def not_found(name: str) -> VaultRefusal:
    """Of one that was deleted too: only `/deletedsecrets` knows it."""
    message = (
        f"A secret with (name/id) {name} was not found in this key vault. If you recently deleted this secret you may be able to recover it"
        " using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
    )
    return VaultRefusal(404, "SecretNotFound", message)


def not_deleted(name: str) -> VaultRefusal:
    return VaultRefusal(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def disabled() -> VaultRefusal:
    return VaultRefusal(403, "Forbidden", "Operation get is not allowed on a disabled secret.", "SecretDisabled")


def deleted(name: str) -> VaultRefusal:
    message = (
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only"
        " be recovered or purged."
    )
    return VaultRefusal(409, "Conflict", message, "ObjectIsDeletedButRecoverable")


def forbidden(caller: str, action: str, resource: str, vault: str) -> VaultRefusal:
    """`caller` is `appid=…;oid=…;iss=…`."""
    lines = [
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
        f"Caller: {caller}",
        f"Action: '{action}'",
        f"Resource: '{resource}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault};location=local",
        "",
    ]
    return VaultRefusal(403, "Forbidden", "\r\n".join(lines), "ForbiddenByRbac")

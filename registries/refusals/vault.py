"""What a key vault refuses.

Source: Azure Key Vault, "Authentication, requests and responses", "Common error codes"; texts as public reports quote them."""

import json
import re

from registries.refusals.answers import network, retry_after, trouble, words_of
from registries.wire import Answer
from replication.failures import Code, Failure
from replication.vaultsecret import VaultSecret

NO_IDENTITY = (
    "Give the app that identity (az functionapp identity assign), or correct SourceVaultIdentity; then it needs 'Key Vault Secrets User' on"
    " the vault."
)
_ADDRESS = re.compile(r"Client address: ([0-9a-f.:]{3,45})")


def vault_refusal(answer: Answer, secret: VaultSecret, identity: str, doing: str) -> Failure:
    """`identity`: who asked, for people."""
    name, inner = secret.vault.partition(".")[0], _inner_code(answer.body)
    if (blocked := network(answer, doing, f"the key vault {secret.vault}", name)) is not None:
        return blocked
    meant = _meant(answer, inner, name, secret.name, identity)
    if meant is None:
        return trouble(answer, doing, f"the key vault {secret.vault}")
    code, hint = meant
    return Failure(kind="denied", code=code, doing=doing, said=words_of(answer), hint=hint, retry_after=retry_after(answer.headers))


def _meant(answer: Answer, inner: str, vault: str, secret: str, identity: str) -> tuple[Code, str] | None:
    match answer.status, inner:
        case 403, "ForbiddenByFirewall":
            found = _ADDRESS.search(answer.body.decode(errors="replace"))
            rule = f"az keyvault network-rule add --name {vault} --ip-address {found[1] if found else '<its address>'}"
            return "network_denied", f"The vault's network rules do not admit the app: {rule}, or give the app a private endpoint there."
        case 403, "SecretDisabled":
            command = f"az keyvault secret set-attributes --vault-name {vault} --name {secret} --enabled true"
            return "secret_missing", f"It is disabled: {command}, or set a new version."
        case 404, str() if inner:
            again = f"az keyvault secret recover --vault-name {vault} --name {secret}"
            command = f"az keyvault secret set --vault-name {vault} --name {secret} --file <a file with it>"
            return "secret_missing", f"Put it there: {command}; or, where it was deleted, {again}."
        case 401 | 403, _:
            command = "az role assignment create --role 'Key Vault Secrets User' --assignee <its principal id> --scope"
            hint = f"Let {identity} read that vault: {command} <the id of {vault}>. A new assignment takes some minutes."
            return "vault_denied", hint
    return None


def _inner_code(body: bytes) -> str:
    """The narrower code where there is one, else the code; empty for what is none of a vault's own answers."""
    try:
        error = json.loads(body)["error"]
        code = (error.get("innererror") or {}).get("code") or error["code"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return ""
    return code if isinstance(code, str) else ""

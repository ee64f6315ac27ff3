"""What Entra refuses, by the number that its message begins with.

Source: Microsoft Entra, "Authentication and authorization error codes"; "Workload identity federation"; acr.md 4.2."""

import re
from collections.abc import Mapping

from replication.credential import Credential
from replication.failures import Code, Failure, said

Meaning = tuple[Code, str]
WRONG_CERTIFICATE: Meaning = (
    "credential_wrong",
    "The certificate in {origin} is not registered for {client}: register its public part (az ad app credential reset --id {client} --cert"
    " @certificate.pem --append).",
)
NO_PROOF: Meaning = ("credential_wrong", "There is no {kind} in {origin}: put one there.")
LOOK = " (az ad app federated-credential list --id {client})."
MEANT: Mapping[str, Meaning] = {
    "AADSTS7000215": ("credential_wrong", "The client secret is wrong: put the secret's value (not its id) into {origin}."),
    "AADSTS7000216": NO_PROOF,
    "AADSTS7000218": NO_PROOF,
    "AADSTS700021": WRONG_CERTIFICATE,
    "AADSTS700023": WRONG_CERTIFICATE,
    "AADSTS700027": WRONG_CERTIFICATE,
    "AADSTS50012": WRONG_CERTIFICATE,
    "AADSTS50013": ("credential_wrong", "Nobody whom {client} trusts has signed the token in {origin}" + LOOK),
    "AADSTS50027": ("credential_wrong", "The {kind} in {origin} is none that Entra can read."),
    "AADSTS70021": ("credential_wrong", "No federated credential of {client} fits the token in {origin}" + LOOK),
    "AADSTS70025": ("credential_wrong", "The application {client} has no federated credentials: add one for the token in {origin}."),
    "AADSTS700211": (
        "credential_wrong",
        "No federated credential of {client} names the issuer of the token in {origin}" + LOOK,
    ),
    "AADSTS700212": (
        "credential_wrong",
        "No federated credential of {client} names the audience of the token in {origin}: it is another in each cloud" + LOOK,
    ),
    "AADSTS700213": (
        "credential_wrong",
        "No federated credential of {client} names the subject of the token in {origin}" + LOOK,
    ),
    "AADSTS7002138": (
        "credential_wrong",
        "A federated credential of {client} writes the subject of the token in {origin} in another case" + LOOK,
    ),
    "AADSTS7000222": (
        "credential_expired",
        "The client secret has expired: make a new one for {client} (az ad app credential reset --id {client} --append) and put it into"
        " {origin}.",
    ),
    "AADSTS700024": (
        "credential_expired",
        "What the app signed with is out of its time: see that {origin} is renewed, and that the clock of the app's host is right.",
    ),
    "AADSTS700016": (
        "tenant_wrong",
        "The application {client} is not in that tenant: check clientId and tenantId, and in which cloud it was registered.",
    ),
    "AADSTS90002": ("tenant_wrong", "There is no such tenant in that cloud: check tenantId, and the cloud of the target."),
    "AADSTS900023": ("tenant_wrong", "tenantId is none: check it, and the cloud of the target."),
    "AADSTS90072": ("tenant_wrong", "The application {client} belongs to another tenant: check clientId and tenantId."),
    "AADSTS500011": ("audience_wrong", "That cloud has no such resource: check the audiences of the target's cloud (acrAudience)."),
    "AADSTS500014": ("audience_wrong", "That resource is disabled in the tenant: have its service principal enabled."),
    "AADSTS1002012": ("audience_wrong", "That is no resource: check the audiences of the target's cloud (acrAudience)."),
    "AADSTS7000112": ("entra_denied", "The application is disabled: az ad sp update --id {client} --set accountEnabled=true."),
    "AADSTS50105": ("entra_denied", "The tenant wants the application {client} to be assigned to that resource: have it assigned."),
    "AADSTS53003": (
        "entra_denied",
        "A Conditional Access policy of that tenant blocks the sign-in: have {client} excluded, or the app's address allowed; the tenant's"
        " sign-in log names the policy.",
    ),
}
EXPIRED_CERTIFICATE: Meaning = (
    "credential_expired",
    "The certificate in {origin} has expired: make a new one, put it there, and register its public part for {client}.",
)
OTHERWISE: Meaning = ("entra_denied", "Check tenantId, clientId and the {kind} in {origin}; the tenant's sign-in log says more.")
_NUMBER = re.compile(r"(AADSTS\d+):.*?(?=\s*(?:Trace ID|Correlation ID|Timestamp):|$)", re.DOTALL)


def entra_refusal(message: str, doing: str, credential: Credential, *, client: str) -> Failure:
    """Without the ids and the time that its messages end with: they are others each time, and a status would never stand still."""
    known = _NUMBER.search(message)
    code, hint = MEANT.get(known[1] if known else "", OTHERWISE)
    if known is not None and known[1] == "AADSTS700027" and "key used is expired" in message:
        code, hint = EXPIRED_CERTIFICATE
    hint = hint.format(kind=credential.kind, origin=credential.origin, client=client)
    return Failure(kind="denied", code=code, doing=doing, said=said(known[0] if known else message), hint=hint)

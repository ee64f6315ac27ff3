"""Which registry is asked, and what is to be said when it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass

from replication.failures import Code

ROLE_ACTIONS: Mapping[str, str] = {  # by the actions of scopes; acr.md 7.1 and 7.2
    action: f"Microsoft.ContainerRegistry/registries/{rbac} (with ABAC permissions the data action"
    f" Microsoft.ContainerRegistry/registries/{abac})"
    for action, rbac, abac in (
        ("pull", "pull/read", "repositories/content/read"),
        ("push", "push/write", "repositories/content/write"),
        ("delete", "artifacts/delete", "repositories/content/delete"),
        ("metadata_read", "pull/read", "repositories/metadata/read"),
        ("metadata_write", "artifacts/delete", "repositories/metadata/delete"),
        ("*", "pull/read", "catalog/read"),  # of the catalog, which has no other
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """`denied` is for a credential that opens nothing, `lacking` for one that lacks a right on a repository; `rights` names that right by
    the action of a scope, and `lacking_hint` has places for {right} and {repository}."""

    name: str  # "the source (contoso.azurecr.io)", "china (contosocn.azurecr.cn)"
    registry: str  # its name as a resource, which the Azure command line takes
    denied: Code
    denied_hint: str
    lacking: Code
    lacking_hint: str
    rights: Mapping[str, str]

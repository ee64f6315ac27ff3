"""What roles let a principal do, in both modes of a registry: every action of infra/role.json is needed, and none gives too much."""

import json
from pathlib import Path
from typing import Any

import pytest

from devkit.cloud.identities.rights import Right
from devkit.cloud.identities.roles import Grants, Permission, read_role
from devkit.local.child import ROOT
from tests.devkit.cloud.running import ACR_AUDIENCE, API, Cloud, Clouds, MakeCloud, digest_of, image

ROLE = json.loads((ROOT / "infra" / "role.json").read_text())
REGISTRIES = "Microsoft.ContainerRegistry/registries"


def test_wildcards_and_exceptions_are_read_as_azure_reads_them() -> None:
    role = Permission.from_json({"Actions": ["Microsoft.ContainerRegistry/*/read"], "NotActions": ["*/pull/READ"]})
    assert role.allows(f"{REGISTRIES}/read", data=False)
    assert role.allows(f"{REGISTRIES.upper()}/OPERATIONRESULTS/READ", data=False)
    assert not role.allows(f"{REGISTRIES}/pull/read", data=False)
    assert not role.allows(f"{REGISTRIES}/readers", data=False)
    assert not role.allows(f"{REGISTRIES}/read", data=True)


def test_what_one_role_takes_out_another_may_give() -> None:
    grants = Grants((Permission(actions=("*",), not_actions=("*/delete",)), Permission(actions=(f"{REGISTRIES}/artifacts/delete",))))
    assert grants.allow(f"{REGISTRIES}/artifacts/delete") and not grants.allow(f"{REGISTRIES}/delete")


def test_each_mode_counts_its_own_actions_alone() -> None:
    both = Grants(tuple(one for mode in ("rbac", "abac") for one in read_role(f"{ROOT}/infra/role.json#{mode}")))
    rbac = Grants(tuple(read_role(f"{ROOT}/infra/role.json#rbac")))
    needed = {Right.PULL, Right.PUSH, Right.DELETE, Right.UNTAG, Right.METADATA_READ, Right.CATALOG}
    assert needed <= set(rbac.on_data_plane("LegacyRegistryPermissions"))
    assert set(rbac.on_data_plane("AbacRepositoryPermissions")) == set()
    assert set(both.on_data_plane("AbacRepositoryPermissions")) == needed


@pytest.mark.parametrize(
    ("content", "says"),
    [("{", "is not JSON"), ("[]", "holds no JSON object"), ("{}", "gives no action"), ('{"rbac": {}}', "gives no action")],
)
def test_a_role_file_that_is_none_is_refused_by_name(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "role.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=f"{file} {says}"):
        read_role(str(file) + ("#rbac" if "rbac" in content else ""))
    with pytest.raises(ValueError, match="actions must be a list"):
        Grants.from_json({"actions": "x"})
    with pytest.raises(ValueError, match=r"has no member|is not JSON|holds no JSON"):
        read_role(f"{file}#other")


def test_a_definition_of_the_api_is_read_as_one_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "role.json"
    file.write_text(json.dumps({"properties": {"permissions": [{"actions": [f"{REGISTRIES}/read"]}]}}))
    assert list(read_role(str(file))) == [Permission(actions=(f"{REGISTRIES}/read",))]


def everything(source: Cloud, cloud: Cloud) -> list[str]:
    """What a run of the app may have to do at a target, as the target's principal; the steps that were refused."""
    digest = source.push_image("roles/app", "v1", layer=b"roles")
    token = cloud.entra_token().json["access_token"]
    refused = []

    def step(name: str, done: bool) -> None:
        if not done:
            refused.append(name)

    step("read", cloud.arm("GET", f"{cloud.registry_id}?{API}", token=token).status == 200)
    body: dict[str, Any] = {
        "source": {
            "registryUri": source.login_server,
            "sourceImage": f"roles/app@{digest}",
            "credentials": {"username": "pull", "password": source.config["registry"]["tokens"][1]["password"]},
        },
        "untaggedTargetRepositories": ["roles/app"],
        "mode": "Force",
    }
    started = cloud.arm("POST", f"{cloud.registry_id}/importImage?{API}", body, token=token)
    step("import", started.status == 202)
    if started.status == 202:
        while cloud.poll(started.headers["Location"]).status == 202:
            pass
    else:
        cloud.push_image("roles/app", digest, layer=b"roles")
    entra = cloud.entra_token(audience=ACR_AUDIENCE).json["access_token"]
    exchanged = cloud.form(
        "registry", "/oauth2/exchange", {"grant_type": "access_token", "service": cloud.login_server, "access_token": entra}
    )

    def call(method: str, path: str, scope: str, body: bytes | None = None, **headers: str) -> int:
        form = {
            "grant_type": "refresh_token",
            "service": cloud.login_server,
            "refresh_token": exchanged.json["refresh_token"],
            "scope": scope,
        }
        access = cloud.form("registry", "/oauth2/token", form).json["access_token"]
        return cloud.call("registry", method, path, body=body, headers={"Authorization": f"Bearer {access}", **headers}).status

    name = "repository:roles/app"
    step("verify", call("HEAD", f"/v2/roles/app/manifests/{digest}", f"{name}:pull") == 200)
    manifest = image(b"roles")
    assert digest_of(manifest) == digest
    media_type = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
    step("tag", call("PUT", "/v2/roles/app/manifests/v1", f"{name}:pull,push", manifest, **media_type) == 201)
    step("list repositories", call("GET", "/acr/v1/_catalog", "registry:catalog:*") == 200)
    step("list", call("GET", "/acr/v1/roles/app/_tags", f"{name}:metadata_read") == 200)
    cloud.push_manifest("roles/app", "v1", manifest)
    step("untag", call("DELETE", "/acr/v1/roles/app/_tags/v1", f"{name}:delete") == 202)
    step("delete", call("DELETE", f"/v2/roles/app/manifests/{digest}", f"{name}:delete") == 202)
    return refused


@pytest.mark.parametrize(("mode", "variant"), [("LegacyRegistryPermissions", "rbac"), ("AbacRepositoryPermissions", "abac")])
def test_the_deployed_role_lets_the_app_do_everything_and_holds_nothing_else(
    clouds: Clouds, make_cloud: MakeCloud, mode: str, variant: str
) -> None:
    cloud = make_cloud(variant)
    cloud.config["registry"]["roleAssignmentMode"] = mode
    cloud.config["principals"][0].update(actions=[], roles=[f"{ROOT}/infra/role.json#{variant}"])
    cloud.start()
    assert everything(clouds.source, cloud) == []
    used = {action for action, counts in cloud.control("GET", "rights").items() if counts["granted"]}
    assert used == {action for kind in ("actions", "dataActions") for action in ROLE[variant][kind]}


@pytest.mark.parametrize(
    ("variant", "mode", "missing", "refused"),
    [
        ("rbac", "LegacyRegistryPermissions", "registries/importImage/action", "import"),
        ("rbac", "LegacyRegistryPermissions", "registries/push/write", "tag"),
        ("abac", "AbacRepositoryPermissions", "registries/repositories/metadata/delete", "untag"),
        ("abac", "AbacRepositoryPermissions", "registries/repositories/content/delete", "delete"),
    ],
)
def test_a_role_that_lacks_an_action_fails_at_its_step(
    clouds: Clouds, make_cloud: MakeCloud, variant: str, mode: str, missing: str, refused: str
) -> None:
    cloud = make_cloud("lacking")
    held = {kind: [one for one in ROLE[variant][kind] if not one.endswith(missing)] for kind in ("actions", "dataActions")}
    cloud.config["registry"]["roleAssignmentMode"] = mode
    cloud.config["principals"][0].update(held)
    assert everything(clouds.source, cloud.start()) == [refused]
    assert {action for action, counts in cloud.control("GET", "rights").items() if counts["denied"]} == {
        f"Microsoft.ContainerRegistry/{missing}"
    }

"""A mount asks for a token of both repositories, as distribution does; who may not read the other one uploads the blob."""

from urllib.parse import quote

from tests.devkit.cloud.running import Answer, Cloud, MakeCloud

SCOPES = ("repository:mount/to:pull,push", "repository:mount/from:pull")


def mount(cloud: Cloud, digest: str, user: str, *scopes: str) -> Answer:
    query = "&".join(f"scope={quote(scope)}" for scope in scopes)
    token = cloud.registry("GET", f"/oauth2/token?service={cloud.login_server}&{query}", user=user).json["access_token"]
    path = f"/v2/mount/to/blobs/uploads/?mount={digest}&from=mount/from"
    return cloud.registry("POST", path, headers={"Authorization": f"Bearer {token}"})


def test_a_mount_needs_a_token_that_reads_the_other_repository(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("mounting")
    cloud.config["registry"]["tokens"].append({"name": "writer", "password": "writes", "actions": ["content/write"]})
    cloud.start()
    digest = cloud.push_blob("mount/from", b"mounted")
    refused = mount(cloud, digest, "all", SCOPES[0])
    assert refused.status == 401
    assert f'scope="{" ".join(SCOPES)}"' in refused.headers["WWW-Authenticate"]
    assert [(one["Name"], one["Action"]) for one in refused.json["errors"][0]["detail"]] == [
        ("mount/to", "pull,push"),
        ("mount/from", "pull"),
    ]
    assert mount(cloud, digest, "writer", SCOPES[0].replace("pull,", "")).status == 202, "no token would let it read there"
    assert mount(cloud, digest, "all", *SCOPES).status == 201
    assert cloud.registry("GET", f"/v2/mount/to/blobs/{digest}").body == b"mounted"
    assert cloud.registry("PATCH", "/acr/v1/mount/from", body=b'{"readEnabled": false}').status == 404, (
        "a repository is there with a manifest"
    )
    cloud.push_image("mount/from")
    assert cloud.registry("PATCH", "/acr/v1/mount/from", body=b'{"readEnabled": false}').status == 200
    assert mount(cloud, digest, "all", *SCOPES).status == 202, "what may not be read is not mounted either"

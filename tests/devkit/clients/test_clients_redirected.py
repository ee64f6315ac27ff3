"""A registry that is set up otherwise: it sends who pulls on to a data endpoint, has a token for few repositories, or lets anybody pull."""

from collections.abc import Iterator

import pytest

from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.clients.atregistry import digest_at, put, reference
from tests.devkit.clients.client import Client, Failed
from tests.devkit.clients.images import one_platform
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import Cloud, MakeClouds

PASSWORD = "of-the-team"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    made = MakeClouds(tmp_path_factory.mktemp("redirected"), tls)("redirected", unknowns={"blobRedirect": "data_endpoint"})
    made.config["ports"]["data"] = free_ports(1)[0]
    registry = made.config["registry"]
    actions = [f"repositories/team/*/{action}" for action in ("content/read", "content/write", "metadata/read")]
    registry["scopeMaps"] = [{"name": "team", "actions": actions}]
    registry["tokens"].append({"name": "team", "password": PASSWORD, "scopeMap": "team"})
    with made.serving():
        yield made


@covers("pull")
def test_takes_its_token_nowhere_else(client: Client, cloud: Cloud) -> None:
    """A data endpoint refuses who brings one. crane follows no redirect from a name to a loopback address; Azure's have names."""
    image, repository = one_platform(f"redirected-{client.program}"), f"team/redirected-{client.program}"
    pushed = put(cloud, repository, "v1", image)
    before = len(at_the_data_endpoint(cloud))
    client.sign_in({cloud.login_server: ("team", PASSWORD)})
    if client.program == "crane":
        with pytest.raises(Failed, match="SSRF protection"):
            client.pull(pushed, image)
        return
    assert client.pull(pushed, image) == image.everything
    asked = at_the_data_endpoint(cloud)[before:]
    assert set(asked) == {200}


@covers("push")
def test_reaches_what_its_scope_map_names(client: Client, cloud: Cloud) -> None:
    image, repository = one_platform(f"scoped-{client.program}"), f"team/deep/scoped-{client.program}"
    client.sign_in({cloud.login_server: ("team", PASSWORD)})
    client.push(image, reference(cloud, repository))
    assert digest_at(cloud, repository) == image.root
    assert client.tags(f"{cloud.login_server}/{repository}") == ["v1"]
    with pytest.raises(Failed):
        client.push(image, reference(cloud, f"teams/scoped-{client.program}"))
    assert cloud.registry("GET", f"/v2/teams/scoped-{client.program}/tags/list").status == 404


@covers("anonymous")
def test_pulls_without_a_name_where_anybody_may(client: Client, cloud: Cloud) -> None:
    image, repository = one_platform(f"public-{client.program}"), f"public/{client.program}"
    pushed = put(cloud, repository, "v1", image)
    client.sign_in({})
    cloud.control("PUT", "unknowns", {"blobRedirect": "none"})
    cloud.control("PUT", "registry", {"anonymousPull": True})
    try:
        assert client.pull(pushed, image) == image.everything
        with pytest.raises(Failed):
            client.push(image, reference(cloud, f"public/pushed-{client.program}"))
    finally:
        cloud.control("PUT", "registry", {"anonymousPull": False})
        cloud.control("PUT", "unknowns", {"blobRedirect": "data_endpoint"})
    with pytest.raises(Failed):
        client.pull(pushed, image)


def at_the_data_endpoint(cloud: Cloud) -> list[int]:
    return [one["status"] for one in cloud.control("GET", "requests") if one["service"] == "data"]

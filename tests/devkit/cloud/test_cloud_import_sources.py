"""Where imports come from and go to: who is let in, what is kept back, which targets there may be."""

from collections.abc import Iterator

import pytest

from devkit.local import faults
from tests.devkit.cloud.faulty import behaving, look
from tests.devkit.cloud.running import ACR_AUDIENCE, ARM_AUDIENCE, Cloud, Clouds
from tests.devkit.cloud.test_cloud_imports import ended, import_body
from tests.devkit.cloud.test_cloud_locks import lock


@pytest.mark.parametrize("mode, tag", [(None, "null"), ("", "empty")])
def test_without_a_mode_a_tag_is_not_moved(clouds: Clouds, mode: str | None, tag: str) -> None:
    digest = clouds.source.push_image("sources/mode")
    body = import_body(clouds.source, f"sources/mode@{digest}", targets=[f"sources/mode:{tag}"], mode=mode)
    assert [ended(clouds.target, body).status for _ in range(2)] == [200, 409]


def test_one_import_has_many_targets(clouds: Clouds) -> None:
    digest, other = (clouds.source.push_image("sources/many", layer=layer) for layer in (b"one", b"other"))
    targets = ["sources/many:v1", "sources/many:v2", "sources/elsewhere"]
    untagged = ["sources/many", "sources/untagged"]
    body = import_body(clouds.source, f"sources/many@{digest}", targets=targets, untaggedTargetRepositories=untagged)
    assert ended(clouds.target, body).status == 200
    held = {name: clouds.target.registry("GET", f"/v2/sources/{name}/tags/list").json["tags"] for name in ("many", "elsewhere")}
    assert held == {"many": ["v1", "v2"], "elsewhere": ["latest"]}
    assert look(clouds.target, "sources/untagged", digest) == 200
    assert not clouds.target.registry("GET", "/v2/sources/untagged/tags/list").json["tags"]
    body = import_body(clouds.source, f"sources/many@{other}", targets=["sources/many:v3", "sources/many:v2"], mode="NoForce")
    assert "Tag sources/many:v2 already exists" in ended(clouds.target, body).json["error"]["message"]
    assert look(clouds.target, "sources/many", "v3") == 404


@pytest.mark.parametrize("audience", [ARM_AUDIENCE, ACR_AUDIENCE])
def test_a_password_alone_is_an_entra_token_of_the_sources_cloud(clouds: Clouds, audience: str) -> None:
    digest = clouds.source.push_image("sources/entra")
    body = import_body(clouds.source, f"sources/entra@{digest}")
    body["source"]["credentials"] = {"username": "", "password": clouds.source.entra_token(audience=audience).json["access_token"]}
    assert ended(clouds.target, body).status == 200
    asked = [one for one in clouds.source.control("GET", "requests") if one["path"] == f"/v2/sources/entra/manifests/{digest}"]
    assert asked[-1]["identity"] == clouds.source.config["principals"][0]["clientId"]
    body["source"]["credentials"] = {"password": clouds.target.entra_token().json["access_token"]}
    answer = ended(clouds.target, body)
    assert answer.status == 400
    assert "Unauthorized" in answer.json["error"]["message"]


@pytest.fixture
def closed(clouds: Clouds) -> Iterator[Cloud]:
    clouds.source.controls.set_registry(policies={"export": False})
    yield clouds.source
    clouds.source.controls.set_registry(policies={"export": True})


def test_nothing_is_imported_out_of_a_registry_that_does_not_export(clouds: Clouds, closed: Cloud) -> None:
    digest = closed.push_image("sources/closed")
    answer = ended(clouds.target, import_body(closed, f"sources/closed@{digest}"))
    assert (answer.status, answer.code) == (400, "InvalidParameters")
    assert answer.json["error"]["message"].endswith(f"Access to {closed.login_server} denied.")
    assert look(closed, "sources/closed", digest) == 200


def test_a_source_that_lets_nobody_in_denies_access(clouds: Clouds) -> None:
    digest = clouds.source.push_image("sources/denied")
    with behaving(clouds.source) as control:
        control.impose(faults.status(403), on=faults.registry("GET", "/v2/sources/denied/manifests/.*"))
        answer = ended(clouds.target, import_body(clouds.source, f"sources/denied@{digest}"))
    assert answer.json["error"]["message"].endswith(f"Access to {clouds.source.login_server} denied.")


def test_what_was_soft_deleted_is_not_imported_but_restored(clouds: Clouds) -> None:
    """Of the target and of the source."""
    digest = clouds.source.push_image("sources/soft", "v1")
    body, control = import_body(clouds.source, f"sources/soft@{digest}"), clouds.target.controls
    assert ended(clouds.target, body).status == 200
    control.set_registry(policies={"softDeleteDays": 7})
    try:
        assert clouds.target.registry("DELETE", f"/v2/sources/soft/manifests/{digest}").status == 202
        answer = ended(clouds.target, body)
        assert answer.status == 400
        assert "The operation is disallowed" in answer.json["error"]["message"]
        control.restore("sources/soft", digest)
        assert ended(clouds.target, body).status == 200
    finally:
        control.set_registry(policies={"softDeleteDays": None})
    clouds.source.registry("DELETE", f"/v2/sources/soft/manifests/{digest}")
    assert "MANIFEST_UNKNOWN" in ended(clouds.target, body).json["error"]["message"]


@pytest.mark.parametrize("what", ["", "/_manifests/DIGEST"])
def test_what_the_source_lets_nobody_read_is_not_imported(clouds: Clouds, what: str) -> None:
    """acr.md 5."""
    repository = f"sources/unread{len(what)}"
    digest = clouds.source.push_image(repository)
    lock(clouds.source, repository + what.replace("DIGEST", digest), readEnabled=False)
    assert ended(clouds.target, import_body(clouds.source, f"{repository}@{digest}")).status == 400
    assert look(clouds.target, repository, digest) == 404

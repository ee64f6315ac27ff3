"""What is not known of imports: each answer."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from devkit.local import faults
from tests.devkit.cloud.faulty import behaving, look
from tests.devkit.cloud.running import API, OCI_INDEX, RIGHTS, Answer, Cloud, Clouds, MakeCloud, digest_of, image, index
from tests.devkit.cloud.test_cloud_digests import sha512
from tests.devkit.cloud.test_cloud_imports import ended, import_body
from tests.devkit.cloud.test_cloud_locks import lock

Switch = Callable[..., None]


@contextmanager
def answering(cloud: Cloud, **answers: str) -> Iterator[None]:
    before = cloud.control("GET", "unknowns")
    cloud.control("PUT", "unknowns", answers)
    try:
        yield
    finally:
        cloud.control("PUT", "unknowns", {name: before[name] for name in answers})


@pytest.fixture
def switch(clouds: Clouds) -> Iterator[Switch]:
    """Sets switches of the target until the test ends."""
    with ExitStack() as stack:
        yield lambda **answers: stack.enter_context(answering(clouds.target, **answers))


def post(clouds: Clouds, body: dict[str, Any]) -> Answer:
    return clouds.target.arm("POST", f"{clouds.target.registry_id}/importImage?{API}", body)


@pytest.mark.parametrize("status", [400, 409])
def test_a_failed_import_is_told_with_either_status(clouds: Clouds, switch: Switch, status: int) -> None:
    switch(failedImportStatus=str(status))
    digest = clouds.source.push_image("unknowns/failed", "v1")
    answer = ended(clouds.target, import_body(clouds.source, "unknowns/failed:absent"))
    assert (answer.status, answer.code) == (status, "InvalidParameters")
    with behaving(clouds.target) as control:
        for text, told in {"blobs": status, "conflict": 409, "internal": 500}.items():
            control.impose(faults.fails(text), on=faults.imports(), times=1)
            assert ended(clouds.target, import_body(clouds.source, f"unknowns/failed@{digest}")).status == told
    clouds.target.push_image("unknowns/failed", "v1", layer=b"another")
    kept = import_body(clouds.source, f"unknowns/failed@{digest}", targets=["unknowns/failed:v1"], mode="NoForce")
    assert (answer := ended(clouds.target, kept)).status == 409
    assert answer.code == "Conflict"


def push_too_many(cloud: Cloud, repository: str) -> str:
    children = [image(b"layer", annotations={"number": str(number)}) for number in range(51)]
    cloud.push_image(repository)
    for child in children:
        assert cloud.push_manifest(repository, digest_of(child), child).status == 201
    content = index(*children)
    assert cloud.push_manifest(repository, "many", content, OCI_INDEX).status == 201
    return digest_of(content)


@pytest.mark.parametrize("answer", ["poll", "post"])
def test_an_oversized_index_is_refused_at_the_poll_or_at_once(clouds: Clouds, switch: Switch, answer: str) -> None:
    switch(oversizedIndex=answer)
    digest = push_too_many(clouds.source, "unknowns/oversized")
    body = import_body(clouds.source, f"unknowns/oversized@{digest}")
    refused = post(clouds, body) if answer == "post" else ended(clouds.target, body)
    assert (refused.status, refused.code) == (400, "InvalidParameters")
    assert "50 manifests" in refused.json["error"]["message"]
    for missing in (":absent", f"@{digest_of(b'absent')}"):  # is told at the poll in either case
        assert post(clouds, import_body(clouds.source, f"unknowns/oversized{missing}")).status == 202


@pytest.mark.parametrize("answer", ["left", "copied", "refused"])
def test_non_distributable_layers(clouds: Clouds, switch: Switch, answer: str) -> None:
    switch(foreignLayers=answer)
    repository, held, elsewhere = f"unknowns/foreign-{answer}", f"held {answer}".encode(), b"at its vendor's alone"
    clouds.source.push_image(repository)
    clouds.source.push_blob(repository, held)
    manifest = json.loads(image(held))
    manifest["layers"] += json.loads(image(elsewhere))["layers"]
    for layer in manifest["layers"]:
        layer["urls"] = ["https://vendor.example/layer"]
    content = json.dumps(manifest).encode()
    assert clouds.source.push_manifest(repository, "v1", content).status == 201
    told = ended(clouds.target, import_body(clouds.source, f"{repository}@{digest_of(content)}"))
    assert told.status == (400 if answer == "refused" else 200)
    assert look(clouds.target, repository, digest_of(content)) == (404 if answer == "refused" else 200)
    blobs = [clouds.target.registry("HEAD", f"/v2/{repository}/blobs/{digest_of(one)}").status for one in (held, elsewhere)]
    assert blobs == [200 if answer == "copied" else 404, 404]


@pytest.mark.parametrize("answer", ["refused", "accepted"])
def test_an_image_with_sha512_digests(clouds: Clouds, switch: Switch, answer: str) -> None:
    switch(sha512=answer)
    with answering(clouds.source, sha512="accepted"):
        layer = b"a layer by another algorithm"
        digest = sha512(layer)
        manifest = json.loads(image(layer))
        manifest["layers"][0]["digest"] = digest
        clouds.source.push_image("unknowns/sha512")
        pushed = clouds.source.registry("POST", f"/v2/unknowns/sha512/blobs/uploads/?digest={digest}", body=layer)
        assert pushed.status == 201
        content = json.dumps(manifest).encode()
        assert clouds.source.push_manifest("unknowns/sha512", digest_of(content), content).status == 201
        told = ended(clouds.target, import_body(clouds.source, f"unknowns/sha512@{digest_of(content)}"))
    assert told.status == (400 if answer == "refused" else 200)
    assert look(clouds.target, "unknowns/sha512", digest_of(content)) == (404 if answer == "refused" else 200)


@pytest.mark.parametrize("answer", ["moved", "refused"])
def test_force_and_a_locked_tag(clouds: Clouds, switch: Switch, answer: str) -> None:
    switch(forceOverLock=answer)
    repository = f"unknowns/locked-{answer}"
    held = clouds.target.push_image(repository, "v1", layer=b"held")
    lock(clouds.target, f"{repository}/_tags/v1", writeEnabled=False)
    digest = clouds.source.push_image(repository)
    told = ended(clouds.target, import_body(clouds.source, f"{repository}@{digest}", targets=[f"{repository}:v1"]))
    assert told.status == (200 if answer == "moved" else 400)
    tag = clouds.target.registry("GET", f"/acr/v1/{repository}/_tags/v1").json["tag"]
    assert tag["digest"] == (digest if answer == "moved" else held)
    assert tag["changeableAttributes"]["writeEnabled"] is False
    assert ended(clouds.target, import_body(clouds.source, f"{repository}@{digest}")).status == 200


@pytest.mark.parametrize("answer", ["sent", "absent"])
def test_retry_after_is_sent_or_absent(clouds: Clouds, switch: Switch, answer: str) -> None:
    switch(retryAfter=answer)
    accepted = post(clouds, import_body(clouds.source, "unknowns/retry:v1"))
    assert (accepted.status, accepted.headers.get("Retry-After")) == (202, "10" if answer == "sent" else None)


def test_polling_may_need_an_action(make_cloud: MakeCloud, clouds: Clouds) -> None:
    read = "Microsoft.ContainerRegistry/locations/operationResults/read"
    target = make_cloud("poller", unknowns={"operationReadRight": "needed"})
    target.config["principals"][1]["actions"] = [f"{RIGHTS}/importImage/action", read]
    target.start()
    location = target.begin_import(import_body(clouds.source, "unknowns/poll:v1"))
    refused = target.poll(location)
    assert (refused.status, refused.code) == (403, "AuthorizationFailed")
    assert read in refused.json["error"]["message"]
    path = location.removeprefix(target.url("arm"))
    assert target.arm("GET", path, token=target.entra_token(principal=1).json["access_token"]).status in {202, 400}
    target.control("PUT", "unknowns", {"operationReadRight": "free"})
    assert target.poll(location).status in {202, 400}

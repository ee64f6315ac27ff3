"""What the registry tells of: each operation's event as documented, and what is silent."""

import json
from typing import Any

import pytest

from tests.devkit.cloud.receiving import Receiver, events_of, settled, subscribe
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, Clouds, digest_of, image, index
from tests.devkit.cloud.test_cloud_imports import ended, import_body


@pytest.fixture
def switched(grid: Cloud) -> Any:
    """Sets switches; they are as they were afterwards."""
    before = grid.control("GET", "unknowns")
    yield lambda **answers: grid.control("PUT", "unknowns", answers)
    grid.control("PUT", "unknowns", before)


def told(cloud: Cloud, receiver: Receiver, count: int) -> list[dict[str, Any]]:
    """That many events, in the order in which they happened."""
    found = sorted((receiver.next() for _ in range(count)), key=lambda event: event["data"]["timestamp"])
    assert receiver.received.empty()
    return found


def test_a_push_and_a_delete_look_as_documented(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    digest = grid.push_image("shape/app", "v1")
    pushed = receiver.next()
    size = len(image(b"layer"))
    target = {"mediaType": OCI_MANIFEST, "size": size, "length": size, "digest": digest, "repository": "shape/app", "tag": "v1"}
    data = pushed["data"]
    assert (data["action"], data["target"]) == ("push", target)
    assert data["request"].keys() == {"id", "host", "method", "useragent"}
    assert (data["request"]["host"], data["request"]["method"]) == (grid.login_server, "PUT")
    assert len(data["timestamp"].partition(".")[2]) == len("123456789Z")
    assert len(pushed["eventTime"].partition(".")[2]) == len("1234567Z")
    assert pushed["id"] != data["id"]
    del pushed["id"], pushed["eventTime"], pushed["data"]
    assert pushed == {
        "topic": grid.registry_id, "subject": "shape/app:v1", "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "dataVersion": "1.0", "metadataVersion": "1",
    }  # fmt: skip
    assert grid.registry("DELETE", f"/v2/shape/app/manifests/{digest}").status == 202
    deleted = receiver.next()
    assert (deleted["subject"], deleted["eventType"]) == ("shape/app", "Microsoft.ContainerRegistry.ImageDeleted")
    assert deleted["data"]["target"] == {"mediaType": OCI_MANIFEST, "digest": digest, "repository": "shape/app"}
    assert (deleted["data"]["action"], deleted["data"]["request"]["method"]) == ("delete", "DELETE")


def test_untagging_and_what_an_overwrite_or_a_purge_of_tags_leaves_behind_are_silent(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    first = grid.push_image("silent/app", "v1", layer=b"first")
    second = grid.push_image("silent/app", "v1", layer=b"second")  # nothing tells that the first lost its tag
    assert grid.registry("DELETE", "/acr/v1/silent/app/_tags/v1").status == 202
    purged = grid.registry("GET", "/acr/v1/silent/app/_manifests").json["manifests"]
    assert {one["digest"] for one in purged if "tags" not in one} == {first, second}  # as acr purge --untagged finds them
    for digest in (first, second):
        assert grid.registry("DELETE", f"/v2/silent/app/manifests/{digest}").status == 202
    events = told(grid, receiver, 4)
    assert [(event["data"]["action"], event["data"]["target"]["digest"], event["data"]["target"].get("tag")) for event in events] == [
        ("push", first, "v1"), ("push", second, "v1"), ("delete", first, None), ("delete", second, None)
    ]  # fmt: skip


def test_the_children_of_an_index_are_told_first_and_a_double_put_twice(grid: Cloud, receiver: Receiver) -> None:
    """As buildx pushes an image of two platforms, and .NET's SDK publishes one by digest and by tag."""
    subscribe(grid, receiver)
    children = [image(layer) for layer in (b"amd64", b"arm64")]
    for layer, child in zip((b"amd64", b"arm64"), children, strict=True):
        grid.push_image("multi/app", layer=layer)
        assert digest_of(child) in grid.registry("GET", f"/v2/multi/app/manifests/{digest_of(child)}").headers["Docker-Content-Digest"]
    whole = index(*children)
    for reference in (digest_of(whole), "v1"):
        assert grid.push_manifest("multi/app", reference, whole, OCI_INDEX).status == 201
    events = told(grid, receiver, 4)
    assert [(event["subject"], event["data"]["target"]["mediaType"]) for event in events] == [
        ("multi/app", OCI_MANIFEST), ("multi/app", OCI_MANIFEST), ("multi/app", OCI_INDEX), ("multi/app:v1", OCI_INDEX)
    ]  # fmt: skip
    assert all("tag" not in event["data"]["target"] for event in events[:3])


@pytest.mark.parametrize("answer", ["one", "each"])
def test_a_deleted_repository(grid: Cloud, receiver: Receiver, switched: Any, answer: str) -> None:
    switched(repositoryDeleteEvents=answer)
    digests = {grid.push_image(f"whole/{answer}", tag, layer=tag.encode()) for tag in ("v1", "v2")}
    subscribe(grid, receiver)
    assert grid.registry("DELETE", f"/acr/v1/whole/{answer}").status == 202
    events = told(grid, receiver, 1 if answer == "one" else 2)
    assert {event["subject"] for event in events} == {f"whole/{answer}"}
    assert {event["data"]["target"].get("digest") for event in events} == ({None} if answer == "one" else digests)


@pytest.mark.parametrize("answer", ["none", "each"])
def test_referrers_that_go_with_their_subject(grid: Cloud, receiver: Receiver, switched: Any, answer: str) -> None:
    switched(cascadeEvents=answer)
    repository = f"cascade/{answer}"
    subject = grid.push_image(repository, "v1")
    signature = grid.push_image(
        repository, layer=b"signature", subject={"mediaType": OCI_MANIFEST, "digest": subject, "size": len(image(b"layer"))}
    )
    subscribe(grid, receiver)
    assert grid.registry("DELETE", f"/v2/{repository}/manifests/{subject}").status == 202
    events = told(grid, receiver, 1 if answer == "none" else 2)
    assert [event["data"]["target"]["digest"] for event in events] == ([subject] if answer == "none" else [subject, signature])


def test_a_push_into_quarantine_is_told_of_when_it_has_passed(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    grid.control("PUT", "registry", {"policies": {"quarantine": True}})
    try:
        digest = grid.push_image("quarantined/app", "v1")
        assert grid.push_image("quarantined/app", "v2") == digest
        path = f"/acr/v1/quarantined/app/_manifests/{digest}"
        for state in ("Failed", "Passed", "Passed"):
            assert grid.registry("PATCH", path, body=json.dumps({"quarantineState": state}).encode()).status == 200
        events = told(grid, receiver, 2)
        assert [event["subject"] for event in events] == ["quarantined/app:v1", "quarantined/app:v2"]
        assert {event["data"]["target"]["digest"] for event in events} == {digest}
    finally:
        grid.control("PUT", "registry", {"policies": {"quarantine": False}})
    grid.push_image("quarantined/app", "v3")
    assert receiver.next()["subject"] == "quarantined/app:v3"


@pytest.mark.parametrize("answer", ["none", "pushed"])
def test_an_import_into_the_registry(clouds: Clouds, grid: Cloud, receiver: Receiver, switched: Any, answer: str) -> None:
    switched(importEvents=answer)
    subscribe(grid, receiver)
    repository = f"imported/{answer}"
    child = image(b"layer")
    clouds.source.push_image(repository)
    whole = index(child)
    assert clouds.source.push_manifest(repository, "v1", whole, OCI_INDEX).status == 201
    assert ended(grid, import_body(clouds.source, f"{repository}:v1", targets=[f"{repository}:v1"])).status == 200
    if answer == "none":
        assert events_of(grid, repository) == []
        return
    events = told(grid, receiver, 2)
    assert [(event["subject"], event["data"]["target"]["digest"]) for event in events] == [
        (repository, digest_of(child)), (f"{repository}:v1", digest_of(whole))
    ]  # fmt: skip


def test_events_made_to_order(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    order = {"repository": "forged/app", "tag": "v1", "digest": f"sha256:{'a' * 64}"}
    (plain,) = grid.control("POST", "events", order)
    assert receiver.next() == plain and plain["subject"] == "forged/app:v1"

    (edge,) = grid.control("POST", "events", {**order, "connectedRegistry": "edge1"})
    assert edge["topic"] == f"{grid.registry_id}/connectedRegistries/edge1"
    assert (edge["dataVersion"], edge["data"]["connectedRegistry"], "request" in edge["data"]) == ("2.0", {"name": "edge1"}, False)
    request = receiver.request()
    assert (request.body, request.headers["aeg-data-version"]) == ([edge], "2.0")

    replicas = grid.control("POST", "events", {**order, "locations": ["westeurope", "eastasia"]})
    assert {receiver.next()["id"] for _ in replicas} == {event["id"] for event in replicas}
    assert {event["data"]["location"] for event in replicas} == {"westeurope", "eastasia"}
    assert {event["data"]["target"]["digest"] for event in replicas} == {order["digest"]}
    assert len({event["data"]["request"]["host"] for event in replicas}) == 2

    forged = {"overrides": {"data": {"request": {"host": "evil.example"}}}, "without": ["data.target.digest", "eventTime"], "copies": 2}
    twice = grid.control("POST", "events", {**order, **forged})
    assert twice[0] == twice[1] == receiver.next() == receiver.next()
    assert twice[0]["data"]["request"]["host"] == "evil.example" and "digest" not in twice[0]["data"]["target"]
    assert "eventTime" not in twice[0]
    assert [state for _, state, _, _ in settled(grid, "forged/app")] == ["delivered"] * 6


@pytest.mark.parametrize(
    "order", [{}, {"repository": "a", "action": "pull"}, {"repository": "a", "copies": 0}, {"repository": "a", "tga": "v1"}]
)
def test_an_order_that_makes_no_sense_is_refused(grid: Cloud, receiver: Receiver, order: dict[str, Any]) -> None:
    subscribe(grid, receiver)
    answer = grid.call(
        "control", "POST", "/control/events", body=json.dumps(order).encode(), headers={"x-control-key": grid.config["controlKey"]}
    )
    assert answer.status == 400


def test_without_a_subscription_nothing_is_kept(grid: Cloud, receiver: Receiver) -> None:
    subscribe(grid, receiver)
    grid.control("PUT", "event-subscription", {"endpoint": None})
    grid.push_image("unheard/app", "v1")
    assert grid.control("GET", "event-subscription") == {"endpoint": None}
    subscribe(grid, receiver)
    assert events_of(grid, "unheard/app") == []

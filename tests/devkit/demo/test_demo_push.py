"""The demo's pusher against a real local cloud."""

import pytest

from devkit.demo.registry import Connection
from devkit.local.images import INDEX, digest_of, make_image, make_index
from devkit.local.problem import Problem
from devkit.local.stack import Stack
from tests.devkit.demo.conftest import Hands
from tests.devkit.local.running import control


def test_an_image_arrives_byte_for_byte(stack: Stack, hands: Hands) -> None:
    image = make_image("push")
    hands.push(image, "push/image", "v1", to="source")
    with Connection(stack.endpoints.source, stack.endpoints.ca) as connection:
        for reference in ("v1", image.digest):
            answer = connection.send("GET", f"/v2/push/image/manifests/{reference}")
            assert (answer.body, answer.headers["Content-Type"]) == (image.content, image.media_type)
        for blob in image.blobs:
            assert connection.send("GET", f"/v2/push/image/blobs/{digest_of(blob)}").body == blob


def test_an_index_brings_its_children_untagged(stack: Stack, hands: Hands) -> None:
    index = make_index("push", ("amd64", "arm64"))
    hands.push(index, "push/index", "v1", to="source")
    with Connection(stack.endpoints.source, stack.endpoints.ca) as connection:
        assert connection.send("GET", "/v2/push/index/manifests/v1").headers["Content-Type"] == INDEX
        assert b'"tags":["v1"]' in connection.send("GET", "/v2/push/index/tags/list").body.replace(b" ", b"")
        for child in index.children:
            assert connection.send("GET", f"/v2/push/index/manifests/{child.digest}").body == child.content
    subjects = [event["subject"] for event in control(stack.endpoints.source, "events") if "push/index" in event["subject"]]
    assert subjects == ["push/index", "push/index", "push/index:v1"]


def test_a_second_tag_sends_no_blob_again(stack: Stack, hands: Hands) -> None:
    image = make_image("again")
    hands.push(image, "push/again", "v1", to="source")
    before = len(uploads(stack))
    hands.push(image, "push/again", "v2", to="source")
    assert before == len(image.blobs)
    assert len(uploads(stack)) == before


def uploads(stack: Stack) -> list[str]:
    requests = control(stack.endpoints.source, "requests")
    return [one["path"] for one in requests if one["path"].startswith("/v2/push/again/blobs/uploads/") and one["method"] == "PUT"]


def test_a_refusal_is_told_with_the_registrys_words_and_no_password(hands: Hands, stack: Stack) -> None:
    with pytest.raises(Problem) as refused, hands.pusher("source", password="mistaken") as pusher:
        pusher.push(make_image("refused"), "push/refused", "v1")
    told = str(refused.value)
    assert "cannot begin an upload into push/refused at the cloud source: status 401" in told
    assert "UNAUTHORIZED" in told
    assert "mistaken" not in told
    with pytest.raises(Problem, match=r"(?s)cannot delete push/refused@sha256:0{64} at the cloud source: status 404.*NAME_UNKNOWN"):
        hands.delete("push/refused", f"sha256:{'0' * 64}", at="source")


def test_a_cloud_that_is_gone_is_one_sentence(hands: Hands, stack: Stack) -> None:
    stack.clouds["usgov"].kill()
    try:
        with pytest.raises(Problem, match=r"^cannot push the blob sha256:.* into push/gone at the cloud usgov: no answer \(Connection"):
            hands.push(make_image("gone"), "push/gone", "v1", to="usgov")
    finally:
        stack.clouds["usgov"].start()


def test_what_is_made_is_the_same_each_time_and_each_is_another() -> None:
    assert make_image("a") == make_image("a")
    digests = {
        make_image("a").digest,
        make_image("b").digest,
        make_image("a", layers=0).digest,
        make_image("b", layers=0).digest,
        make_image("a", architecture="arm64").digest,
        make_index("a", ["amd64"]).digest,
    }
    assert len(digests) == 6

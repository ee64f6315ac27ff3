"""What the events of real clients' pushes look like: order and number are the clients' doing (acr.md 1.1)."""

from collections.abc import Iterator

import pytest

from tests.devkit.clients.atregistry import reference
from tests.devkit.clients.client import Client
from tests.devkit.clients.images import all_platforms
from tests.devkit.clients.table import covers
from tests.devkit.cloud.receiving import Receiver
from tests.devkit.cloud.running import Clouds


@pytest.fixture
def receiver(clouds: Clouds) -> Iterator[Receiver]:
    """Subscribed to the source."""
    made = Receiver()
    clouds.source.control("PUT", "event-subscription", {"endpoint": made.endpoint})
    yield made
    clouds.source.control("PUT", "event-subscription", {"endpoint": None})
    made.stop()


@covers("push")
def test_a_push_of_two_platforms_tells_of_both_before_the_index(client: Client, clouds: Clouds, receiver: Receiver) -> None:
    image, repository = all_platforms("events"), f"events/{client.program}"
    client.push(image, reference(clouds.source, repository))
    targets = [receiver.next()["data"] for _ in image.manifests]
    told = sorted(targets, key=lambda data: data["timestamp"])
    assert {data["target"]["digest"] for data in told} == image.manifests.keys()
    assert [data["target"].get("tag") for data in told] == [None, None, "v1"]
    assert told[-1]["target"]["digest"] == image.root
    assert client.program in told[0]["request"]["useragent"]

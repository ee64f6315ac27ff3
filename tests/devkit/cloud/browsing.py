"""A cloud for people to look at, with texts in it that would take a careless page over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from devkit.local.ports import free_ports
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Answer, Cloud, MakeClouds, descriptor, digest_of, image

SCRIPT = "<script>document.title='taken over'</script>"
IMAGE = "\"'><img src=x onerror=\"document.title='taken over'\">"
KEY = "the-subscription-key"
LAYER = b"the layer that all of them share"


class Found(HTMLParser):
    """What a browser would make of a page: its elements, its links, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        given = dict(attrs)
        assert not [name for name in given if name.startswith("on")], given
        if tag == "a":
            self.links.append(given["href"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def page(cloud: Cloud, path: str = "/", **headers: str) -> Answer:
    return cloud.call("control", "GET", path, headers=headers)


def shown(cloud: Cloud, path: str = "/") -> Found:
    answer = page(cloud, path)
    assert answer.status == 200, answer.body
    return Found(answer.body.decode())


@contextmanager
def looked_at(folder: Path, tls: TlsFiles) -> Iterator[Cloud]:
    """Nobody answers where its events go, so they wait."""
    endpoint = f"http://127.0.0.1:{free_ports(1)[0]}/runtime/webhooks/EventGrid?functionName=f&code={KEY}"
    with MakeClouds(folder, tls)("shown", eventSubscription={"endpoint": endpoint}).serving() as cloud:
        yield cloud


def push_hostile(cloud: Cloud, repository: str) -> str:
    """An index and its child whose every free text is hostile, a referrer, and an event; the digest of the index."""
    config = json.dumps({"os": SCRIPT, "architecture": IMAGE}).encode()
    for blob in (config, LAYER):
        cloud.push_blob(repository, blob)
    child = _manifest(config, IMAGE, annotations={SCRIPT: IMAGE, "lone": "\ud800"})
    platform = {"os": IMAGE, "architecture": SCRIPT}
    whole: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX, "annotations": {IMAGE: SCRIPT}}
    index = json.dumps({**whole, "manifests": [{**descriptor(child, OCI_MANIFEST), "platform": platform}]}).encode()
    referrer = _manifest(config, SCRIPT, artifactType=SCRIPT, subject=descriptor(index, OCI_INDEX))
    for content, media_type in ((child, OCI_MANIFEST), (index, OCI_INDEX), (referrer, OCI_MANIFEST)):
        answer = cloud.push_manifest(repository, digest_of(content), content, media_type)
        assert answer.status == 201, answer.body
    cloud.control("POST", "events", {"repository": repository, "overrides": {"subject": SCRIPT, "eventType": IMAGE}})
    return digest_of(index)


def push_many(cloud: Cloud, repository: str, count: int) -> None:
    """Tags, each on a manifest of its own."""
    for blob in (b"{}", b"layer"):
        cloud.push_blob(repository, blob)
    for number in range(count):
        answer = cloud.push_manifest(repository, f"v{number:04}", image(b"layer", annotations={"number": str(number)}))
        assert answer.status == 201, answer.body


def _manifest(config: bytes, media_type: str, **more: Any) -> bytes:
    described = descriptor(config, "application/vnd.oci.image.config.v1+json")
    value = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": described, "layers": [descriptor(LAYER, media_type)], **more}
    return json.dumps(value).encode()

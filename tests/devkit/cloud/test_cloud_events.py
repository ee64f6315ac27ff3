"""Events as Event Grid delivers them, to a small receiver that refuses at first."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

import pytest

from tests.devkit.cloud.running import Cloud, Clouds, MakeCloud, digest_of, image
from tests.devkit.cloud.test_cloud_imports import ended, import_body


class Receiver:
    """Answers with the statuses it was given, in order, then with 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.received: Queue[tuple[dict[str, str], Any]] = Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.put((dict(self.headers), json.loads(body)))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/events?code=function-key"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def next(self) -> dict[str, Any]:
        _, body = self.received.get(timeout=10)
        assert isinstance(body, list) and len(body) == 1
        return dict(body[0])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def states(cloud: Cloud) -> list[tuple[str, str, int, int | None]]:
    """Once nothing is pending any more."""
    events = cloud.control("GET", "events")
    while any(event["state"] == "pending" for event in events):
        events = cloud.control("GET", "events")
    return [(event["subject"], event["state"], event["attempts"], event["lastStatus"]) for event in events]


def test_each_operation_makes_its_documented_event(make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = make_cloud("eventful", eventSubscription={"endpoint": receiver.endpoint}).start()
    digest = cloud.push_image("team/app", "v1")
    headers, body = receiver.received.get(timeout=10)
    assert headers["aeg-event-type"] == "Notification"
    pushed = body[0]
    assert (pushed["eventType"], pushed["subject"], pushed["topic"]) == (
        "Microsoft.ContainerRegistry.ImagePushed", "team/app:v1", cloud.registry_id
    )  # fmt: skip
    size = len(image(b"layer"))
    assert pushed["data"]["target"] == {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "size": size, "length": size, "digest": digest, "repository": "team/app", "tag": "v1",
    }  # fmt: skip
    assert len(pushed["data"]["timestamp"].partition(".")[2]) == len("123456789Z")
    assert pushed["data"]["request"]["host"] == cloud.login_server

    cloud.push_image("team/app")
    untagged = receiver.next()
    assert (untagged["subject"], "tag" in untagged["data"]["target"]) == ("team/app", False)

    assert cloud.registry("DELETE", "/acr/v1/team/app/_tags/v1").status == 202  # silent
    assert cloud.registry("DELETE", f"/v2/team/app/manifests/{digest}").status == 202
    deleted = receiver.next()
    assert (deleted["eventType"], deleted["subject"]) == ("Microsoft.ContainerRegistry.ImageDeleted", "team/app")
    assert deleted["data"]["target"].keys() == {"mediaType", "digest", "repository"}

    cloud.push_image("team/app", "v2")
    assert receiver.next()["subject"] == "team/app:v2"
    assert cloud.registry("DELETE", "/acr/v1/team/app").status == 202
    assert "digest" not in receiver.next()["data"]["target"]
    assert len(states(cloud)) == 5


def test_an_import_makes_no_event(clouds: Clouds, make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = make_cloud("importing", eventSubscription={"endpoint": receiver.endpoint}).start()
    digest = clouds.source.push_image("events/imported")
    assert ended(cloud, import_body(clouds.source, f"events/imported@{digest}")).status == 200
    assert cloud.control("GET", "events") == []


def test_a_refused_event_comes_again_until_it_is_taken(make_cloud: MakeCloud, receiver: Receiver) -> None:
    receiver.statuses = [500, 206, 503]
    cloud = make_cloud("retrying", eventSubscription={"endpoint": receiver.endpoint}, clockScale=1000).start()
    cloud.push_image("team/app", "v1")
    assert len({receiver.next()["id"] for _ in range(4)}) == 1
    assert states(cloud) == [("team/app:v1", "delivered", 4, 200)]


@pytest.mark.parametrize("status", [400, 401, 413])
def test_some_answers_are_final(make_cloud: MakeCloud, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    cloud = make_cloud("final", eventSubscription={"endpoint": receiver.endpoint}, clockScale=1000).start()
    cloud.push_image("team/app", "v1")
    assert states(cloud) == [("team/app:v1", "dead", 1, status)]


def test_events_outlive_a_kill_and_follow_the_subscription(make_cloud: MakeCloud, receiver: Receiver) -> None:
    cloud = make_cloud("killed", eventSubscription={"endpoint": "http://127.0.0.1:1/nobody"}, clockScale=1000).start()
    cloud.push_image("team/app", "v1")
    cloud.kill()
    cloud.start()
    shown = cloud.control("PUT", "event-subscription", {"endpoint": receiver.endpoint})
    assert shown == {"endpoint": receiver.endpoint.partition("?")[0]}
    assert receiver.next()["data"]["target"]["digest"] == digest_of(image(b"layer"))
    cloud.kill()
    cloud.start()  # which keeps what the control API set
    cloud.push_image("team/app", "v2")
    while (event := receiver.next())["subject"] != "team/app:v2":
        assert event["subject"] == "team/app:v1"  # at least once: killed before it could note the answer

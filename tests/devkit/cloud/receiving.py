"""An endpoint for events: answers as it is told, and keeps what it was sent."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from tests.devkit.cloud.running import Cloud

VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


@dataclass(frozen=True)
class Received:
    method: str
    headers: dict[str, str]
    body: Any


@dataclass
class Told:
    """How it answers; `statuses` in order, then 200."""

    statuses: list[int] = field(default_factory=list)
    shakes_hands: bool = True
    says_instead: str | None = None  # of the code or the origin that it should return
    held: threading.Event = field(default_factory=threading.Event)  # while it is clear, what is posted goes unanswered

    def __post_init__(self) -> None:
        self.held.set()


class Receiver:
    def __init__(self) -> None:
        self.told = Told()
        self.received: Queue[Received] = Queue()
        self.handshakes: Queue[Received] = Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                told, request = receiver.told, Received("POST", dict(self.headers), body)
                if self.headers["aeg-event-type"] == "SubscriptionValidation":
                    receiver.handshakes.put(request)
                    told.held.wait(60)
                    self.answer(told.statuses.pop(0) if told.statuses else 200, self.code(body) if told.shakes_hands else {})
                    return
                status = told.statuses.pop(0) if told.statuses else 200
                receiver.received.put(request)
                told.held.wait(60)
                self.answer(status)

            def do_OPTIONS(self) -> None:
                receiver.handshakes.put(Received("OPTIONS", dict(self.headers), None))
                self.send_response(200)
                if receiver.told.shakes_hands:
                    self.send_header("WebHook-Allowed-Origin", receiver.told.says_instead or self.headers["WebHook-Request-Origin"])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def code(self, body: Any) -> dict[str, str]:
                return {"validationResponse": receiver.told.says_instead or body[0]["data"]["validationCode"]}

            def answer(self, status: int, value: Any = None) -> None:
                body = b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/events?code=function-key"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def shown(self) -> str:
        """The endpoint as answers show it."""
        return self.endpoint.partition("?")[0]

    def request(self) -> Received:
        return self.received.get(timeout=10)

    def next(self) -> dict[str, Any]:
        """The one event of the next delivery."""
        body = self.request().body
        assert isinstance(body, list) and len(body) == 1
        return dict(body[0])

    def stop(self) -> None:
        self.told.held.set()
        self.server.shutdown()
        self.server.server_close()


def subscribe(cloud: Cloud, receiver: Receiver, **more: Any) -> dict[str, Any]:
    """A new subscription that has nothing of the last one."""
    defaults = {
        "destination": "azurefunction",
        "schema": "EventGridSchema",
        "maxEventsPerBatch": 1,
        "preferredBatchSizeInKilobytes": 64,
        "filter": None,
        "retryPolicy": None,
        "deadLetterContainer": None,
        "jitterSeed": None,
        "probation": False,
    }
    return dict(cloud.control("PUT", "event-subscription", {"endpoint": receiver.endpoint, **defaults, **more}))


def events_of(cloud: Cloud, prefix: str) -> list[dict[str, Any]]:
    """Of the repositories whose names begin so, oldest first."""
    return [event for event in cloud.control("GET", "events") if event["subject"].startswith(prefix)]


def until(ask: Callable[[], Any], holds: Callable[[Any], object], within: float = 10) -> Any:
    deadline = time.monotonic() + within
    while not holds(found := ask()):
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def settled(cloud: Cloud, prefix: str) -> list[tuple[str, str, int, int | None]]:
    """Once nothing is pending any more."""
    events = until(lambda: events_of(cloud, prefix), lambda events: all(event["state"] != "pending" for event in events))
    return [(event["subject"], event["state"], event["attempts"], event["lastStatus"]) for event in events]


def attempted(cloud: Cloud, prefix: str, attempts: int) -> dict[str, Any]:
    """The one event, once it was tried that often."""
    (event,) = until(lambda: events_of(cloud, prefix), lambda events: len(events) == 1 and events[0]["attempts"] == attempts)
    return dict(event)


def advance(cloud: Cloud, seconds: float) -> None:
    cloud.control("PUT", "clock", {"advanceSeconds": seconds})

"""What a client asks of the app: every durable feature once.

A request whose answer was lost is made again, in a way that does no harm twice."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.running import ENDED, WEBHOOK, Answer
from tests.devkit.process import PATIENCE

STARTED: Mapping[str, Any] = {
    "chain": {"name": "one"},
    "retrying": {},
    "parent": {},
    "fan": {},
    "clocked": {},
    "listener": {},
    "eternal": {"generation": 1},
    "accountant": {},
    "doomed": {"name": "two"},
}
BY_TRIGGERS = ("by-http", "by-event", "by-timer")
NOTICE = {
    "id": "by-event",
    "topic": "here",
    "subject": "there",
    "eventType": "Walked",
    "eventTime": "2026-01-01T00:00:00Z",
    "dataVersion": "1",
    "data": {"name": "event"},
}


@dataclass
class Client:
    """Starts the host again whenever it finds it dead. `sent` counts what was sent for each event, by instance and name."""

    host: Victim
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def insist(self, ask: Callable[[bool], Any]) -> Any:
        """`ask` is told whether it is asked again."""
        again = False
        while True:
            try:
                return ask(again)
            except (OSError, http.client.HTTPException):
                if not self.host.died():
                    raise
                self.host.start()
                again = True

    def post(self, path: str, value: Any = None, *, twice: tuple[int, ...] = ()) -> None:
        """`twice`: what it is answered as well when the first answer was lost."""

        def ask(again: bool) -> None:
            answer = self.host.call("POST", path, value)
            assert answer.status in (202, *(twice if again else ())), (path, answer.status, answer.body)

        self.insist(ask)

    def start(self, name: str, instance: str, value: Any) -> None:
        """One that has been started is not started again: an ended one would be replaced."""

        def ask(again: bool) -> None:
            if not (again and self.look(instance).status != 404):
                answer = self.host.call("POST", f"{WEBHOOK}/orchestrators/{name}/{instance}", value)
                assert answer.status == 202, (instance, answer.status, answer.body)

        self.insist(ask)

    def tell(self, instance: str, name: str, value: Any) -> None:
        def ask(again: bool) -> None:
            self.sent[instance, name] += 1
            answer = self.host.call("POST", f"{WEBHOOK}/instances/{instance}/raiseEvent/{name}", value)
            assert answer.status == 202 or (again and answer.status == 410), (instance, name, answer.status, answer.body)

        self.insist(ask)

    def purge(self, instance: str) -> None:
        def ask(again: bool) -> None:
            answer = self.host.call("DELETE", f"{WEBHOOK}/instances/{instance}")
            assert answer.status == 200 or (again and answer.status == 404), (instance, answer.status, answer.body)

        self.insist(ask)

    def look(self, instance: str) -> Answer:
        return self.host.call("GET", f"{WEBHOOK}/instances/{instance}")

    def await_status(self, instance: str, *statuses: str) -> None:
        self.until(
            lambda: (found := self.look(instance)).status != 404 and found.json["runtimeStatus"] in statuses,
            f"{instance} is not {statuses}",
        )

    def until(self, true: Callable[[], bool], complaint: str) -> None:
        until = time.monotonic() + PATIENCE
        while not self.insist(lambda _: true()):
            assert time.monotonic() < until, complaint
            time.sleep(0.005)


def run(host: Victim) -> Client:
    """The whole program on a host that is not yet started; it is stopped when nothing is left to do."""
    client = Client(host)
    host.start()
    for name, value in STARTED.items():
        client.start(name, name, value)
    client.tell("eternal", "finish", "done")
    for number in (1, 2):
        client.post(
            f"{WEBHOOK}/entities/register/guests?op=sign", json.dumps(f"guest {number}")
        )  # twice JSON, as the SDK's client sends it
    client.post("/api/start/by-http", {"name": "http"})
    client.insist(lambda _: notify(host))
    hold_and_release(client)
    terminate_and_purge(client)
    for name in ("first", "second"):
        client.tell("listener", name, {"said": name})
    for instance in (*STARTED, *BY_TRIGGERS, "held"):
        client.await_status(instance, *ENDED)
    client.until(lambda: host.rows("inbox") + host.rows("activity") == 0, "something is left to do")
    client.insist(lambda _: client.look("chain"))  # it lives to the end, or is started again
    assert host.stop() == 0, host.log.read_text()
    return client


def notify(host: Victim) -> None:
    headers = {"aeg-event-type": "Notification"}
    answer = host.call("POST", "/runtime/webhooks/EventGrid?functionName=by_event", [NOTICE], headers=headers)
    assert answer.status == 202, (answer.status, answer.body)


def hold_and_release(client: Client) -> None:
    """An event that comes while an instance is suspended counts once it is resumed."""
    client.start("listener", "held", {})
    client.await_status("held", "Running")
    client.tell("held", "first", 1)
    client.post(f"{WEBHOOK}/instances/held/suspend?reason=wait", twice=(500,))
    client.await_status("held", "Suspended")
    client.tell("held", "second", 2)
    client.post(f"{WEBHOOK}/instances/held/resume?reason=go", twice=(500, 410))


def terminate_and_purge(client: Client) -> None:
    client.start("listener", "stopped", {})
    client.await_status("stopped", "Running")
    client.post(f"{WEBHOOK}/instances/stopped/terminate?reason=enough", twice=(410,))
    client.await_status("stopped", "Terminated")
    client.start("chain", "purged", {"name": "three"})
    client.await_status("purged", "Completed")
    client.purge("purged")

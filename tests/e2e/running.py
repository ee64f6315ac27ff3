"""A running stack, as the tests use it: they change the source as a person does, ask the app over HTTP, and judge by what the registries
and the clouds answer. None of the app's code is used for that: ids and texts are made anew here, as DESIGN and decisions say."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from devkit.demo.judge import ACCEPT, Reading, read
from devkit.demo.push import Pusher
from devkit.demo.registry import Answer as RegistryAnswer
from devkit.demo.registry import Connection
from devkit.local.child import ROOT
from devkit.local.clouds import TARGETS
from devkit.local.control import CloudControl
from devkit.local.images import Image
from devkit.local.stack import Stack
from tests.e2e.egress import Judge, Notes
from tests.e2e.eventually import eventually
from tests.e2e.plainhttp import Answer, Http

Json = dict[str, Any]
BOTH = ("china", "usgov")
CLIENTS = {facts.name: facts.client_id for facts in TARGETS}  # who the app is, in a target cloud
SHORT = {
    "ReplicationSettle": "0.3",
    "ReplicationDeleteDelay": "0.3",
    "ReplicationRecheck": "1",
    "ReplicationPatience": "20",
    "ReplicationWaiting": "20",
    "ReplicationProbe": "0.5",
    "ReplicationUntaggedWait": "10",
    "ReplicationUnknownImport": "3",
}


class Site:
    def __init__(
        self, folder: Path, targets: int | None = None, app: Path = ROOT, scale: float = 1, unkind: Sequence[str] = (), /, **pauses: str
    ) -> None:
        """`app`: the folder of its function_app.py. `scale`, `unkind`: the stack's. `pauses`: settings in place of those of `SHORT`."""
        self.stack = Stack(folder, targets=targets, app=app, pauses={**SHORT, **pauses}, clock_scale=scale, unkind=unkind)
        self.notes = Notes(folder.with_name(f"{folder.name}-egress"))
        self.stack.host.environment |= self.notes.environment
        self.ends = self.stack.endpoints
        self.topic = self.ends.source.registry_id
        self.registries = {registry.name: registry for registry in self.ends.registries}
        self.clouds = {name: CloudControl(registry.control.url, registry.control.key) for name, registry in self.registries.items()}
        self.app = Http(self.ends.app.url)
        self.secrets = dict(self.stack.secrets)  # what must be kept nowhere, by a name to call it by
        self.kept: dict[str, list[str]] = {}  # in a vault, by the settings that name it
        self._judge = Http(self.ends.app.url)  # its answers hold keys: they are the host's own, and are not the app's

    def __enter__(self) -> Self:
        self.stack.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stack.stop()
        if kind is None:
            assert self.strays() == []

    def strays(self) -> list[str]:
        """What the app has sent where it does not belong, from its first start."""
        own = f"localhost:{self.stack.ports.app}"
        return sorted({stray for left in self.notes.left() for stray in Judge(left.settings, own, self.kept).strays(left)})

    # The source registry

    def put(self, image: Image, repository: str, tag: str | None = None) -> None:
        with Pusher(self.ends.source, self.ends.ca) as pusher:
            pusher.push(image, repository, tag)

    def push(self, image: Image, repository: str, tag: str | None = None) -> str:
        """The id of the run that must come of it."""
        self.put(image, repository, tag)
        return self.newest_run(repository, tag)

    def push_alone(self, image: Image, repository: str, tag: str | None = None) -> str:
        """The run of an artifact of whose children no event tells, so that nothing else brings them."""
        with self.unheard():
            self.put(image, repository, tag)
        event = self.event(repository, image.digest, tag)
        assert self.deliver(event).status == 202
        return self.run_id(event["id"], repository, tag)

    def delete(self, repository: str, digest: str) -> str:
        with Pusher(self.ends.source, self.ends.ca) as pusher:
            pusher.delete(repository, digest)
        return self.newest_run(repository, None)

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """What happens at the source meanwhile makes no event."""
        with self.clouds["source"].unheard(self.stack.clouds["source"].settings["eventSubscription"]["endpoint"]):
            yield

    def newest_run(self, repository: str, tag: str | None) -> str:
        subject = f"{repository}:{tag}" if tag else repository
        return self.run_id(self.clouds["source"].events(subject)[-1]["id"], repository, tag)

    def run_id(self, event_id: str, repository: str, tag: str | None) -> str:
        hashed = hashlib.sha256(f"{self.topic.lower()}\n{event_id}".encode()).hexdigest()[:16]
        return f"{repository.replace('/', '!')}:{tag or '-'}"[:150] + f"~{hashed}"

    # What a registry holds

    def ask(self, registry: str, method: str, path: str, body: bytes | None = None) -> RegistryAnswer:
        with Connection(self.registries[registry], self.ends.ca) as connection:
            return connection.send(method, path, body=body, headers={"Accept": ACCEPT})

    def reading(self, registry: str, repository: str, reference: str) -> Reading:
        """By a GET of everything below it, hashed."""
        with Connection(self.registries[registry], self.ends.ca) as connection:
            return read(connection, repository, reference)

    def held(self, repository: str, reference: str) -> Json:
        """The digest that each registry holds there, None for absence; with all that belongs to it, or this fails."""
        readings = [self.reading(name, repository, reference) for name in self.registries]
        assert not [one for one in readings if one.wrong], readings
        return {one.registry: one.digest for one in readings}

    # The app

    def get(self, path: str) -> Answer:
        """With the function key."""
        return self.app.send("GET", path, {"x-functions-key": self.ends.app.key})

    def status(self, repository: str, **reference: str) -> Json:
        answer = self.get(f"/api/status?{urlencode({'repository': repository, **reference})}")
        assert answer.status == 200, answer
        value: Json = answer.json()
        return value

    def run(self, instance: str) -> Json | None:
        answer = self.get(f"/api/status/{quote(instance, safe='')}")
        assert answer.status in (200, 404), answer
        return answer.json() if answer.status == 200 else None

    def running(self, instance: str, state: str, targets: Iterable[str] = BOTH) -> Json:
        """The run once it says `state` of each of `targets`."""
        run = eventually(lambda: self.run(instance), lambda run: run and all(target_of(run, name)["state"] == state for name in targets))
        assert run is not None
        return run

    def ended(self, instance: str) -> Json:
        run = eventually(lambda: self.run(instance), lambda run: run and run["state"] != "running")
        assert run is not None
        return run

    def ends_as(self, instance: str, *states: str) -> Json:
        """One state for all targets, or one for each."""
        run = self.ended(instance)
        assert tuple(target["state"] for target in run["targets"]) == (states if len(states) > 1 else states * len(BOTH)), run
        return run

    # The host

    def deliver(self, *events: Json) -> Answer:
        """As Event Grid does."""
        return self.post_events(json.dumps(events).encode(), self.secrets["host/eventgrid_extension"])

    def told(self, event: Json) -> str:
        """Delivers it; the run that it starts."""
        assert self.deliver(event).status == 202
        target = event["data"]["target"]
        return self.run_id(event["id"], target["repository"], target.get("tag"))

    def post_events(self, body: bytes, key: str | None, **headers: str) -> Answer:
        code = "" if key is None else f"&code={quote(key)}"
        given = {"Content-Type": "application/json", "aeg-event-type": "Notification", **headers}
        return self.app.send("POST", f"/runtime/webhooks/EventGrid?functionName=on_image_event{code}", given, body)

    def trigger(self, text: str) -> None:
        """Hands any text to the trigger, which a webhook would refuse."""
        self.run_by_hand("on_image_event", text)

    def run_by_hand(self, function: str, text: str = "") -> None:
        body = json.dumps({"input": text}).encode()
        answer = self._judge.send("POST", f"/admin/functions/{function}", {"x-functions-key": self.secrets["host/master"]}, body)
        assert answer.status == 202, answer

    def instance(self, instance: str) -> Json:
        """As the engine keeps it, with its whole history."""
        value = self.instance_if_any(instance)
        assert value is not None, instance
        return value

    def instance_if_any(self, instance: str) -> Json | None:
        answer = self._durable(f"instances/{quote(instance, safe='')}?showHistory=true&showHistoryOutput=true")
        return None if answer.status == 404 else answer.json()

    def start(self, orchestration: str, given: Any) -> str:
        """As whoever has the master key can, or may write to the storage account. The instance's id."""
        body = json.dumps(given).encode()
        headers = {"x-functions-key": self.secrets["host/master"], "Content-Type": "application/json"}
        answer = self._judge.send("POST", f"/runtime/webhooks/durabletask/orchestrators/{orchestration}", headers, body)
        assert answer.status == 202, answer
        instance: str = answer.json()["id"]
        return instance

    def terminate(self, instance: str) -> None:
        """As an operator does."""
        path = f"/runtime/webhooks/durabletask/instances/{quote(instance, safe='')}/terminate?reason=test"
        answer = self._judge.send("POST", path, {"x-functions-key": self.secrets["host/master"]})
        assert answer.status == 202, answer

    def over(self, instance: str) -> str:
        """How an instance ended."""
        found = eventually(lambda: self.instance(instance)["runtimeStatus"], lambda status: status not in ("Pending", "Running"))
        return str(found)

    def completed(self, instance: str, activity: str) -> int:
        """How many calls of it stand in an instance's history with their answers; none when there is no such instance."""
        answer = self._durable(f"instances/{quote(instance, safe='')}?showHistory=true")
        history = answer.json()["historyEvents"] if answer.status != 404 else []
        return [one.get("FunctionName") for one in history if one["EventType"] == "TaskCompleted"].count(activity)

    def until_quiet(self) -> None:
        """Until no run is under way, so that nothing but the test asks a registry."""
        eventually(lambda: self._durable("instances?runtimeStatus=Running,Pending&showInput=false").json(), lambda running: running == [])

    def is_quiet(self) -> bool:
        """As above, and no event is still to be delivered."""
        waits = any(event["state"] == "pending" for event in self.clouds["source"].events())
        return not waits and self._durable("instances?runtimeStatus=Running,Pending&showInput=false").json() == []

    def runs_of(self, repository: str) -> list[str]:
        """All that events of it have started."""
        prefix = quote(f"{repository.replace('/', '!')}:")
        rows: list[Json] = self._durable(f"instances?instanceIdPrefix={prefix}&showInput=false").json()
        return [row["instanceId"] for row in rows if row["instanceId"].count("~") == 1]

    def _durable(self, query: str) -> Answer:
        return self._judge.send("GET", f"/runtime/webhooks/durabletask/{query}", {"x-functions-key": self.secrets["host/master"]})

    def event(self, repository: str, digest: str | None, tag: str | None = None, *, action: str = "push", **more: Any) -> Json:
        """One of the source registry's, as documented; `more` replaces parts of the envelope."""
        target = {name: value for name, value in (("repository", repository), ("digest", digest), ("tag", tag)) if value is not None}
        data = {"id": str(uuid.uuid4()), "timestamp": "2025-11-01T00:00:00.000000000Z", "action": action, "target": target}
        request = {"id": str(uuid.uuid4()), "host": self.ends.source.login_server, "method": "PUT", "useragent": "docker"}
        return {
            "id": str(uuid.uuid4()),
            "topic": self.topic,
            "subject": f"{repository}:{tag}" if tag else repository,
            "eventType": f"Microsoft.ContainerRegistry.Image{'Pushed' if action == 'push' else 'Deleted'}",
            "eventTime": "2025-11-01T00:00:00Z",
            "data": {**data, "request": request},
            "dataVersion": "1.0",
            "metadataVersion": "1",
            **more,
        }


def target_of(run: Json, name: str) -> Json:
    target: Json = next(one for one in run["targets"] if one["target"] == name)
    return target


def rejected_id(text: str) -> str:
    return f"rejected~{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"


def text_of(event: Json) -> str:
    """What the app is handed of an event: the host writes each one anew."""
    return json.dumps(event, ensure_ascii=False)

"""The host as a process, and what a test asks of it."""

import http.client
import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit

from tests.devkit.forked import Forked
from tests.devkit.process import PATIENCE, Running, begin, ready_line

APPS = Path(__file__).parent / "apps"
ENDED = ("Completed", "Failed", "Terminated")
WEBHOOK = "/runtime/webhooks/durabletask"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def eventually(look: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true answer of `look`. It asks another process, so there is no event to wait for."""
    until = time.monotonic() + patience
    while not (answer := look()):
        assert time.monotonic() < until, f"{what} did not come within {patience} seconds"
        time.sleep(0.01)
    return answer


@dataclass
class Host(Running):
    """`folder` holds what belongs to one host: its settings, state and log. It is begun as a fork of a process that has imported all,
    which spares it most of a start; as a `command` where what Python does before that counts."""

    app: Path
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    enforce_keys: bool = False
    port: int = 0
    clock_scale: float = 1.0
    options: Sequence[str] = ()  # further ones of the command line
    command: bool = False
    prepare: Callable[[], None] | None = None  # of a command: called in the new process before it becomes the host
    url: str = ""
    process: subprocess.Popen[bytes] | Forked | None = None

    def arguments(self) -> list[str]:
        """Of the command line; writes the settings file that it names."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "local.settings.json"
        settings.write_text(json.dumps({"IsEncrypted": False, "Values": dict(self.settings)}))
        arguments = ["--app", str(self.app), "--settings", str(settings), "--state", str(self.folder / "state"), "--port", str(self.port)]
        arguments += ["--clock-scale", str(self.clock_scale)]
        return [*arguments, *self.options, *(["--enforce-keys"] if self.enforce_keys else [])]

    def spawn(self) -> subprocess.Popen[bytes] | Forked:
        arguments = self.arguments()
        if self.command or self.prepare is not None:
            self.process = begin("devkit.host", *arguments, log=self.log, prepare=self.prepare)
        else:
            self.process = Forked("devkit.host", *arguments, log=self.log)
        return self.process

    def start(self) -> Self:
        ready = ready_line(self.spawn(), self.log)
        assert ready["ready"] == "host"
        self.url = ready["url"]
        return self

    def refusal(self) -> str:
        """What a host that cannot start says; its exit status is 1 and it says nothing on standard output."""
        process = self.spawn()
        assert process.stdout is not None
        with process.stdout:
            assert process.wait(PATIENCE) == 1, self.log.read_text()
            assert process.stdout.read() == b""
        self.process = None
        return self.log.read_text()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def keys(self) -> dict[str, str]:
        return dict(json.loads((self.folder / "state" / "keys.json").read_text()))

    def call(
        self, method: str, path: str, value: Any = None, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; `value` is sent as JSON."""
        headers = dict(headers or {})
        if value is not None:
            body, headers = json.dumps(value).encode(), {"Content-Type": "application/json", **headers}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        with closing(connection):
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())  # type: ignore[arg-type]

    def client(self, method: str, **arguments: Any) -> Any:
        """What the durable client inside the sample app answers; AssertionError with its exception's text when it raises."""
        answer = self.call("POST", f"/api/client/{method}", arguments)
        assert answer.status == 200, answer.body.decode()
        return answer.json

    def begin(self, orchestrator: str, value: Any = None, instance: str | None = None) -> str:
        return str(self.client("start_new", orchestration_function_name=orchestrator, instance_id=instance, client_input=value))

    def run(self, orchestrator: str, value: Any = None, instance: str | None = None) -> dict[str, Any]:
        """Start an instance; its status once it has ended."""
        return self.ended(self.begin(orchestrator, value, instance))

    def ended(self, instance: str) -> dict[str, Any]:
        return dict(eventually(lambda: (found := self.status(instance))["runtimeStatus"] in ENDED and found, f"the end of {instance}"))

    def status(self, instance: str, query: str = "") -> dict[str, Any]:
        answer = self.call("GET", f"{WEBHOOK}/instances/{quote(instance)}?{query}")
        assert answer.status in (200, 202), answer.body
        return dict(answer.json)

    def history(self, instance: str) -> list[dict[str, Any]]:
        """As it lies in the database."""
        with closing(sqlite3.connect(f"file:{self.folder / 'state' / 'host.db'}?mode=ro", uri=True)) as database:
            return [json.loads(text) for (text,) in database.execute("SELECT event FROM history WHERE id = ? ORDER BY seq", (instance,))]

    def spans(self, trace: str) -> list[dict[str, Any]]:
        """Of one trace, those that have ended, by their start."""
        lines = (self.folder / "state" / "spans.jsonl").read_text().splitlines()
        return sorted((each for line in lines if (each := json.loads(line))["trace"] == trace), key=lambda each: str(each["start"]))

    def rows(self, table: str) -> int:
        """How many rows of `activity` or `inbox` are left."""
        with closing(sqlite3.connect(f"file:{self.folder / 'state' / 'host.db'}?mode=ro", uri=True)) as database:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

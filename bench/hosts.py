"""The local host as a process that is measured: given work by its HTTP API, watched by what it commits."""

import http.client
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.usage import cpu_of, resident_of

APP = Path(__file__).parent / "app"
ROOT = Path(__file__).parents[1]
SETTINGS = {"AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}
PATIENCE = 300.0  # seconds
LOOK_EVERY = 0.005  # seconds: looks cost the host nothing
AT_ONCE = 8  # connections


@dataclass(frozen=True, slots=True)
class Host:
    """`started` seconds after it was begun it said that it was ready."""

    pid: int
    url: str
    state: Path
    started: float

    def line(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)

    def get(self, path: str) -> Any:
        with closing(self.line()) as line:
            line.request("GET", path)
            return answered(line)

    def begin(self, orchestrator: str, instances: Sequence[str], value: Any = None) -> None:
        """Over several connections at once."""

        def some(first: int) -> None:
            with closing(self.line()) as line:
                for instance in instances[first::AT_ONCE]:
                    target = f"/runtime/webhooks/durabletask/orchestrators/{orchestrator}/{instance}"
                    line.request("POST", target, json.dumps(value), {"Content-Type": "application/json"})
                    answered(line)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(some, range(min(AT_ONCE, len(instances)))))

    def ask(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        """Of its database."""
        with closing(sqlite3.connect(f"file:{self.state / 'host.db'}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(statement, values).fetchall()

    def completed(self) -> int:
        return int(self.ask("SELECT count(*) FROM instance WHERE status = 'Completed'")[0][0])

    def wait_for(self, completed: int) -> None:
        until = time.monotonic() + PATIENCE
        while self.completed() < completed:
            assert time.monotonic() < until, f"{completed} orchestrations did not complete within {PATIENCE:.0f} seconds"
            time.sleep(LOOK_EVERY)

    def history(self, instance: str) -> list[dict[str, Any]]:
        return [json.loads(text) for (text,) in self.ask("SELECT event FROM history WHERE id = ? ORDER BY seq", instance)]

    def cpu(self) -> float:
        """Seconds, of all threads, user and system."""
        return cpu_of(self.pid)

    def resident(self) -> float:
        """MiB."""
        return resident_of(self.pid)


def answered(line: http.client.HTTPConnection) -> Any:
    answer = line.getresponse()
    said = answer.read()
    assert answer.status in (200, 202), (answer.status, said)
    return json.loads(said)


@contextmanager
def running(folder: Path, module: str = "devkit.host") -> Iterator[Host]:
    """With bench's app; its state may be there already. `module` is what is run."""
    folder.mkdir(exist_ok=True)
    settings, state = folder / "local.settings.json", folder / "state"
    settings.write_text(json.dumps({"IsEncrypted": False, "Values": SETTINGS}))
    command = [sys.executable, "-m", module, "--app", str(APP), "--settings", str(settings), "--state", str(state), "--port", "0"]
    began = time.perf_counter()
    with (folder / "log").open("wb") as log, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "log").read_text()
            yield Host(process.pid, json.loads(line)["url"], state, time.perf_counter() - began)
        finally:
            process.terminate()

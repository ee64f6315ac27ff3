"""How the app's reports become rows and cells: against a server that answers what a test scripts."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from rich.console import Console

from devkit.demo.appstatus import AppStatus
from devkit.demo.show import Progress
from devkit.demo.story import Change
from devkit.demo.watch import Watch
from devkit.local.endpoints import App

DIGEST, OLDER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
CHANGE = Change("the tag moves", "team/web", "v1", DIGEST)
KEY = "the-key"


class ScriptedApp(HTTPServer):
    """`runs` is the list that each question for runs gets; `reports` the answer for each instance."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runs: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedApp

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        instance = unquote(urlsplit(self.path).path.removeprefix("/api/status").removeprefix("/"))
        status, answer = 200, self.server.reports.get(instance) if instance else {"runs": self.server.runs}
        if answer is None or self.headers["x-functions-key"] != KEY:
            status, answer = 404, {"error": "unknown"}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def app() -> Iterator[ScriptedApp]:
    with ScriptedApp() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def watch(app: ScriptedApp) -> Watch:
    """On a clock that a look moves by one second."""
    status = AppStatus(App(f"http://127.0.0.1:{app.server_port}", KEY, Path("log"), Path("database")))
    seconds = iter(range(1000))
    watch = Watch(status, ["china", "usgov"], clock=lambda: float(next(seconds)))
    watch.add(CHANGE)
    return watch


def run(instance: str, digest: str = DIGEST, **changed: Any) -> dict[str, Any]:
    return {"instance": instance, "state": "running", "action": "push", "repository": "team/web", "tag": "v1", "digest": digest, **changed}


def report(*targets: dict[str, Any], state: str = "running", message: str = "on its way") -> dict[str, Any]:
    return {"state": state, "message": message, "targets": list(targets)}


def target(name: str, state: str, outcome: str | None = None, failure: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"target": name, "state": state, "outcome": outcome, "failure": failure}


def states(watch: Watch) -> list[str]:
    return [cell.state for cell in watch.rows[0].cells.values()]


def test_a_change_waits_until_a_run_of_its_own_is_there(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("older", OLDER), run("deleted", action="delete", tag=None)]
    watch.look()
    assert states(watch) == ["queued"] * 2
    app.runs.append(run("team!web:v1~1"))
    app.reports = {"team!web:v1~1": report(target("china", "importing"))}
    watch.look()
    assert states(watch) == ["importing", "accepted"]
    assert app.asked[-1] == "/api/status/team%21web%3Av1~1"


def test_an_outcome_stops_the_clock_while_the_run_goes_on(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("1")]
    app.reports = {"1": report(target("china", "settling", "already_current"), target("usgov", "importing"))}
    watch.look()
    first = watch.rows[0].cells["china"].seconds
    watch.look()
    china, usgov = watch.rows[0].cells.values()
    assert (china.state, china.arrived, china.seconds) == ("already current", True, first)
    assert (usgov.arrived, usgov.seconds > first) == (False, True)
    app.reports = {"1": report(target("china", "settling", "already_current"), target("usgov", "settling", "replicated"))}
    watch.look()
    assert (watch.all_ended(), watch.late()) == (False, [])


def test_a_run_that_ended_is_asked_no_more(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("1")]
    app.reports = {"1": report(target("china", "x", "deleted"), target("usgov", "x", "deleted"), state="ended")}
    watch.look()
    before = len(app.asked)
    watch.look()
    assert (watch.all_ended(), len(app.asked)) == (True, before)


def test_a_failure_is_told_in_the_apps_words(app: ScriptedApp, watch: Watch) -> None:
    failure = {"kind": "denied", "code": "d", "doing": "import team/web:v1", "said": "no", "hint": "Grant it", "retry_after": None}
    app.runs = [run("1")]
    app.reports = {"1": report(target("china", "failed", "failed", failure), target("usgov", "x", "replicated"), state="ended")}
    watch.look()
    assert watch.all_ended()
    assert watch.failures() == ["team/web:v1 in china: cannot import team/web:v1: no. Grant it"]


@pytest.mark.parametrize("state", ["rejected", "broken"])
def test_a_run_that_ends_without_outcomes_has_failed(app: ScriptedApp, watch: Watch, state: str) -> None:
    app.runs = [run("1")]
    app.reports = {"1": report(state=state, message="what went wrong")}
    watch.look()
    assert watch.all_ended()
    assert watch.failures() == ["team/web:v1 in china: what went wrong", "team/web:v1 in usgov: what went wrong"]


def test_an_app_that_does_not_answer_is_said_and_asked_again(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("1")]
    watch.look()
    assert states(watch) == ["the app answers 404: unknown"] * 2
    assert watch.late() == [f"team/web:v1 has not arrived in {name} after 1 s: the app answers 404: unknown" for name in ("china", "usgov")]
    app.shutdown()
    app.server_close()
    watch.look()
    assert states(watch)[0].startswith("the app does not answer: ")


def test_without_a_terminal_each_state_is_one_line(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("1")]
    written = io.StringIO()
    with Progress(Console(file=written, width=140), watch.targets) as progress:
        for state in ("importing", "importing", "settling"):
            app.reports = {"1": report(target("china", state), target("usgov", "importing"))}
            watch.look()
            progress.show(watch.rows)
    lines = [line.rsplit(" ", 2)[0] for line in written.getvalue().splitlines()]
    assert lines == ["team/web:v1 in china: importing", "team/web:v1 in usgov: importing", "team/web:v1 in china: settling"]


def test_a_terminal_too_narrow_for_the_table_gets_lines(app: ScriptedApp, watch: Watch) -> None:
    written = io.StringIO()
    with Progress(Console(file=written, width=60, force_terminal=True, color_system=None), watch.targets) as progress:
        watch.look()
        progress.show(watch.rows)
    assert [line.strip() for line in written.getvalue().splitlines()] == [f"team/web:v1 in {name}: queued 1.0 s" for name in watch.targets]


def test_in_a_terminal_it_is_a_table_with_a_row_for_each_change(app: ScriptedApp, watch: Watch) -> None:
    app.runs = [run("1")]
    app.reports = {"1": report(target("china", "settling", "replicated"), target("usgov", "importing"))}
    written = io.StringIO()
    with Progress(Console(file=written, width=140, force_terminal=True, color_system=None), watch.targets) as progress:
        watch.look()
        progress.show(watch.rows)
    text = written.getvalue()
    assert all(word in text for word in ("artifact", "usgov", "team/web:v1", "the tag moves", "replicated 1.0 s", "importing "))

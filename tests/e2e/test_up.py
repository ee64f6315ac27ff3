"""`python -m devkit up`, as `make up` runs it: used, stopped, started again."""

import json
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devkit.local.child import ROOT
from devkit.local.ports import Ports


class Up:
    """The process, in a process group of its own, as a terminal would have it."""

    def __init__(self, state: Path, *options: str, what: str = "up") -> None:
        command = [sys.executable, "-m", "devkit", what, "--state", str(state), *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True)

    def line(self) -> str:
        """The one that comes once everything runs."""
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(60), "no line within a minute"
        line = self.process.stdout.readline()
        assert line, self.ended()
        return line

    def advice(self) -> list[str]:
        """The two lines to paste."""
        assert self.process.stderr is not None
        found: list[str] = []
        while len(found) < 2:
            line = self.process.stderr.readline()
            assert line, "standard error ended early"
            found += [line.strip()] if line.startswith("  ") else []
        return found

    def ended(self) -> tuple[int, str, str]:
        """Its status, and what it wrote that was not read yet."""
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output, errors


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def up(state: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(folder: Path = state, *options: str, what: str = "up") -> Up:
        started.append(Up(folder, *options, what=what))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def test_one_line_of_json_holds_all_and_a_second_start_prints_the_same(up: Callable[..., Up], state: Path) -> None:
    first = up()
    line = first.line()
    endpoints = json.loads(line)
    assert endpoints.keys() == {"state", "ca", "certDir", "app", "source", "targets"}
    assert endpoints["app"].keys() == {"url", "key", "log", "database"}
    for registry in (endpoints["source"], *endpoints["targets"]):
        assert registry.keys() == {"name", "loginServer", "registry", "username", "password", "control"}
    assert json.loads((state / "endpoints.json").read_text()) == endpoints
    assert (state / "endpoints.json").stat().st_mode & 0o777 == 0o600

    os.killpg(first.process.pid, signal.SIGINT)  # Ctrl-C
    status, output, errors = first.ended()
    assert (status, output, errors.endswith("Stopped.\n")) == (0, "", True)
    Ports.kept(state / "ports.json").require_free(state / "ports.json")

    second = up()
    assert second.line() == line
    second.process.terminate()
    assert second.ended()[0] == 0


def test_two_run_side_by_side_with_as_many_targets_as_they_were_told(up: Callable[..., Up], tmp_path: Path) -> None:
    both = [up(tmp_path / "one", "--targets", "1"), up(tmp_path / "three", "--targets", "3")]
    one, three = (json.loads(running.line()) for running in both)
    assert [target["name"] for target in one["targets"]] == ["china"]
    assert [target["name"] for target in three["targets"]] == ["china", "usgov", "bleu"]
    servers = [registry["loginServer"] for ends in (one, three) for registry in (ends["source"], *ends["targets"])]
    assert len({one["app"]["url"], three["app"]["url"], *servers}) == 2 + 2 + 4
    assert [running.process.poll() for running in both] == [None, None]


def test_a_second_one_is_told_that_the_state_folder_is_in_use(up: Callable[..., Up]) -> None:
    first = up()
    first.line()
    status, output, errors = up().ended()
    assert (status, output) == (1, "")
    assert f"(process {first.process.pid}): press Ctrl-C there, or run 'kill {first.process.pid}', first." in errors


@pytest.mark.debian
@pytest.mark.skipif(shutil.which("skopeo") is None or shutil.which("curl") is None, reason="skopeo or curl is not installed")
def test_the_advice_works_when_pasted(up: Callable[..., Up]) -> None:
    running = up()
    endpoints = json.loads(running.line())
    push, look = running.advice()
    for secret in (endpoints["source"]["password"], endpoints["app"]["key"]):
        assert secret not in push + look  # every user of a machine may read the command lines of all
    pasted(push)
    deadline = time.monotonic() + 60
    while (answer := json.loads(pasted(look)))["in_sync"] is not True:
        assert time.monotonic() < deadline, answer
    assert [target["digest"] for target in answer["targets"]] == [answer["source"]["digest"]] * 2
    assert [run["tag"] for run in answer["runs"]] == ["v1"]
    assert shlex.split(look)[-1].startswith(endpoints["app"]["url"])


def pasted(line: str) -> bytes:
    """Into a shell behind a proxy that does not answer."""
    shell = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    behind = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:1")
    return subprocess.run(["sh", "-c", line], env={**shell, **behind}, check=True, capture_output=True, timeout=60).stdout

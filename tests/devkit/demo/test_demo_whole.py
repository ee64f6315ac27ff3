"""The demo when things go wrong: with apps that replicate nothing. When they go right: tests/e2e/test_demo.py."""

import io
import os
import re
import signal
from pathlib import Path

import pytest
from rich.console import Console

from devkit.demo.demo import demo, tell
from devkit.local.problem import Problem
from devkit.local.stack import Stack
from tests.devkit.local.running import SMALL_APP, write_app


def test_what_did_not_arrive_is_told_with_every_difference(tmp_path: Path) -> None:
    app, state, written = write_app(tmp_path / "app"), tmp_path / "state", io.StringIO()
    assert demo(state, app=app, deadline=0.5, console=Console(file=written, width=140)) == 1
    lines = [line.strip() for line in written.getvalue().splitlines()]
    late = [line for line in lines if "has not arrived in" in line]
    told = {line.partition(" after ")[0] for line in late}
    assert {re.sub(r"sha256-\S+\.sig", "SIGNATURE", re.sub(r"@[0-9a-f]{12}", "@SBOM", line)) for line in told} == {
        f"team/{artifact} has not arrived in {target}"
        for artifact in ("web:v1", "web:stable", "web:v2", "api:v1", "api@SBOM", "api:SIGNATURE", "job:v1")
        for target in ("china", "usgov")
    }
    assert len([line for line in lines if ": is absent, and must be sha256:" in line]) == len(late)
    assert lines[-1] == f"The logs are in {state / 'logs'}."


def test_a_process_that_dies_ends_the_demo(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", SMALL_APP.replace("events.append", "os._exit(7) or events.append"))
    with pytest.raises(Problem, match="The host ended by itself with exit status 7: the last lines of"):
        demo(tmp_path / "state", app=app, console=Console(file=io.StringIO(), width=140))


def test_a_cloud_that_dies_under_a_push_is_told_as_that(stack: Stack) -> None:
    source = stack.clouds["source"]
    assert source.pid is not None
    os.kill(source.pid, signal.SIGKILL)
    try:
        with pytest.raises(Problem, match="The cloud source ended by itself with signal SIGKILL"):
            tell(stack, Console(file=io.StringIO(), width=140), deadline=5)
    finally:
        source.kill()
        source.start()

"""`devkit/setup_venv.py`, which a bare Python of any age runs: a copy of it, so that it finds another checkout than this one."""

import ast
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devkit.local.child import ROOT

SCRIPT = ROOT / "devkit" / "setup_venv.py"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "devkit").mkdir()
    shutil.copy(SCRIPT, tmp_path / "devkit")
    return tmp_path


def run(checkout: Path, *before: str) -> tuple[int, str]:
    """Its exit status and what it says; `before` are lines to run in the same Python first."""
    code = "; ".join(["import runpy, sys", *before, f"runpy.run_path({str(checkout / 'devkit' / SCRIPT.name)!r}, run_name='__main__')"])
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_an_old_python_is_told_the_version_that_is_needed(checkout: Path) -> None:
    status, said = run(checkout, "sys.version_info = (3, 8, 10)", "sys.version = '3.8.10 (default)'")
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("Python 3.11 or later is needed, and this is 3.8.10: run 'make PYTHON=python3.13'")


def test_an_old_python_can_read_it() -> None:
    """Its syntax is that of 3.7, and no annotation is evaluated: `str | None` is an error before 3.10."""
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 7))
    assert "annotations" in {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}


@pytest.mark.parametrize(("before", "lock"), [((), ".venv.lock"), (("sys.argv.append('2.3.0')",), ".venv-functions-2.3.0.lock")])
def test_a_checkout_that_cannot_be_written_is_one_sentence(checkout: Path, before: tuple[str, ...], lock: str) -> None:
    (checkout / lock).mkdir()  # permissions do not stop root, and tests may run as root
    status, said = run(checkout, *before)
    assert status == 1
    assert said == f"Cannot use {checkout / lock} (Is a directory): let this user write into {checkout}, or make a clone of your own.\n"


def test_an_interrupt_is_one_sentence_and_ends_what_was_begun(checkout: Path) -> None:
    command = [sys.executable, str(checkout / "devkit" / SCRIPT.name)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not (checkout / ".venv" / "bin" / "python").exists():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
        _, said = process.communicate(timeout=20)  # which ends when nobody is left who could write there
    assert (process.returncode, said.splitlines()[1:]) == (130, ["Setting up .venv was interrupted: run the same command again."])

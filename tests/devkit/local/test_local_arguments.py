"""`python -m devkit` told wrongly."""

import subprocess
import sys
from pathlib import Path

import pytest

from devkit.local.child import ROOT


def devkit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "devkit", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("arguments", [(), ("down",), ("up", "now"), ("demo", "--port", "1")])
def test_wrong_arguments_are_told_with_the_usage(arguments: tuple[str, ...]) -> None:
    ended = devkit(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: python -m devkit")


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_state_folder_that_cannot_be_is_one_sentence(tmp_path: Path, command: str) -> None:
    file = tmp_path / "file"
    file.touch()
    ended = devkit(command, "--state", str(file))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"Cannot keep state in {file}: Not a directory. Remove what is there ('rm -r {file}'), let this user write there, or name another"
        " folder: 'python -m devkit' takes --state.\n"
    )


def test_a_shell_that_has_it_ignore_sigint_does_not_keep_it_from_ending() -> None:
    lines = (
        "import os, signal, sys",
        "from devkit import __main__ as it",
        "signal.signal(signal.SIGINT, signal.SIG_IGN)",
        "it.run = lambda _: os.kill(os.getpid(), signal.SIGINT) or 7",
        "sys.argv = ['devkit', 'up']",
        "sys.exit(it.main())",
    )
    ended = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (0, "Stopped.\n")

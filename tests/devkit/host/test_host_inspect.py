"""`python -m devkit host`: what lies in the database, and purging it, while the host runs and while it does not."""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest

from devkit.host.inspect.command import main
from tests.devkit.host.conftest import MakeHost, sample
from tests.devkit.host.running import Host, eventually
from tests.devkit.host.test_host_damage import restarted
from tests.devkit.process import ENDS_WITHIN, ROOT


def devkit(host: Host, *arguments: str, status: int = 0) -> str:
    """What it prints, on whichever stream."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        try:
            ended: object = main([*arguments, "--state", str(host.folder / "state")])
        except SystemExit as by_argparse:
            ended = by_argparse.code
    assert ended == status, output.getvalue()
    return output.getvalue()


def test_the_devkit_s_command_leads_there(looked_at: Host) -> None:
    command = [sys.executable, "-m", "devkit", "host", "show", "done", "--state", str(looked_at.folder)]
    (looked_at.folder / "host").symlink_to("state")  # a stack's folder holds that of its host
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=ENDS_WITHIN, check=True)
    assert "Completed" in done.stdout


@pytest.fixture(scope="module", params=["running", "stopped"])
def looked_at(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    one = sample(tmp_path_factory.mktemp("inspect")).start()
    one.run("chain", {"name": "[bold]x" * 99, "number": 1}, "done")
    one.run("buggy", {"secret": "s"}, "broken")
    one.begin("nap", {"seconds": 3600}, "asleep")
    one.client("signal_entity", entityId=["tally", "k"], operation_name="add", operation_input=5)
    eventually(lambda: one.rows("inbox") == 1 and one.rows("activity") == 0, "that only the timer is left")
    if request.param == "stopped":
        assert one.stop() == 0
    yield one
    if one.process is not None:
        assert one.stop() == 0


def test_ls_lists_instances_with_what_is_left_for_them_to_do(looked_at: Host) -> None:
    lines = devkit(looked_at, "ls").splitlines()
    (asleep,) = [line.split() for line in lines if "asleep" in line]
    assert asleep[:3] == ["asleep", "nap", "Running"] and asleep[-2:] == ["1", "0"]
    assert sum(any(name in line for name in ("done", "broken", "asleep")) for line in lines) == 3


def test_ls_narrows_by_status_and_by_the_beginning_of_the_id(looked_at: Host) -> None:
    listed = devkit(looked_at, "ls", "--status", "failed,running")
    assert "broken" in listed and "asleep" in listed and "done" not in listed
    assert "asleep" not in devkit(looked_at, "ls", "--prefix", "do")
    assert "The first 1: there may be more" in devkit(looked_at, "ls", "--top", "1")
    assert "is none of Pending, Running" in devkit(looked_at, "ls", "--status", "lost", status=2)


def test_show_tells_of_one_instance_and_cuts_long_values(looked_at: Host) -> None:
    shown = devkit(looked_at, "show", "done")
    assert "Completed" in shown and "[bold]x" in shown and "characters)" in shown
    assert "characters)" not in devkit(looked_at, "show", "done", "--full")
    assert "from 20" in devkit(looked_at, "show", "asleep")  # its timer, with the time
    assert "Orchestrator function 'buggy' failed" in devkit(looked_at, "show", "broken")
    assert " 5 " in devkit(looked_at, "show", "@tally@k").replace("\n", " ")
    assert "There is no instance lost" in devkit(looked_at, "show", "lost", status=1)
    assert "There is no entity @tally@lost" in devkit(looked_at, "show", "@tally@lost", status=1)


def test_history_tells_each_event_in_a_line(looked_at: Host) -> None:
    told = [line.split() for line in devkit(looked_at, "history", "done").splitlines() if line.strip()]
    assert [line[2:4] for line in told if line[2:3] == ["task"]] == [["task", "scheduled"], ["task", "completed"]] * 2
    assert len([line for line in told if line[0].isdecimal()]) == len(looked_at.history("done"))
    assert "There is no instance lost" in devkit(looked_at, "history", "lost", status=1)


@pytest.mark.parametrize("runs", [True, False], ids=["running", "stopped"])
def test_purge_removes_one_or_what_ended_long_ago(make_host: MakeHost, runs: bool) -> None:
    host = make_host().start()
    for instance in ("one", "two", "three"):
        host.run("chain", {"name": "a", "number": 1}, instance)
    host.begin("nap", {"seconds": 3600}, "asleep")
    eventually(lambda: host.rows("inbox") == 1, "its timer")
    assert host.stop() == 0
    if runs:
        host.enforce_keys = True
        host.start()
    assert devkit(host, "purge", "one") == "1 purged\n"
    assert devkit(host, "purge", "one") == "0 purged\n"
    assert devkit(host, "purge", "--ended-before", "1h") == "0 purged\n"
    assert devkit(host, "purge", "--ended-before", "0s") == "2 purged\n"
    listed = devkit(host, "ls")
    assert "asleep" in listed and "one" not in listed and "two" not in listed
    assert host.history("two") == []
    assert devkit(host, "purge", "asleep") == "1 purged\n"
    assert host.rows("inbox") == 0
    if runs:
        assert host.stop() == 0
        host.enforce_keys = False
    host.start()
    assert host.run("chain", {"name": "a", "number": 1}, "one")["runtimeStatus"] == "Completed"


def test_what_is_damaged_is_shown_as_such(make_host: MakeHost) -> None:
    host = make_host().start()
    host.run("chain", {"name": "a", "number": 1}, "hurt")
    host.run("chain", {"name": "a", "number": 1}, "sore")
    restarted(host, "UPDATE history SET event = '{' WHERE id = 'hurt' AND seq = 2", "UPDATE instance SET parent = '{' WHERE id = 'sore'")
    assert "damaged" in devkit(host, "history", "hurt")
    assert "is damaged in the database" in devkit(host, "show", "sore")
    assert "Failed" in devkit(host, "ls", "--prefix", "sore")


def test_a_folder_without_a_database_is_one_sentence(make_host: MakeHost) -> None:
    host = make_host()
    assert devkit(host, "ls", status=1).startswith("There is no host.db in ")
    assert "is no SQLite database" in devkit(told(host), "ls", status=1)


def told(host: Host) -> Host:
    file = host.folder / "state" / "host.db"
    file.parent.mkdir(parents=True)
    file.write_text("once upon a time" * 99)
    return host

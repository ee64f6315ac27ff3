"""What goes wrong with the database is told in a sentence, and nothing stops for good that could go on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import WEBHOOK, Answer, Host, eventually
from tests.devkit.host.small_disk import Disk, small_disk, without_privilege
from tests.devkit.host.test_host_crash import journal, release


def begin(host: Host, name: str, instance: str, value: Any) -> Answer:
    return host.call("POST", f"{WEBHOOK}/orchestrators/{name}/{instance}", value)


def database(host: Host) -> sqlite3.Connection:
    return sqlite3.connect(host.folder / "state" / "host.db", isolation_level=None)


def held(host: Host) -> None:
    """An instance whose activity runs until the test lets it end."""
    begin(host, "patient", "held", {"call": "hold", "name": "held"})
    eventually(lambda: "begun held" in journal(host), "the activity's start")


@pytest.fixture
def disk(make_host: MakeHost) -> Iterator[tuple[Host, Disk]]:
    host = make_host()
    with small_disk(host.folder / "state") as disk:
        yield host, disk
        if host.process is not None:
            host.kill()


def test_a_full_disk_pauses_instances_and_they_go_on_when_there_is_room_again(disk: tuple[Host, Disk]) -> None:
    host, disk_ = disk
    host.start()
    held(host)
    disk_.fill(host)
    refused = begin(host, "echo", "refused", {"value": "x" * 100_000})
    assert refused.status == 500 and disk_.complaint in refused.json["ExceptionMessage"]
    release(host, "held")
    eventually(lambda: disk_.complaint in host.log.read_text(), "the complaint")
    assert begin(host, "echo", "refused", {"value": "x" * 100_000}).status == 500
    assert host.status("held")["runtimeStatus"] == "Running"
    disk_.free(host)
    assert host.ended("held")["output"] == ["held", 42]
    assert journal(host).count("begun held") == 1
    assert begin(host, "echo", "accepted", {"value": 1}).status == 202
    assert host.ended("accepted")["runtimeStatus"] == "Completed"
    log = host.log.read_text()
    assert log.count(disk_.complaint) == log.count("the database can be written again") == 1
    assert "Traceback" not in log


def test_what_was_begun_on_a_full_disk_survives_kill_9(disk: tuple[Host, Disk]) -> None:
    host, disk_ = disk
    host.start()
    held(host)
    disk_.fill(host)
    release(host, "held")
    eventually(lambda: begin(host, "echo", "refused", {"value": "x" * 100_000}).status == 500, "a refusal")
    host.kill()
    disk_.free(host)
    assert host.start().ended("held")["output"] == ["held", 42]


def test_a_locked_database_is_waited_for_a_while_then_said_and_tried_again(make_host: MakeHost) -> None:
    host = make_host().start()
    held(host)
    with closing(database(host)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = begin(host, "echo", "refused", {"value": 1})
        assert refused.status == 500 and "Another process holds" in refused.json["ExceptionMessage"]
        release(host, "held")
        assert host.status("held")["runtimeStatus"] == "Running"
        other.execute("ROLLBACK")
    assert host.ended("held")["output"] == ["held", 42]
    assert journal(host).count("begun held") == 1
    assert "Traceback" not in host.log.read_text()


def test_a_database_that_is_locked_at_the_start_is_one_sentence(make_host: MakeHost) -> None:
    host = make_host().start()
    host.stop()
    with closing(database(host)) as other:
        other.execute("BEGIN IMMEDIATE")
        log = host.refusal()
    assert "Another process holds" in log and "Traceback" not in log


@pytest.mark.parametrize("what", ["host.db", "."])
def test_a_read_only_database_or_folder_is_one_sentence(make_host: MakeHost, what: str) -> None:
    host = make_host(prepare=without_privilege).start()
    assert host.stop() == 0
    host.log.unlink()
    state = host.folder / "state"
    (state / "host.lock").unlink()
    (state / what).chmod(0o500 if what == "." else 0o400)
    log = host.refusal()
    assert log.count("\n") == 1 and "cannot be written (Permission denied)" in log and "--state" in log
    state.chmod(0o700)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda path: path.write_text("once upon a time " * 99), "is no SQLite database: remove it", id="no SQLite file"),
        pytest.param(lambda path: schema(path, 0), "is of another version of the local host (its schema is 0", id="an older version"),
        pytest.param(lambda path: schema(path, 99), "is of another version of the local host (its schema is 99", id="a newer version"),
    ],
)
def test_a_file_that_is_of_no_use_is_one_sentence(make_host: MakeHost, make: Any, said: str) -> None:
    host = make_host()
    file = host.folder / "state" / "host.db"
    file.parent.mkdir()
    make(file)
    log = host.refusal()
    assert log.count("\n") == 1 and said in log


def schema(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE instance (id TEXT)")
        database.execute(f"PRAGMA user_version = {version}")

"""What lies in the state folder, and who may read it."""

import stat
from pathlib import Path

import pytest

from devkit.local.files import write_private
from devkit.local.layout import Layout, StateLock, empty
from devkit.local.problem import Problem
from devkit.local.stack import Stack
from tests.devkit.local.running import seen

PUBLIC = {"ca.pem", "ca.crt", "server.pem"}  # certificates


def test_everything_is_its_owners_alone_but_certificates(stack: Stack) -> None:
    readable = {path for path in stack.endpoints.state.rglob("*") if path.stat().st_mode & 0o077}
    assert {path.name for path in readable} == PUBLIC
    assert stat.S_IMODE(stack.endpoints.state.stat().st_mode) == 0o700


def test_secrets_are_in_no_log_and_in_no_public_file(stack: Stack) -> None:
    seen(stack.endpoints)
    texts = {path: path.read_bytes() for path in stack.endpoints.state.rglob("*") if path.is_file()}
    shown = [path for path in texts if path.suffix == ".log" or path.name in PUBLIC]
    assert len(shown) == 4 + len(PUBLIC)
    for name, secret in stack.secrets.items():
        assert [path for path in shown if secret.encode() in texts[path]] == [], name
        assert any(secret.encode() in text for text in texts.values()), f"{name} is nowhere: the search would miss it"


def test_every_secret_is_another(stack: Stack) -> None:
    assert len(set(stack.secrets.values())) == len(stack.secrets) == 3 * 2 + 1 + 2 + 4


def test_a_second_start_finds_the_same_ports_secrets_and_authority(tmp_path: Path) -> None:
    first = Layout.make(tmp_path)
    authority = first.tls.ca.read_bytes()
    second = Layout.make(tmp_path)
    assert second == first
    assert second.tls.ca.read_bytes() == authority == (second.certificates / "ca.crt").read_bytes()


def test_a_secret_that_is_missing_is_made_and_the_others_stay(tmp_path: Path) -> None:
    before = Layout.make(tmp_path).secrets
    write_private(tmp_path / "secrets.json", {name: value for name, value in before.items() if name != "china/client-secret"})
    after = Layout.make(tmp_path).secrets
    assert {name for name in before if before[name] != after[name]} == {"china/client-secret"}


@pytest.mark.parametrize("name", ["ports.json", "secrets.json"])
def test_a_broken_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{")
    with pytest.raises(Problem, match=f"{name} is not a JSON object: correct it"):
        Layout.make(tmp_path)


def test_a_broken_file_of_keys_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "keys.json").write_text('{"function": "a')
    with pytest.raises(Problem, match=r"keys\.json is not a JSON object of keys: remove it"):
        Layout.make(tmp_path)


def test_the_lock_keeps_a_second_stack_out_and_says_who_holds_it(tmp_path: Path) -> None:
    lock = StateLock(tmp_path)
    with pytest.raises(
        Problem,
        match=r"another 'make up', 'make clouds' or 'make demo' \(process [0-9]+\): press Ctrl-C there, or run 'kill [0-9]+', first",
    ):
        StateLock(tmp_path)
    lock.release()
    StateLock(tmp_path).release()


def test_a_fresh_start_removes_what_a_stack_left(tmp_path: Path) -> None:
    Layout.make(tmp_path)
    StateLock(tmp_path).release()
    empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


@pytest.mark.parametrize("afresh", [True, False])
def test_a_folder_of_other_things_is_refused_and_not_touched(tmp_path: Path, afresh: bool) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Problem, match=rf"{tmp_path} holds files, and not those of a local stack: .*'rm -r {tmp_path}'"):
        Stack(tmp_path, afresh=afresh)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_an_empty_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Layout.make(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "host").stat().st_mode) == 0o700


@pytest.mark.parametrize("left", [["lock"], ["lock", "ports.json.unfinished"], ["lock", "ports.json", "tls"], ["lock", "secrets.json"]])
def test_what_a_start_or_a_removal_that_was_killed_leaves_is_no_obstacle(tmp_path: Path, left: list[str]) -> None:
    for name in left:
        (tmp_path / name).write_text("{}")
    StateLock(tmp_path).release()
    empty(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_start_that_ends_early_has_kept_the_ports(tmp_path: Path) -> None:
    (tmp_path / "tls").touch()  # in the way of what comes next
    with pytest.raises(Problem, match="Cannot keep state in"):
        Layout.make(tmp_path)
    assert (tmp_path / "ports.json").exists()

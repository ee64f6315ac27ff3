"""Which ports, and what is said when one of them cannot be had."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.local import ports as ports_module
from devkit.local.ports import FREE_RANGE, Ports
from devkit.local.problem import Problem
from devkit.local.stack import Stack


@pytest.fixture(params=["127.0.0.1", "::1"])
def busy_port(request: pytest.FixtureRequest) -> Iterator[int]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        listener = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {request.param}")
    with listener:
        yield listener.getsockname()[1]


def test_the_fixed_ports_are_those_of_the_readme() -> None:
    ports = Ports.fixed()
    assert (ports.app, *(services["registry"] for services in ports.clouds.values())) == (7071, 5001, 5002, 5003)
    assert ports.clouds["china"] == {"entra": 5211, "arm": 5212, "registry": 5002, "control": 5213}  # docs/decisions.md, 1.1
    assert len({port for port, _ in ports}) == 13


def test_free_ports_are_all_different_and_out_of_the_way_of_outgoing_connections() -> None:
    found = [port for port, _ in Ports.free()]
    assert len(set(found)) == 13
    assert set(found) <= set(FREE_RANGE)


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nothing else runs."""
    monkeypatch.setattr(ports_module, "_is_free", lambda port: True)


def test_kept_ports_win_over_those_of_the_caller(tmp_path: Path, nobody_listens: None) -> None:
    file = tmp_path / "ports.json"
    first = Ports.kept(file)
    assert Ports.kept(file, fixed=True) == Ports.kept(file, first.targets) == first


@pytest.mark.parametrize("targets", [1, 2, 8])
def test_ports_are_for_as_many_targets_as_are_wanted(tmp_path: Path, nobody_listens: None, targets: int) -> None:
    kept = Ports.kept(tmp_path / "ports.json", targets, fixed=True)
    assert kept == Ports.fixed(targets)
    assert len({port for port, _ in kept}) == len(list(kept)) == 1 + 4 * (1 + targets)
    assert Ports.kept(tmp_path / "ports.json") == kept  # the folder knows how many


@pytest.mark.parametrize("busy", [7071, 5002])
def test_one_fixed_port_that_is_taken_means_free_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int) -> None:
    monkeypatch.setattr(ports_module, "_is_free", lambda port: port != busy)
    assert {port for port, _ in Ports.kept(tmp_path / "ports.json", fixed=True)} <= set(FREE_RANGE)


def test_the_port_of_an_app_that_runs_already_does_not_matter_to_clouds_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports_module, "_is_free", lambda port: port != 7071)
    kept = Ports.kept(tmp_path / "ports.json", fixed=True, hosted=False)
    assert kept == Ports.fixed()
    kept.require_free(tmp_path / "ports.json", hosted=False)
    with pytest.raises(Problem, match="Port 7071, which the app needs, is busy"):
        kept.require_free(tmp_path / "ports.json")


@pytest.mark.parametrize("fixed", [True, False])
def test_more_targets_are_added_to_what_is_there(tmp_path: Path, nobody_listens: None, fixed: bool) -> None:
    file = tmp_path / "ports.json"
    before, after = Ports.kept(file, 1, fixed=fixed), Ports.kept(file, 3, fixed=fixed)
    assert list(after.clouds) == ["source", "china", "usgov", "bleu"]
    assert (after.app, {name: after.clouds[name] for name in before.clouds}) == (before.app, before.clouds)
    assert len({port for port, _ in after}) == len(list(after))
    assert (after == Ports.fixed(3)) == fixed


def test_a_fixed_port_that_was_given_to_something_else_is_not_given_again(tmp_path: Path, nobody_listens: None) -> None:
    file = tmp_path / "ports.json"
    Ports(5004, Ports.fixed().clouds).keep(file)  # by hand: bleu's is the app's
    after = Ports.kept(file, 3, fixed=True)
    assert (after.app, set(after.clouds["bleu"].values()) <= set(FREE_RANGE)) == (5004, True)


def test_fewer_targets_than_there_are_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    before = Ports.kept(file, 3)
    with pytest.raises(Problem, match=rf"{re.escape(str(tmp_path))} holds 3 targets, .* leave the number of targets out .* folder for 2"):
        Ports.kept(file, 2)
    assert Ports.kept(file) == before


@pytest.mark.parametrize("port", [80, 70_000, "5001", True, None])
def test_a_port_that_is_none_is_told_with_the_file(tmp_path: Path, port: object) -> None:
    file = tmp_path / "ports.json"
    Ports.fixed().keep(file)
    file.write_text(json.dumps({**json.loads(file.read_text()), "app": port}))
    with pytest.raises(Problem, match=rf"{re.escape(str(file))} does not name a port \(1024 to 65535\) for each service"):
        Ports.kept(file)


@pytest.mark.parametrize("missing", ["app", "source", "china"])
def test_a_cloud_that_is_not_named_is_told_with_the_file(tmp_path: Path, missing: str) -> None:
    file = tmp_path / "ports.json"
    Ports.fixed(3).keep(file)
    file.write_text(json.dumps({name: value for name, value in json.loads(file.read_text()).items() if name != missing}))
    with pytest.raises(Problem, match="does not name a port"):
        Ports.kept(file)


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path, busy_port: int) -> None:
    ports = Ports.free()
    taken = Ports(ports.app, {**ports.clouds, "usgov": {**ports.clouds["usgov"], "registry": busy_port}})
    taken.keep(tmp_path / "ports.json")
    stack = Stack(tmp_path)
    with pytest.raises(Problem) as problem:
        stack.start()
    assert str(problem.value) == (
        f"Port {busy_port}, which the registry of the cloud usgov needs, is busy: stop the program that listens there"
        f" ('lsof -i :{busy_port}' names it), or write another port into {tmp_path / 'ports.json'}."
    )
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_port_given_twice_is_told(tmp_path: Path) -> None:
    ports = Ports.free()
    with pytest.raises(Problem, match=f"Port {ports.clouds['china']['arm']} is given to the app and to the arm of the cloud china"):
        Ports(ports.clouds["china"]["arm"], ports.clouds).require_free(tmp_path / "ports.json")

"""Which ports, and what is said when one of them cannot be had."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_kept_ports_win_over_those_of_the_caller(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = Ports.kept(file, Ports.free())
    assert Ports.kept(file, Ports.fixed()) == first


@pytest.mark.parametrize("port", [80, 70_000, "5001", True, None])
def test_a_port_that_is_none_is_told_with_the_file(tmp_path: Path, port: object) -> None:
    file = tmp_path / "ports.json"
    Ports.kept(file, Ports.fixed())
    file.write_text(json.dumps({**json.loads(file.read_text()), "app": port}))
    with pytest.raises(Problem, match=rf"{re.escape(str(file))} does not name a port \(1024 to 65535\) for each service"):
        Ports.kept(file, Ports.fixed())


def test_a_busy_port_is_told_before_anything_is_started(tmp_path: Path, busy_port: int) -> None:
    ports = Ports.free()
    taken = Ports(ports.app, {**ports.clouds, "usgov": {**ports.clouds["usgov"], "registry": busy_port}})
    stack = Stack(tmp_path, ports=taken)
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

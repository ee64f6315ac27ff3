"""docs/devkit.md is kept true: each route of the control API is in it with an example that works, each switch with its answers, each fail
point and rule of the local host, and the tests that it names exist."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from devkit.cloud.config import CloudConfig
from devkit.cloud.control.app import control_app
from devkit.cloud.server import Cloud as CloudProcess
from devkit.cloud.unknowns import Unknowns
from devkit.host import failpoints
from devkit.host.durable.rules import RULES
from devkit.host.functions import TRIGGERS
from devkit.host.unkindness import Unkindness
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import Cloud, MakeClouds
from tests.devkit.cloud.test_cloud_vault import with_vault
from tests.devkit.process import ROOT

DOCUMENT = (ROOT / "docs" / "devkit.md").read_text()
EXAMPLE = re.compile(r"^\| `(GET|PUT|POST|DELETE) (/control/[^\s`]+)(?: ([^`]+))?` \|", re.MULTILINE)
NAMED = re.compile(r"\b(test_\w+): ((?:[a-z]\w*…?(?:, (?!test_))?)+)")
OTHER_NAMES = {("GET", "/faults")}  # told beside GET /control/faults


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with with_vault(MakeClouds(tmp_path_factory.mktemp("documented"), tls), "documented").serving() as made:
        yield made


def examples() -> list[tuple[str, str, Any]]:
    return [(method, path, json.loads(body) if body else None) for method, path, body in EXAMPLE.findall(DOCUMENT)]


def test_every_example_works(cloud: Cloud) -> None:
    client = cloud.config["principals"][0]["clientId"]
    for method, path, body in examples():
        cloud.control(method, path.removeprefix("/control/").replace("CLIENT", client), body)  # asserts a 200


def test_every_route_has_an_example(cloud: Cloud, tmp_path: Path) -> None:
    def pattern(route: str) -> str:
        return re.sub(r"\{\w+\}", "[^/]+", route)

    routes = asyncio.run(control_routes({**cloud.config, "state": str(tmp_path / "state")}))
    assert len(routes) > 20
    shown = [(method, path) for method, path, _ in examples()]
    missing = [
        (method, route)
        for method, route in routes - OTHER_NAMES
        if not any(method == one and re.fullmatch(pattern(route), path) for one, path in shown)
    ]
    assert missing == []


async def control_routes(config: dict[str, Any]) -> set[tuple[str, str]]:
    """Without the pages, which need no key."""
    made = CloudProcess(CloudConfig.from_json(config), on_failure=lambda: None)
    try:
        found = {(route.method, route.resource.canonical) for route in control_app(made._parts).router.routes() if route.resource}
    finally:
        await made.stop()
    return {(method, path) for method, path in found if method != "HEAD" and path.startswith(("/control/", "/faults"))}


def test_every_switch_is_there_with_its_answers_and_whether_it_is_played() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|", DOCUMENT.partition("### Unknown switches")[2].partition("\n## ")[0], re.MULTILINE))
    code = "".join(path.read_text() for path in (ROOT / "devkit" / "cloud").rglob("*.py") if path.name != "unknowns.py")
    hints = get_type_hints(Unknowns)
    known = dict(zip(Unknowns().to_json(), [one.name for one in fields(Unknowns)], strict=True))
    assert rows.keys() == known.keys()
    for name, attribute in known.items():
        assert rows[name].startswith(", ".join(get_args(hints[attribute])) + " | "), name
        played = re.search(rf"(now|unknowns)\.{attribute}\b", code) is not None
        assert played == ("Not played yet" not in rows[name]), f"{name} is played: {played}; say so in docs/devkit.md"


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"\btest_(?:cloud|clients|eventgrid|host|pattern|e2e|devkit)_\w*[a-z0-9]\b", DOCUMENT))
    there = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(named) > 60
    assert named - there == set()


def test_every_function_of_a_test_that_is_named_exists() -> None:
    """`test_FILE: a_beginning…, a_whole_name`, to the next file."""
    files = {path.stem: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    named = [(file, name) for file, names in NAMED.findall(DOCUMENT) for name in names.split(", ")]
    assert len(named) > 100
    missing = [
        (file, name) for file, name in named if f"def test_{name.removesuffix('…')}{'' if name.endswith('…') else '('}" not in files[file]
    ]
    assert missing == []


def test_every_switch_of_the_host_is_there() -> None:
    unkind = {one.name for one in fields(Unkindness)} - {"seed"}
    assert set(re.findall(r"^\| `--unkind (\w+)", DOCUMENT, re.MULTILINE)) == unkind
    assert f"`{failpoints.FAIL_AT}=" in DOCUMENT and f"`{failpoints.NOTE_IN}=" in DOCUMENT


def test_every_kind_of_fail_point_is_there() -> None:
    code = "".join(path.read_text() for path in (ROOT / "devkit" / "host").rglob("*.py"))
    writes = set(re.findall(r'(?:commits\.(?:run|insist)\(|self\._send\(|reach\("before_commit", )"(\w+)"', code))
    assert "episode" in writes and "control" in writes
    assert set(re.findall(r"`(\w+)` \(write", DOCUMENT)) == writes
    assert set(re.findall(r"`(\w+)` \(call", DOCUMENT)) == {trigger.removesuffix("Trigger") for trigger in TRIGGERS}


def test_every_rule_by_which_sdk_and_host_disagree_is_there() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| .+ \| (fails|warns) \|$", DOCUMENT, re.MULTILINE))
    assert rows == {rule.name: "fails" if rule.fails else "warns" for rule in RULES}

"""docs/devkit.md is kept true: each route of the control API is in it with an example that works, each switch with its answers, and the
tests that it names exist."""

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
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import Cloud, MakeClouds
from tests.devkit.cloud.test_cloud_vault import with_vault
from tests.devkit.process import ROOT

DOCUMENT = (ROOT / "docs" / "devkit.md").read_text()
EXAMPLE = re.compile(r"^\| `(GET|PUT|POST|DELETE) (/control/[^\s`]+)(?: ([^`]+))?` \|", re.MULTILINE)
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
    named = set(re.findall(r"\btest_(?:cloud|clients|eventgrid|host|e2e|devkit)_\w*[a-z0-9]\b", DOCUMENT))
    there = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(named) > 30
    assert named - there == set()

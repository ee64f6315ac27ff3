"""Versions of orchestrations: which an instance gets, and which the app takes."""

from pathlib import Path

import pytest

from devkit.host.durable.versions import MISMATCH, Match, Versions, rank
from tests.devkit.host.platform import began, calls, configure, platform, ran
from tests.devkit.host.running import eventually


@pytest.mark.parametrize(
    "older, newer",
    [
        pytest.param(None, "1.0", id="none is older than any"),
        pytest.param(" ", "a", id="nor is a blank one a version"),
        pytest.param("1.9", "1.10", id="numbers"),
        pytest.param("1.0", "1.0.0", id="a part that is left out is less than 0"),
        pytest.param("10", "9", id="a single number is a text to .NET"),
        pytest.param("2025-01-01", "2025-10-01", id="dates as text"),
        pytest.param("V1-A", "v1-b", id="without regard to case"),
    ],
)
def test_versions_are_ordered_as_dot_net_does(older: str | None, newer: str | None) -> None:
    assert (rank(older, newer), rank(newer, older), rank(older, older)) == (-1, 1, 0)


@pytest.mark.parametrize(
    "match, taken",
    [("None", [None, "1.0", "2.0", "3.0"]), ("Strict", ["2.0"]), ("CurrentOrOlder", [None, "1.0", "2.0"])],
)
def test_a_strategy_takes_some_versions(match: Match, taken: list[str | None]) -> None:
    versions = Versions(default="2.0", match=match)
    assert [version for version in (None, "1.0", "2.0", "3.0") if versions.admit(version)] == taken


def test_without_a_default_version_an_instance_that_has_one_waits_as_in_azure() -> None:
    assert Versions().admit(None) and not Versions().admit("1.0")


def test_an_instance_keeps_its_version_and_one_that_is_too_new_waits_until_the_app_is_of_its_version(tmp_path: Path) -> None:
    host = platform(tmp_path, {"defaultVersion": "1.0"}).start()
    assert ran(host, "versioned", "default")["output"] == ["1.0", "1.0", "0.5"]
    assert ran(host, "versioned", "old", query="version=0.9")["output"] == ["0.9", "1.0", "0.5"]
    for version in ("2.0", "3.0"):
        began(host, "leaf", f"new-{version}", query=f"version={version}")
        eventually(lambda: f"new-{version} is not run: its version {version}" in host.log.read_text(), "the reason")  # noqa: B023
    assert host.status("new-2.0")["runtimeStatus"] == "Pending"
    before = len(calls(host))
    host.kill()

    configure(host, {"defaultVersion": "2.0", "versionFailureStrategy": "Fail"})
    host.start()
    assert host.ended("new-2.0")["output"] == "2.0"
    failed = host.ended("new-3.0")
    assert (failed["runtimeStatus"], failed["output"]) == ("Failed", MISMATCH)
    assert len(calls(host)) == before + 1  # the failed one's orchestrator was not asked
    assert host.stop() == 0

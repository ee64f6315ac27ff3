"""What may become of the suite's program ends in one sentence."""

from pathlib import Path

import pytest

from devkit.conformance import suite
from devkit.local.problem import Problem
from devkit.local.single import Single, single_cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Single:
    """Its address and password, without a cloud behind them."""
    with single_cloud(tmp_path_factory.mktemp("suite")) as made:
        return made


def program(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    file = folder / "conformance"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o700)
    monkeypatch.setattr(suite, "tool", lambda _: file)


def test_a_suite_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: Single) -> None:
    program(monkeypatch, tmp_path, "exec sleep 600")
    monkeypatch.setattr(suite, "LASTS_AT_MOST", 0.1)
    with pytest.raises(Problem, match="was not done after"):
        suite.run_suite(cloud, "accepted", tmp_path)


@pytest.mark.parametrize("report", ["<testsuites", '<testsuites tests="many"/>'])
def test_a_report_that_is_none_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cloud: Single, report: str) -> None:
    program(monkeypatch, tmp_path, f"printf '%s' '{report}' > junit.xml")
    with pytest.raises(Problem, match="cannot be read"):
        suite.run_suite(cloud, "accepted", tmp_path)

"""The tools in Go, and the one that npm installs: once for each version, and one sentence when they cannot be."""

from pathlib import Path

import pytest

from devkit import tools

GO = """#!/bin/sh
echo "$@" >>"$GO_CALLS"
name=${2%@*}
test "$GO_FAILS" || echo "$2" >"$GOBIN/${name##*/}"
test ! "$GO_FAILS"
"""

NPM = """#!/bin/sh
echo "$@" >>"$NPM_CALLS"
test "$NPM_FAILS" && exit 1
mkdir -p "$3/node_modules/.bin" && echo "$@" >"$3/node_modules/.bin/azurite-table"
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, and what a `go` that builds nothing was asked for."""
    folder = tmp_path / ".tools"
    (folder / "bin").mkdir(parents=True)
    for name, path in {"FOLDER": folder, "BIN": folder / "bin", "_STAMP": folder / "installed.json"}.items():
        monkeypatch.setattr(tools, name, path)
    go = tmp_path / "path" / "go"
    go.parent.mkdir()
    go.write_text(GO)
    go.chmod(0o755)
    npm = go.with_name("npm")
    npm.write_text(NPM)
    npm.chmod(0o755)
    monkeypatch.setenv("NPM_CALLS", str(tmp_path / "npm-calls"))
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    monkeypatch.setenv("GO_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def test_a_tool_is_built_once_for_each_version(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools.install(["crane"])
    tools.install(["crane"])
    assert calls.read_text().splitlines() == [f"install {tools.TOOLS['crane']}"]
    assert tools.tool("crane").parent == tools.BIN
    monkeypatch.setitem(tools.TOOLS, "crane", "example.com/crane@v9")
    with pytest.raises(tools.Missing, match="make tools"):
        tools.tool("crane")
    tools.install(["crane"])
    assert tools.tool("crane").read_text() == "example.com/crane@v9\n"


def test_a_build_that_failed_is_tried_again(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GO_FAILS", "yes")
    with pytest.raises(tools.Missing, match="failed: the lines above say why"):
        tools.install(["oras"])
    monkeypatch.delenv("GO_FAILS")
    tools.install(["oras"])
    assert tools.tool("oras").is_file()


def test_without_go_one_sentence_says_so(calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", ["tools", "regctl"])
    assert tools.main() == 1
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("Go is missing") and tools.NEEDS_GO in sentence


def test_azurite_is_installed_by_npm_and_no_script_of_a_package_is_run(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools.install(["azurite-table"])
    tools.install(["azurite-table"])
    (asked,) = calls.with_name("npm-calls").read_text().splitlines()
    assert asked.startswith("install ") and asked.endswith(f" {tools.TOOLS['azurite-table'].removeprefix('npm:')}")
    assert "--ignore-scripts" in asked
    assert tools.tool("azurite-table").read_text() == f"{asked}\n"
    monkeypatch.setitem(tools.TOOLS, "azurite-table", "npm:azurite@9.9.9")
    with pytest.raises(tools.Missing, match=r"Node\.js"):
        tools.tool("azurite-table")
    monkeypatch.setenv("NPM_FAILS", "yes")
    with pytest.raises(tools.Missing, match=r"'npm install azurite@9\.9\.9' failed: the lines above say why"):
        tools.install(["azurite-table"])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(tools.Missing, match=r"npm is missing, and installs azurite-table: install Node\.js"):
        tools.install(["azurite-table"])

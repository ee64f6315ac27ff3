"""The programs that the devkit and the app are judged with, in Go and one in JavaScript: built by Go itself, or installed by npm, at one
version each, into a folder of the checkout.

`python -m devkit.tools [NAME ...]` installs those that are not there yet, without names all. Exit status 1, and one sentence, if it
cannot."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".tools"
BIN = FOLDER / "bin"
_STAMP = FOLDER / "installed.json"

TOOLS = {
    "conformance": "github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111",
    "crane": "github.com/google/go-containerregistry/cmd/crane@v0.22.1",
    "oras": "oras.land/oras/cmd/oras@v1.3.6",
    "regctl": "github.com/regclient/regclient/cmd/regctl@v0.11.7",
    "azurite-table": "npm:azurite@3.35.0",  # its next versions want a newer Node.js
}
NEEDS_GO = "1.26.7"  # what the newest of their go.mod files says
NEEDS_NODE = "20"
_NPM = "npm:"


class Missing(Exception):
    """What keeps the tools from being there, in one sentence with the fix."""


def tool(name: str) -> Path:
    """The installed program of this version. Raises `Missing`."""
    if _installed().get(name) != TOOLS[name] or not (BIN / name).is_file():
        raise Missing(f"{name} is not installed in {BIN}: run 'make tools', which needs {_needs(name)}.")
    return BIN / name


def install(names: Iterable[str]) -> None:
    """Raises `Missing`. A second run at the same time waits for the first."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            if _installed().get(name) != TOOLS[name] or not (BIN / name).is_file():
                _install(name)


def _needs(name: str) -> str:
    return f"Node.js {NEEDS_NODE} or later, and npm" if TOOLS[name].startswith(_NPM) else f"Go {NEEDS_GO} or later"


def _install(name: str) -> None:
    if TOOLS[name].startswith(_NPM):
        _install_by_npm(name, TOOLS[name].removeprefix(_NPM))
    else:
        _install_by_go(name)
    _STAMP.write_text(json.dumps(_installed() | {name: TOOLS[name]}))


def _install_by_npm(name: str, package: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"npm is missing, and installs {name}: install {_needs(name)}, then run 'make tools' again.")
    print(f"installing {package} ...", file=sys.stderr, flush=True)
    options = ["--prefix", str(FOLDER), "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if subprocess.run([npm, "install", *options, package], check=False).returncode:
        raise Missing(f"'npm install {package}' failed: the lines above say why (it needs a way to npm's registry).")
    BIN.mkdir(exist_ok=True)
    (BIN / name).unlink(missing_ok=True)
    (BIN / name).symlink_to(Path("..") / "node_modules" / ".bin" / name)


def _install_by_go(name: str) -> None:
    go = shutil.which("go")
    if go is None:
        raise Missing(f"Go is missing, and {name} is built with it: install Go {NEEDS_GO} or later, then run 'make tools' again.")
    print(f"building {TOOLS[name]} ...", file=sys.stderr, flush=True)
    done = subprocess.run([go, "install", TOOLS[name]], cwd=FOLDER, env={**os.environ, "GOBIN": str(BIN)}, check=False)
    if done.returncode:
        sentence = f"'go install {TOOLS[name]}' failed: the lines above say why (it needs Go {NEEDS_GO} or later, and a way to Go's proxy)."
        raise Missing(sentence)


def _installed() -> dict[str, str]:
    """By name, what was built. Empty before the first, or when the file was not written whole."""
    try:
        value = json.loads(_STAMP.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(version) for name, version in value.items()}


def main() -> int:
    names = sys.argv[1:] or list(TOOLS)
    if unknown := sorted(set(names) - TOOLS.keys()):
        print(f"No such tool: {', '.join(unknown)}. There are {', '.join(TOOLS)}.", file=sys.stderr)
        return 2
    try:
        install(names)
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m devkit demo`, as `make demo` runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

from devkit.local.child import ROOT


def test_the_demo_shows_every_change_arrive_and_ends_well(tmp_path: Path) -> None:
    """Behind a proxy that it does not need, and that does not answer."""
    command = [sys.executable, "-m", "devkit", "demo", "--state", str(tmp_path)]
    shell = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    behind = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:1")
    ended = subprocess.run(command, cwd=ROOT, env={**shell, **behind}, capture_output=True, text=True, timeout=180, check=False)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    for artifact in ("web:v1", "web:stable", "web:v2", "api:v1", "job:v1"):
        for target in ("china", "usgov"):
            assert f"team/{artifact} in {target}: replicated " in ended.stdout
    assert len(re.findall(r"team/job@[0-9a-f]{12} in (?:china|usgov): deleted ", ended.stdout)) == 2
    summary = ended.stdout.partition("SHA-256 of what the demo itself read")[2]
    rows = [line.split() for line in summary.splitlines() if line.strip().startswith("team/")]
    held = {artifact: (source, china, usgov) for artifact, _, source, _, china, _, usgov in rows}
    assert len(held) == 8
    assert all(len(set(digests)) == 1 for digests in held.values())
    assert held["team/web:stable"] == held["team/web:v2"] != held["team/web:v1"]
    assert held["team/job:v1"] == ("absent",) * 3
    assert ended.stdout.endswith("The source, china and usgov hold the same, bit for bit.\n")

"""The pages in a real browser: they are seen, and no text of theirs becomes a program."""

import shutil
import subprocess
from pathlib import Path

import pytest

from devkit.tls import TlsFiles
from tests.devkit.cloud.browsing import IMAGE, SCRIPT, looked_at, push_hostile

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.debian, pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")]

ALONE = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update", "--disable-sync",
         "--disable-background-networking", "--no-proxy-server"]  # fmt: skip


def dom(address: str, profile: Path) -> str:
    """Once scripts have run, if there are any."""
    assert CHROMIUM is not None
    command = [CHROMIUM, "--headless", *ALONE, f"--user-data-dir={profile}", "--virtual-time-budget=2000", "--dump-dom", address]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_browser_shows_the_pages_and_runs_nothing(tmp_path: Path, tls: TlsFiles) -> None:
    hostile = tmp_path / "hostile.html"
    hostile.write_text(f"<title>harmless</title>{IMAGE}")
    assert "<title>taken over</title>" in dom(hostile.as_uri(), tmp_path / "profile"), "this browser would not be taken over anyway"
    with looked_at(tmp_path, tls) as cloud:
        digest = push_hostile(cloud, "hostile/app")
        address = f"http://localhost:{cloud.config['ports']['control']}"
        for path in ("/", f"/manifests/hostile/app@{digest}"):
            seen = dom(address + path, tmp_path / "profile")
            assert "taken over</title>" not in seen
            assert ("<script" in seen, "<img" in seen) == (False, False)
            assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;") in seen
            assert "hostile/app" in seen

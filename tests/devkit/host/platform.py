"""The app `platform` on a host of its own, with a host.json of the test's."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.devkit.host.running import APPS, Host


def platform(folder: Path, durable: dict[str, Any] | None = None, **more: Any) -> Host:
    """`durable`: the section durableTask; of `more`, `host_json` is what stands beside it. Not yet started."""
    work = folder / "work"
    work.mkdir(parents=True)
    shutil.copytree(APPS / "platform", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    host_json = more.pop("host_json", {})
    host = Host(folder / "app", folder, {"WORK": str(work), **more.pop("settings", {})}, **more)
    configure(host, durable or {}, host_json)
    return host


def configure(host: Host, durable: dict[str, Any], host_json: dict[str, Any] | None = None) -> None:
    """For the next start."""
    content = {"version": "2.0", **(host_json or {}), "extensions": {"durableTask": durable}}
    (host.app / "host.json").write_text(json.dumps(content))


def calls(host: Host) -> list[str]:
    """What the activity `count` has been called with, in order."""
    path = host.folder / "work" / "calls"
    return path.read_text().splitlines() if path.exists() else []


def began(host: Host, orchestrator: str, instance: str, value: Any = None, query: str = "") -> str:
    answer = host.call("POST", f"/runtime/webhooks/durabletask/orchestrators/{orchestrator}/{instance}?{query}", value or {})
    assert answer.status == 202, answer.body
    return str(answer.json["id"])


def ran(host: Host, orchestrator: str, instance: str, value: Any = None, query: str = "") -> dict[str, Any]:
    return host.ended(began(host, orchestrator, instance, value, query))

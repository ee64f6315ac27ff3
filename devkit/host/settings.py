"""What the host is told: the app's settings (`local.settings.json`) and `host.json`.

Source: "host.json reference for Azure Functions 2.x and later"; "Durable Functions settings (host.json)"."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.host.problem import Problem


def read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise Problem(f"{path} does not exist: create it, or name another file.") from None
    except ValueError as error:
        raise Problem(f"{path} is not JSON ({error}): correct it there.") from None
    if not isinstance(value, dict):
        raise Problem(f"{path} holds no JSON object: see 'local.settings.json file' in the Core Tools documentation for its form.")
    return value


def app_settings(path: Path) -> dict[str, str]:
    """`Values` of a local.settings.json."""
    values = read_json(path).get("Values", {})
    wrong = sorted(name for name, value in values.items() if not isinstance(value, str))
    if wrong:
        raise Problem(f"{path}: the value of {', '.join(wrong)} is not a string: settings are environment variables, so put it in quotes.")
    return dict(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """The parts of host.json that the stand-in honours."""

    route_prefix: str
    hub: str
    default_version: str | None
    store_inputs: bool  # storeInputsInOrchestrationHistory
    activities: int  # maxConcurrentActivityFunctions
    orchestrators: int  # maxConcurrentOrchestratorFunctions

    @classmethod
    def read(cls, path: Path, settings: Mapping[str, str]) -> "HostConfig":
        extensions = read_json(path).get("extensions", {})
        durable = extensions.get("durableTask", {})
        hub = resolved(str(durable.get("hubName", "TestHubName")), settings, f"hubName in {path}")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", hub):
            raise Problem(f"hubName {hub!r} in {path} is not a task hub name: 3 to 45 letters and digits, a letter first.")
        by_cores = 10 * (os.cpu_count() or 1)
        version = durable.get("defaultVersion")
        return cls(
            route_prefix=str(extensions.get("http", {}).get("routePrefix", "api")).strip("/"),
            hub=hub,
            default_version=None if version is None else resolved(str(version), settings, f"defaultVersion in {path}"),
            store_inputs=bool(durable.get("storeInputsInOrchestrationHistory", False)),
            activities=int(durable.get("maxConcurrentActivityFunctions", by_cores)),
            orchestrators=int(durable.get("maxConcurrentOrchestratorFunctions", by_cores)),
        )


def resolved(text: str, settings: Mapping[str, str], where: str) -> str:
    """`%NAME%` replaced by the setting NAME, as the host resolves binding expressions."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise Problem(f"{where} names the setting {match[1]}, which does not exist: add it to Values in the settings file.")
        return settings[match[1]]

    return re.sub(r"%([^%]+)%", value, text)

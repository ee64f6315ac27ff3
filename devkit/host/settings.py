"""What the host is told: the app's settings (`local.settings.json`) and `host.json`.

Source: "host.json reference for Azure Functions 2.x and later"; "Durable Functions settings (host.json)"."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.host import jsonc
from devkit.host.problem import Problem


def read_json(path: Path) -> dict[str, Any]:
    try:
        value = jsonc.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Problem(f"Cannot read {path} ({error.strerror}): create it, or name another file.") from None
    except ValueError as error:
        raise Problem(f"{path} is not JSON ({error}): correct it there.") from None
    if not isinstance(value, dict):
        raise Problem(f"{path} holds no JSON object: see 'local.settings.json file' in the Core Tools documentation for its form.")
    return value


def section(value: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    inner = value.get(name, {})
    if not isinstance(inner, dict):
        raise Problem(f"{name} in {path} is not an object: write it with braces.")
    return inner


def limit(durable: Mapping[str, Any], name: str, path: Path) -> int:
    value = durable.get(name, 10 * (os.cpu_count() or 1))
    if not isinstance(value, int) or value < 1:
        raise Problem(f"{name} in {path} is {value!r}: it must be a whole number from 1 on.")
    return value


def app_settings(path: Path) -> dict[str, str]:
    """`Values` of a local.settings.json."""
    content = read_json(path)
    if content.get("IsEncrypted") is True:
        raise Problem(f"{path} is encrypted, which only the Core Tools can undo: run 'func settings decrypt', or write the values plainly.")
    values = section(content, "Values", path)
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
    traces: bool  # tracing: distributedTracingEnabled and version V2

    @classmethod
    def read(cls, path: Path, settings: Mapping[str, str]) -> "HostConfig":
        extensions = section(read_json(path), "extensions", path)
        durable, http = section(extensions, "durableTask", path), section(extensions, "http", path)
        tracing = section(durable, "tracing", path)
        hub = resolved(str(durable.get("hubName", "TestHubName")), settings, f"hubName in {path}")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", hub):
            raise Problem(f"hubName {hub!r} in {path} is not a task hub name: 3 to 45 letters and digits, a letter first.")
        version = durable.get("defaultVersion")
        return cls(
            route_prefix=str(http.get("routePrefix", "api")).strip("/"),
            hub=hub,
            default_version=None if version is None else resolved(str(version), settings, f"defaultVersion in {path}"),
            store_inputs=bool(durable.get("storeInputsInOrchestrationHistory", False)),
            activities=limit(durable, "maxConcurrentActivityFunctions", path),
            traces=tracing.get("distributedTracingEnabled") is True and tracing.get("version") == "V2",
            orchestrators=limit(durable, "maxConcurrentOrchestratorFunctions", path),
        )


def resolved(text: str, settings: Mapping[str, str], where: str) -> str:
    """`%NAME%` replaced by the setting NAME, as the host resolves binding expressions."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise Problem(f"{where} names the setting {match[1]}, which does not exist: add it to Values in the settings file.")
        return settings[match[1]]

    return re.sub(r"%([^%]+)%", value, text)

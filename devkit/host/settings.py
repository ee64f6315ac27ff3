"""What the host is told: the app's settings (`local.settings.json`) and `host.json`.

Source: "host.json reference for Azure Functions 2.x and later"; "Durable Functions settings (host.json)"."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from devkit.host import jsonc
from devkit.host.durable.versions import MATCHES, ON_MISMATCH, Versions
from devkit.host.problem import Problem

OVERRIDABLE = ("AnyState", "NonRunningStates")
Choice = TypeVar("Choice", bound=str)


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


def limit(durable: Mapping[str, Any], name: str, path: Path, default: int) -> int:
    value = durable.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Problem(f"{name} in {path} is {value!r}: it must be a whole number from 1 on.")
    return value


def choice(durable: Mapping[str, Any], name: str, path: Path, choices: Sequence[Choice], default: Choice) -> Choice:
    """Without regard to case, as .NET reads the names of an enumeration."""
    value = durable.get(name, default)
    for each in choices:
        if isinstance(value, str) and value.lower() == each.lower():
            return each
    raise Problem(f"{name} in {path} is {value!r}: it must be one of {', '.join(choices)}.")


def duration(content: Mapping[str, Any], name: str, path: Path) -> float | None:
    """Seconds. None when it is not given, or -1, which is without an end."""
    value = content.get(name, "-1")
    if value == "-1":
        return None
    found = re.fullmatch(r"(?:(\d+)\.)?(\d\d?):(\d\d):(\d\d)", str(value))
    if found is None or not any(seconds := [int(part or 0) for part in found.groups()]):
        raise Problem(f'{name} in {path} is {value!r}: write hours, minutes and seconds, such as "00:05:00", or "-1" for no end.')
    return float(((seconds[0] * 24 + seconds[1]) * 60 + seconds[2]) * 60 + seconds[3])


def unread(path: Path) -> list[str]:
    """The sections of a local.settings.json that the Core Tools read and the stand-in does not."""
    content = read_json(path)
    return [name for name in ("ConnectionStrings", "Host") if content.get(name)]


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
    versions: Versions
    store_inputs: bool  # storeInputsInOrchestrationHistory
    activities: int  # maxConcurrentActivityFunctions
    orchestrators: int  # maxConcurrentOrchestratorFunctions
    entities: int  # maxConcurrentEntityFunctions
    traces: bool  # tracing: distributedTracingEnabled and version V2
    replaces_running: bool  # overridableExistingInstanceStates: AnyState
    actions: int  # maxOrchestrationActions
    timeout: float | None  # functionTimeout, in seconds of the machine's clock, as the app's own work is; None: there is none

    @classmethod
    def read(cls, path: Path, settings: Mapping[str, str]) -> "HostConfig":
        content = read_json(path)
        extensions = section(content, "extensions", path)
        durable, http = section(extensions, "durableTask", path), section(extensions, "http", path)
        tracing = section(durable, "tracing", path)
        hub = resolved(str(durable.get("hubName", "TestHubName")), settings, f"hubName in {path}")
        provider = str(section(durable, "storageProvider", path).get("type", "AzureStorage"))
        if provider.lower() == "azurestorage" and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", hub):
            raise Problem(f"hubName {hub!r} in {path} is not a task hub name: 3 to 45 letters and digits, a letter first.")
        places = 10 * (os.cpu_count() or 1)
        orchestrators = limit(durable, "maxConcurrentOrchestratorFunctions", path, places)
        return cls(
            route_prefix=str(http.get("routePrefix", "api")).strip("/"),
            hub=hub,
            versions=versions(durable, settings, path),
            store_inputs=bool(durable.get("storeInputsInOrchestrationHistory", False)),
            activities=limit(durable, "maxConcurrentActivityFunctions", path, places),
            orchestrators=orchestrators,
            entities=limit(durable, "maxConcurrentEntityFunctions", path, orchestrators),
            replaces_running=choice(durable, "overridableExistingInstanceStates", path, OVERRIDABLE, "NonRunningStates") == "AnyState",
            actions=limit(durable, "maxOrchestrationActions", path, 100_000),
            timeout=duration(content, "functionTimeout", path),
            traces=tracing.get("distributedTracingEnabled") is True and tracing.get("version") == "V2",
        )


def versions(durable: Mapping[str, Any], settings: Mapping[str, str], path: Path) -> Versions:
    given = durable.get("defaultVersion")
    if not isinstance(given, str | int | float | None) or isinstance(given, bool):
        raise Problem(f'defaultVersion in {path} is {given!r}: write a text, such as "1.0".')
    return Versions(
        default=None if given is None else resolved(str(given), settings, f"defaultVersion in {path}"),
        match=choice(durable, "versionMatchStrategy", path, MATCHES, "CurrentOrOlder"),
        on_mismatch=choice(durable, "versionFailureStrategy", path, ON_MISMATCH, "Reject"),
    )


def resolved(text: str, settings: Mapping[str, str], where: str) -> str:
    """`%NAME%` replaced by the setting NAME, as the host resolves binding expressions."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise Problem(f"{where} names the setting {match[1]}, which does not exist: add it to Values in the settings file.")
        return settings[match[1]]

    return re.sub(r"%([^%]+)%", value, text)

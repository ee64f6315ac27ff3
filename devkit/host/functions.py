"""The functions of an app as the host gets them from the worker, and which of them it takes.

Source: WorkerFunctionMetadataProvider and Utility in azure-functions-host."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.host.problem import Problem
from devkit.host.retry import Retry

log = logging.getLogger("devkit.host")
Binding = Mapping[str, Any]
NAME = re.compile(r"(?!host$)[a-z][a-z0-9_-]{0,127}", re.IGNORECASE | re.ASCII)
BINDING_NAME = re.compile(r"(?!.*__)[a-zA-Z_][a-zA-Z0-9_]{0,127}")  # as of the host's pull request 10764
TRIGGERS = {"httpTrigger", "eventGridTrigger", "timerTrigger", "orchestrationTrigger", "activityTrigger", "entityTrigger"}
BINDINGS = {"http", "durableClient"}


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app: its bindings as the host gets them from the worker."""

    name: str
    id: str
    bindings: Sequence[Binding]
    retry: Retry | None = None

    @property
    def trigger(self) -> Binding:
        return next(binding for binding in self.bindings if binding["type"].endswith("Trigger"))

    @property
    def kind(self) -> str:
        """Of its trigger: http, timer, eventGrid, orchestration, activity, entity."""
        return str(self.trigger["type"]).removesuffix("Trigger")

    def named(self, binding_type: str) -> list[str]:
        return [binding["name"] for binding in self.bindings if binding["type"] == binding_type]


def tell_of_unserved(functions: Sequence[Function]) -> None:
    """Whatever is bound to a service that the local host does not imitate."""
    for function in functions:
        for binding in function.bindings:
            kind, name = binding["type"], function.name
            if kind in TRIGGERS | BINDINGS:
                continue
            if binding is function.trigger:
                fate = "nothing triggers it"
            else:
                fate = "its calls fail" if str(binding["direction"]).lower() in ("in", "0") else "what it sends there is lost"
            log.warning("%s is bound to %s, which the local host leaves out: %s", name, kind, fate)


def disabled(name: str, settings: Mapping[str, str]) -> bool:
    """Whether a setting takes the function out of service. Source: "How to disable functions in Azure Functions"."""
    key = f"azurewebjobs.{name}.disabled".lower()
    if not any(setting.lower() == key and value.lower() in ("true", "1") for setting, value in settings.items()):
        return False
    log.warning("%s is disabled by the setting AzureWebJobs.%s.Disabled: nothing runs it, nor does the admin API", name, name)
    return True


def nothing_found(folder: Path) -> str:
    """Why the worker found no function there."""
    script = folder / os.environ.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if script.exists():
        return f"{script} registers no function: decorate some, or register their blueprints."
    if next(folder.glob("*/function.json"), None) is not None:
        return (
            f"{folder} is an app of the Python v1 model (function.json files), which the local host does not run:"
            " write it in the v2 model, a function_app.py with decorators."
        )
    return f"{folder} has no {script.name}: name the app's folder with --app."


def check(functions: Sequence[Function]) -> None:
    """Rules of the host process that the worker does not know. Azure leaves out a function that breaks one; here the app is refused, so
    that it cannot be missed. Raises `Problem`."""
    seen: dict[str, str] = {}
    for function in functions:
        if not NAME.fullmatch(function.name):
            raise Problem(
                f"{function.name!r} is no name that the host takes for a function: a letter, then up to 127 letters, digits, '_' and '-';"
                " rename it, or name it with @app.function_name."
            )
        if (other := seen.setdefault(function.name.lower(), function.name)) != function.name:
            raise Problem(f"The functions {other} and {function.name} differ in case only, which the host does not tell apart: rename one.")
        for binding in function.bindings:
            if binding["name"] != "$return" and not BINDING_NAME.fullmatch(binding["name"]):
                raise Problem(
                    f"The binding name {binding['name']!r} of function {function.name} is invalid: the host wants up to 128 letters, digits"
                    " and single underscores, no digit first; rename the parameter."
                )
            if "_" in binding["name"]:
                log.warning(
                    "the binding name %r of %s has an underscore: hosts before 4.1038 (2025) refuse it", binding["name"], function.name
                )

"""The arrows of DESIGN.md, section 2, the purity of what is replayed, and what the host finds when it loads the app."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from orchestrators import import_desk
from orchestrators.waiting_room import OPERATIONS
from replication.importdesk import DESK
from replication.waiting import ROOM

ROOT = Path(__file__).parents[1]
APP = {"function_app", "orchestrators", "activities", "api", "cli", "ledger", "registries", "replication", "telemetry"}
MAY_IMPORT: dict[str, set[str]] = {
    "replication": set(),
    "telemetry": {"replication"},
    "registries": {"replication", "telemetry"},
    "ledger": {"registries", "replication"},
    "activities": {"ledger", "registries", "replication", "telemetry"},
    "orchestrators": {"replication"},
    "api": {"registries", "replication", "telemetry"},
    "cli": {"replication"},
    "function_app": {"activities", "api", "orchestrators", "replication", "telemetry"},
}
LOOKED_UP_WHEN_NEEDED = (
    "azure.data",
    "azure.identity",
    "azure.keyvault",
    "azure.mgmt",
    "azure.monitor",
    "cryptography",
    "msal",
    "google.protobuf",
    "opentelemetry.exporter",
    "opentelemetry.instrumentation",
    "opentelemetry.sdk",
    "sqlite3",
)
IMPURE = {"os", "random", "secrets", "time", "uuid", "asyncio", "threading", "socket", "aiohttp", "logging", "telemetry"}
BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}")  # the host's rule for a binding's name


def files_of(*packages: str) -> list[Path]:
    return [file for package in packages for file in (sorted((ROOT / package).rglob("*.py")) or [ROOT / f"{package}.py"])]


def trees_of(*packages: str) -> Iterator[ast.Module]:
    yield from map(tree_of, files_of(*packages))


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def modules_imported_by(*packages: str) -> set[str]:
    """Whole names, those that only type checkers read as well. All imports are absolute here."""
    found: set[str] = set()
    for tree in trees_of(*packages):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0 and node.module is not None
                found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages_imported_by(*packages: str) -> set[str]:
    return {module.partition(".")[0] for module in modules_imported_by(*packages)}


def test_every_package_of_the_app_has_its_arrows() -> None:
    """A folder or module that is deployed and unknown here would be checked by nobody."""
    ours = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or (path.is_dir() and list(path.glob("*.py")))}
    assert ours - {"devkit", "tests", "bench"} == APP == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_run_one_way(package: str) -> None:
    assert (packages_imported_by(package) & APP) - {package} <= MAY_IMPORT[package]


@pytest.mark.parametrize("package", sorted(APP))
def test_the_app_knows_nothing_of_its_tools(package: str) -> None:
    assert packages_imported_by(package).isdisjoint({"devkit", "tests", "bench"})


@pytest.mark.parametrize("package", ["devkit", "tests/devkit", "tests/e2e", "tests/chaos"])
def test_what_judges_the_app_shares_nothing_with_it(package: str) -> None:
    assert packages_imported_by(package).isdisjoint(APP)


def test_the_domain_needs_nothing_but_python() -> None:
    assert packages_imported_by("replication") - {"replication"} <= sys.stdlib_module_names


@pytest.mark.parametrize("package", ["orchestrators", "replication"])
def test_what_is_replayed_is_pure(package: str) -> None:
    """An orchestrator runs again from its start after each step, and must come to the same; the domain is what it thinks with."""
    assert packages_imported_by(package).isdisjoint(IMPURE)


@pytest.mark.parametrize("package", ["orchestrators", "replication"])
def test_the_only_clock_of_what_is_replayed_is_durables(package: str) -> None:
    """Of the module of times, types and arithmetic; never the time that it is."""
    taken = {
        f"{node.value.id}.{node.attr}"
        for tree in trees_of(package)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    }
    assert taken <= {"datetime.fromisoformat", "datetime.fromtimestamp"}


@pytest.fixture(scope="module")
def loaded() -> dict[str, Any]:
    """What a fresh process finds that imports the app as the host's worker does: its functions, and every module that it took for that.
    `get_functions` answers once in a process."""
    script = """if True:
        import json, sys
        import function_app, ledger
        modules = sorted(sys.modules)
        functions = [
            {
                "name": one.get_function_name(),
                "trigger": one.get_trigger().get_binding_name(),
                "bindings": [binding.name for binding in one.get_bindings()],
                "auth": getattr(getattr(one.get_trigger(), "auth_level", None), "name", None),
            }
            for one in function_app.app.get_functions()
        ]
        print(json.dumps({"functions": functions, "modules": modules}))
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("APPLICATIONINSIGHTS_", "OTEL_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def names(loaded: dict[str, Any], trigger: str) -> set[str]:
    return {one["name"] for one in loaded["functions"] if one["trigger"] == trigger}


def names_called(*packages: str, by: dict[str, int]) -> set[str]:
    """The texts that stand at a place among the arguments of these calls."""
    calls = [node for tree in trees_of(*packages) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    told = [(call, by.get(call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", ""))) for call in calls]
    arguments = [call.args[place] for call, place in told if place is not None]
    return {str(argument.value) for argument in arguments if isinstance(argument, ast.Constant)}


def test_every_activity_that_is_called_is_there_and_every_one_there_is_called(loaded: dict[str, Any]) -> None:
    called = names_called("orchestrators", by={"insist": 0, "call": 0, "call_all": 0, "call_activity": 0})
    assert called == names(loaded, "activityTrigger")


def test_every_orchestration_that_is_started_is_there_and_every_one_there_is_started(loaded: dict[str, Any]) -> None:
    by = {"call_sub_orchestrator": 0, "child": 0, "_start": 1, "start_new": 0}
    started = names_called("orchestrators", "activities", "function_app", "api", by=by)
    assert started == names(loaded, "orchestrationTrigger")


def test_every_operation_of_an_entity_that_is_asked_for_is_there_and_every_one_there_is_asked_for(loaded: dict[str, Any]) -> None:
    """In Azure, nobody answers for an entity that does not exist."""
    assert names(loaded, "entityTrigger") == {ROOM, DESK}
    assert (
        names_called("orchestrators", by={"ask": 0, "signal": 0, "call_entity": 1, "signal_entity": 1})
        == OPERATIONS.keys() | import_desk.OPERATIONS.keys()
    )


@pytest.mark.parametrize("package, trigger", [("activities", "activityTrigger"), ("orchestrators", "orchestrationTrigger")])
def test_a_function_is_found_in_the_file_of_its_name(loaded: dict[str, Any], package: str, trigger: str) -> None:
    decorated = {
        node.name: file.stem
        for file in files_of(package)
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any("trigger" in ast.unparse(one) for one in node.decorator_list)
    }
    entities = names(loaded, "entityTrigger") if package == "orchestrators" else set()
    assert decorated == {name: name for name in names(loaded, trigger) | entities}


def test_names_are_such_as_the_host_takes(loaded: dict[str, Any]) -> None:
    for function in loaded["functions"]:
        assert BINDING_NAME.sub("", function["name"].replace("_", "")) == ""
        for binding in function["bindings"]:
            assert BINDING_NAME.fullmatch(binding) or binding == "$return", f"{function['name']}: {binding}"


def test_only_http_and_event_grid_come_in_from_outside_and_http_wants_a_key(loaded: dict[str, Any]) -> None:
    outside = [one for one in loaded["functions"] if one["trigger"] not in ("activityTrigger", "orchestrationTrigger", "entityTrigger")]
    assert {one["trigger"] for one in outside} == {"httpTrigger", "eventGridTrigger"}
    assert {one["auth"] for one in outside if one["trigger"] == "httpTrigger"} == {"FUNCTION"}


@pytest.mark.parametrize("package", LOOKED_UP_WHEN_NEEDED)
def test_a_cold_start_does_not_wait_for(loaded: dict[str, Any], package: str) -> None:
    assert not [module for module in loaded["modules"] if module == package or module.startswith(f"{package}.")]

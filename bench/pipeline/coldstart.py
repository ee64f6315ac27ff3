"""A cold start: what a fresh process pays until the worker knows the app's functions, beside the two packages that no such app is without.

Interleaved, so that a busy machine slows both. The interpreter may keep bytecode, in a folder of this run's own."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.pipeline.figures import Figure, Section, Table, median
from devkit.local.child import ROOT, kept_environment

BARE = "import azure.functions, azure.durable_functions"
APP = "import function_app; function_app.app.get_functions()"
NOWHERE = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=https://localhost:1/"  # exports nothing, in time


def cold_start(folder: Path, times: int) -> Section:
    """Medians of so many starts."""
    plain = {**kept_environment(), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    plain.pop("PYTHONDONTWRITEBYTECODE", None)
    told = {**plain, "APPLICATIONINSIGHTS_CONNECTION_STRING": NOWHERE, "PYTHON_ENABLE_OPENTELEMETRY": "true"}
    source_alone = {**plain, "PYTHONPYCACHEPREFIX": str(folder / "none"), "PYTHONDONTWRITEBYTECODE": "1"}
    kinds: Mapping[str, tuple[str, Mapping[str, str]]] = {
        "bare": (BARE, plain),
        "app": (APP, plain),
        "app with a connection string": (APP, told),
        "bare, without bytecode": (BARE, source_alone),
        "app, without bytecode": (APP, source_alone),
    }
    for script, environment in kinds.values():
        _start(script, environment)  # bytecode, and the file cache
    wall: dict[str, list[float]] = {name: [] for name in kinds}
    cpu: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(times):
        for name, (script, environment) in kinds.items():
            if "without" in name and number % 3:  # each takes seconds
                continue
            took, spent = _start(script, environment)
            wall[name].append(took)
            cpu[name].append(spent)
    return Section(
        "Cold start",
        f"Importing and indexing `function_app` in a fresh process, against `{BARE}`; medians of {times}, interleaved; "
        "without bytecode of a third as many.",
        [
            Figure("the app, of the bare import", median(wall["app"]) / median(wall["bare"]), 1.15, "{:.2f} ×"),
            Figure("the same, CPU", median(cpu["app"]) / median(cpu["bare"]), None, "{:.2f} ×"),
            Figure("with a connection string", median(wall["app with a connection string"]) / median(wall["bare"]), None, "{:.2f} ×"),
            Figure(
                "neither has bytecode", median(wall["app, without bytecode"]) / median(wall["bare, without bytecode"]), None, "{:.2f} ×"
            ),
        ],
        [
            (
                "Milliseconds",
                Table(
                    ("", "median", "fastest", "CPU, median"),
                    [
                        (name, f"{1000 * median(wall[name]):.0f}", f"{1000 * min(wall[name]):.0f}", f"{1000 * median(cpu[name]):.0f}")
                        for name in kinds
                    ],
                ),
            )
        ],
    )


def _start(script: str, environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds: by the wall, and of CPU."""
    began, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=dict(environment), check=True, stderr=subprocess.DEVNULL)
    took, after = time.perf_counter() - began, os.times()
    return took, after.children_user + after.children_system - before.children_user - before.children_system

"""What stops an app from loading in Azure stops it here, with the worker's own words; and what does not, does not (durable-host.md 1.4)."""

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.devkit.process import ROOT

ACTIVITY = '@app.activity_trigger(input_name="x")\n'
TIMER = '@app.timer_trigger(arg_name="t", schedule="0 0 0 * * *")\n'
NO_TYPE = "FunctionLoadError: cannot load the f function: binding x has invalid non-type annotation"

REFUSED = {
    "two functions of a name": (
        f'@app.function_name("a")\n{ACTIVITY}def f(x): pass\n@app.function_name("a")\n{ACTIVITY}def g(x): pass\n',
        "ValueError: Function a does not have a unique function name",
    ),
    "names that differ in case": (
        f'@app.function_name("a")\n{ACTIVITY}def f(x): pass\n@app.function_name("A")\n{ACTIVITY}def g(x): pass\n',
        "Problem: The functions a and A differ in case only",
    ),
    "no trigger": (
        '@app.durable_client_input(client_name="c")\nasync def f(c): pass\n',
        "ValueError: Function f does not have a trigger",
    ),
    "two triggers": (f"{ACTIVITY}{TIMER}def f(x, t): pass\n", "ValueError: A trigger was already registered"),
    "a parameter without a binding": (f"{ACTIVITY}def f(x, y): pass\n", "the following parameters are declared in Python but not in"),
    "a binding without a parameter": (
        f'{ACTIVITY}@app.durable_client_input(client_name="c")\nasync def f(x): pass\n',
        "FunctionLoadError: cannot load the f function: Extra parameters in binding definition",
    ),
    "a context of another type": (f"{ACTIVITY}def f(x, context: int): pass\n", 'the "context" parameter is expected to be of type'),
    "an orchestrator's other name for it": ('@app.orchestration_trigger(context_name="ctx")\ndef f(ctx): yield\n', "FunctionLoadError"),
    "an entity's other name for it": ('@app.entity_trigger(context_name="ctx")\ndef f(ctx): pass\n', "FunctionLoadError"),
    "an event of another type": (
        '@app.event_grid_trigger(arg_name="e")\ndef f(e: int): pass\n',
        'binding decorator "eventGridTrigger" does not match its Python annotation "int"',
    ),
    "a dict from HTTP": (
        '@app.route(route="x")\ndef f(req: func.HttpRequest) -> dict: return {}\n',
        'Python return annotation "dict" does not match binding type "http"',
    ),
    "a timer of another type": (f"{TIMER}def f(t: func.HttpRequest): pass\n", 'does not match its Python annotation "HttpRequest"'),
    "a request of another type": (
        '@app.route(route="x")\ndef f(req: int) -> str: return ""\n',
        'does not match its Python annotation "int"',
    ),
    "two apps": ("other = func.FunctionApp()\n", "ValueError: More than one DFApp or other top level function app instances"),
    "an app in an app": ("app.register_functions(df.DFApp())\n", "TypeError: functions can not be type of FunctionRegister!"),
    "no app": ("del app\n", "ValueError: Could not find top level function app instances in function_app.py"),
    **{
        hint: (f"{ACTIVITY}def f(x: {hint}): pass\n", NO_TYPE)
        for hint in ("dict[str, int]", "list[int]", "int | None", "Optional[int]", "Union[int, str]", "tuple[int, int]")
    },
}
TAKEN = {
    **{hint: f"{ACTIVITY}def f(x: {hint}): pass\n" for hint in ("dict", "Dict[str, Any]", "List[int]", "Any", "func.HttpRequest")},
    "any return": f"{ACTIVITY}def f(x) -> list[int]: return [1]\n",
    "a context": f"{ACTIVITY}def f(x, context: func.Context): pass\n",
    "a blueprint": f"b = df.Blueprint()\n{ACTIVITY.replace('app', 'b')}def f(x): pass\napp.register_functions(b)\n",
}


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, str]:
    sources = {name: source for name, (source, _) in REFUSED.items()} | TAKEN
    command = [sys.executable, "-m", "tests.devkit.host.loading"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(sources), capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("name", REFUSED)
def test_what_stops_an_app_in_azure_stops_it_here(outcomes: Mapping[str, str], name: str) -> None:
    assert REFUSED[name][1] in outcomes[name]


@pytest.mark.parametrize("name", TAKEN)
def test_what_azure_takes_is_taken(outcomes: Mapping[str, str], name: str) -> None:
    assert outcomes[name] == "loaded"

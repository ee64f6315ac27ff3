"""How the host starts, and how it refuses to."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from devkit.tls import TlsFiles
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import WEBHOOK, Host


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"over TLS")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def tls_server(tls: TlsFiles) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Hello)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_settings_are_in_the_environment_before_any_library_reads_it(host: Host, tls_server: str) -> None:
    """aiohttp makes its default TLS context when it is imported; only the setting SSL_CERT_FILE names the authority."""
    ended = host.run("patient", {"call": "fetch", "name": tls_server})
    assert ended["output"] == ["over TLS", 42]


def test_the_app_finds_the_modules_beside_it_and_on_its_path_and_none_of_the_folder_that_the_host_was_started_in(tmp_path: Path) -> None:
    host = app(tmp_path, HEAD + "import beside, shared\nbeside.speak()\nimport tests.devkit.host.running\n")
    host.command, host.settings = True, {"PYTHONPATH": str(host.app / "src")}
    (host.app / "src").mkdir()
    (host.app / "src" / "shared.py").touch()
    (host.app / "beside.py").write_text("def speak(): print('I am here')\n")
    log = host.refusal()
    assert "I am here" in log
    assert "ModuleNotFoundError: No module named 'tests" in log


def test_what_the_app_prints_does_not_disturb_the_ready_line(tmp_path: Path) -> None:
    host = app(tmp_path, HEAD + "print('a greeting')\n" + ACTIVITY)
    host.command = True
    assert host.start().stop() == 0
    assert "a greeting" in host.log.read_text()


HEAD = """
import azure.functions as func
import azure.durable_functions as df
app = df.DFApp()
"""
ACTIVITY = '@app.activity_trigger(input_name="work")\ndef a(work: dict) -> int:\n    return 1\n'


def app(folder: Path, source: str, host_json: str = '{"version": "2.0"}') -> Host:
    app = folder / "app"
    app.mkdir()
    (app / "function_app.py").write_text(source)
    (app / "host.json").write_text(host_json)
    return Host(app, folder / "host")


@pytest.mark.parametrize(
    "source, said",
    [
        pytest.param(
            '@app.activity_trigger(input_name="work")\ndef a(work: dict[str, int]) -> int:\n    return 1\n',
            "FunctionLoadError: cannot load the a function: binding work has invalid non-type annotation",
            id="an annotation that the worker does not take",
        ),
        pytest.param(
            "import nothing_of_this_name\n",
            "ModuleNotFoundError: No module named 'nothing_of_this_name'",
            id="a module that is missing",
        ),
    ],
)
def test_an_app_that_the_worker_cannot_load_is_told_as_the_worker_raised_it(tmp_path: Path, source: str, said: str) -> None:
    log = app(tmp_path, HEAD + source).refusal()
    assert said in log
    assert "Traceback" in log


def test_a_module_that_is_not_installed_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    last = app(tmp_path, HEAD + "import nothing_of_this_name\n").refusal().splitlines()[-1]
    assert last.startswith("The module nothing_of_this_name is not installed for ")
    assert "-m pip install -r requirements.txt" in last


@pytest.mark.parametrize(
    "source, said",
    [
        pytest.param(
            '@app.activity_trigger(input_name="the__work")\ndef a(the__work: dict) -> int:\n    return 1\n',
            "The binding name 'the__work' of function a is invalid",
            id="a binding name that only Azure would refuse",
        ),
        pytest.param(
            "import sys\nsys.exit(4)\n",
            "The app ended the host while it was imported, by SystemExit(4)",
            id="an app that leaves",
        ),
        pytest.param(
            '@app.route(route="x/{id:uuid}")\ndef a(req: func.HttpRequest) -> str:\n    return ""\n',
            "has a constraint that ASP.NET Core does not know, or not so (no constraint 'uuid')",
            id="a route constraint that is unknown",
        ),
    ],
)
def test_what_the_host_refuses_beyond_the_worker_is_one_sentence(tmp_path: Path, source: str, said: str) -> None:
    log = app(tmp_path, HEAD + source).refusal()
    assert said in log.splitlines()[-1]
    assert "Traceback" not in log


MUTED = """
import logging
logging.disable(logging.CRITICAL)
@app.activity_trigger(input_name="work")
def a(work: dict) -> int:
    raise ValueError("bad")
@app.orchestration_trigger(context_name="context")
def o(context):
    yield context.call_activity("a", {})
"""


def test_an_app_that_turns_logging_off_does_not_hide_its_failures_from_the_host(tmp_path: Path) -> None:
    host = app(tmp_path, HEAD + MUTED).start()
    host.call("POST", f"{WEBHOOK}/orchestrators/o/muted")
    said = host.ended("muted")["output"].partition("\n")[0].rstrip()
    assert said == "Orchestrator function 'o' failed: Activity function 'a' failed:  ValueError: bad"
    assert host.stop() == 0


def test_an_app_without_functions_is_one_sentence(tmp_path: Path) -> None:
    assert "registers no function: decorate some, or register their blueprints.\n" in app(tmp_path, HEAD).refusal()


def test_a_folder_without_an_app_is_one_sentence(tmp_path: Path) -> None:
    host = app(tmp_path, "")
    (host.app / "function_app.py").unlink()
    assert "has no function_app.py: name the app's folder with --app." in host.refusal()


def test_an_app_of_the_older_programming_model_is_told_so(tmp_path: Path) -> None:
    host = app(tmp_path, "")
    (host.app / "function_app.py").unlink()
    (host.app / "Hello").mkdir()
    (host.app / "Hello" / "function.json").write_text("{}")
    assert "is an app of the Python v1 model (function.json files), which the local host does not run" in host.refusal()


PLAIN = """
import azure.functions as func
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
@app.route(route="one", trigger_arg_name="the_request")
def one(the_request: func.HttpRequest) -> str:
    return "one"
@app.route(route="two", trigger_arg_name="request")
def two(request: func.HttpRequest) -> str:
    return "two"
"""


def test_an_app_may_have_a_comment_in_host_json_underscores_in_bindings_and_a_function_that_a_setting_disables(tmp_path: Path) -> None:
    """A comment only without Durable Functions: their SDK reads host.json too, and by `json.loads`."""
    host = app(tmp_path, PLAIN, '{"version": "2.0", /* the newest */ }')
    host.settings = {"AzureWebJobs.Two.Disabled": "true"}
    host.start()
    assert (host.call("GET", "/api/one").body, host.call("GET", "/api/two").status) == (b"one", 404)
    assert host.stop() == 0
    log = host.log.read_text()
    assert "'the_request' of one has an underscore: hosts before 4.1038 (2025) refuse it" in log
    assert "two is disabled by the setting AzureWebJobs.two.Disabled" in log


def test_a_setting_that_host_json_names_and_the_settings_lack_is_one_sentence(make_host: MakeHost) -> None:
    host = make_host()
    host.settings = {}
    log = host.refusal()
    assert "names the setting HUB, which does not exist: add it to Values in the settings file." in log
    assert len(log.splitlines()) == 1


def test_a_task_hubs_name_comes_from_the_settings(host: Host) -> None:
    started = host.call("POST", f"{WEBHOOK}/orchestrators/chain", {"name": "a", "number": 1})
    assert "taskHub=SampleHub&" in started.json["statusQueryGetUri"]


def test_a_busy_port_is_one_sentence(make_host: MakeHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        log = make_host(port=port).refusal()
    assert log == f"Port {port} is busy: stop the program that listens there (maybe another host), or choose another with --port.\n"


def test_a_second_host_on_the_same_state_is_refused_and_the_first_goes_on(host: Host) -> None:
    second = Host(host.app, host.folder / "second", host.settings)
    second.folder.mkdir()
    (second.folder / "state").symlink_to(host.folder / "state")
    assert "Another host uses the state folder" in second.refusal()
    assert host.run("chain", {"name": "a", "number": 1})["runtimeStatus"] == "Completed"


@pytest.mark.parametrize("text", ['{"function": "a', "[]", '{"function": 1}'])
def test_a_broken_file_of_keys_is_one_sentence(make_host: MakeHost, text: str) -> None:
    host = make_host()
    file = host.folder / "state" / "keys.json"
    file.parent.mkdir()
    file.write_text(text)
    assert host.refusal() == f"{file} is not a JSON object of keys: remove it, and it is made anew at the next start.\n"


def test_keys_are_made_once(make_host: MakeHost) -> None:
    host = make_host(enforce_keys=True).start()
    keys = host.keys
    assert host.stop() == 0
    assert host.start().keys == keys
    assert set(keys) == {"function", "master", "eventgrid_extension", "durabletask_extension"}
    assert json.loads((host.folder / "state" / "keys.json").read_text()) == keys

"""`python -m devkit clouds`, as `make clouds` runs it, and an app that somebody else runs against it: here the devkit's host, by the very
line that is printed for it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devkit.demo.judge import read
from devkit.demo.push import Pusher
from devkit.demo.registry import Connection
from devkit.local.child import ROOT
from devkit.local.endpoints import Control, Registry
from devkit.local.images import make_image
from tests.devkit.process import ready_line
from tests.e2e.eventually import eventually
from tests.e2e.plainhttp import Http

LEFT_OUT = {"PYTHON_ENABLE_OPENTELEMETRY"}  # of the example's settings: there is nothing to send traces to


@contextmanager
def running(command: list[str], log: Path, **shell: str) -> Iterator[tuple[subprocess.Popen[bytes], Any]]:
    """The process, in a group of its own, and the line that it prints when it is ready."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **shell}, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    try:
        yield process, ready_line(process, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0, log.read_text()
        assert process.stdout is not None
        process.stdout.close()


def registry_of(told: dict[str, Any]) -> Registry:
    control = Control(told["control"]["url"], told["control"]["key"])
    return Registry(told["name"], told["loginServer"], told["registry"], told["username"], told["password"], control)


def test_an_app_that_is_run_by_the_printed_line_replicates(tmp_path: Path) -> None:
    state, log = tmp_path / "state", tmp_path / "clouds.log"
    with running([sys.executable, "-m", "devkit", "clouds", "--state", str(state), "--targets", "1"], log) as (_, told):
        settings = Path(told["settings"])
        assert settings.stat().st_mode & 0o777 == 0o600
        values = json.loads(settings.read_text())["Values"]
        example = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
        assert example.keys() - values.keys() == LEFT_OUT
        assert (values["AzureWebJobsStorage"], values["FUNCTIONS_WORKER_RUNTIME"]) == ("UseDevelopmentStorage=true", "python")
        assert Path(told["ca"]).read_text() in Path(values["SSL_CERT_FILE"]).read_text()

        eventually(log.read_text, lambda text: "Push an image" in text)
        advice = [line.strip() for line in log.read_text().splitlines() if line.startswith("  ")]
        line = next(one for one in advice if "devkit.host" in one)
        assert not [one for one in advice for secret in (told["source"]["password"], values["ChinaClientSecret"]) if secret in one]
        port = line.rpartition(" ")[2]
        assert f"{line.partition(' ')[0]} func start --port {port}" in advice

        source, china, ca = registry_of(told["source"]), registry_of(told["targets"][0]), Path(told["ca"])
        image = make_image("by somebody else's host")
        behind = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:1")
        unset = dict.fromkeys(("NO_PROXY", "no_proxy"), "")
        with running(["sh", "-c", f"exec {line.replace('SSL_CERT_FILE', 'env SSL_CERT_FILE')}"], tmp_path / "host.log", **behind, **unset):
            with Pusher(source, ca) as pusher:
                pusher.push(image, "team/elsewhere", "v1")
            with Connection(china, ca) as connection:
                eventually(lambda: read(connection, "team/elsewhere", "v1").digest, lambda digest: digest == image.digest)
            app = Http(f"http://127.0.0.1:{port}")
            answer = app.send("GET", "/api/status?repository=team/elsewhere&tag=v1", {})  # no key, as under the Core Tools
            assert (answer.status, answer.json()["in_sync"]) == (200, True)

"""The processes: what they are told, how they end, what is left."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from devkit.cloud.config import CloudConfig
from devkit.cloud.identities.rights import Right
from devkit.cloud.identities.roles import Permission, read_role
from devkit.local.child import ROOT
from devkit.local.problem import Problem
from devkit.local.stack import Stack
from tests.devkit.local.conftest import OF_THE_SHELL
from tests.devkit.local.running import control, seen, write_app


def pids(stack: Stack) -> list[int]:
    return [pid for child in (stack.host, *stack.clouds.values()) if (pid := child.pid)]


def test_every_cloud_answers_by_its_endpoint(stack: Stack) -> None:
    assert [control(registry, "health")["cloud"] for registry in stack.endpoints.registries] == ["source", "china", "usgov"]


def test_the_app_gets_its_settings_and_the_authority(stack: Stack) -> None:
    settings = seen(stack.endpoints)["settings"]
    assert stack.app_settings.items() <= settings.items()
    assert settings["SSL_CERT_FILE"] == str(stack.endpoints.ca)
    targets = {target["name"]: target for target in json.loads(settings["ReplicationTargets"])}
    for target in stack.endpoints.targets:
        told = targets[target.name]
        assert (told["registry"], told["loginServer"]) == (target.registry_id, target.login_server)
        assert settings[told["clientSecretSetting"]] == stack.secrets[f"{target.name}/client-secret"]
        config = CloudConfig.from_json(stack.clouds[target.name].settings)
        assert (told["cloud"]["authority"], told["cloud"]["resourceManager"]) == (config.entra_url, config.arm_url)
        assert (told["cloud"]["armAudience"], told["cloud"]["acrAudience"]) == (config.arm_audience, config.acr_audience)
        assert (told["tenantId"], told["clientId"]) == (config.tenant_id, config.principals[0].client_id)


def test_the_app_gets_nothing_else_of_the_shell(stack: Stack) -> None:
    settings = seen(stack.endpoints)["settings"]
    assert [name for name in OF_THE_SHELL if name in settings] == []
    assert settings["PATH"] == os.environ["PATH"]


def test_the_app_may_do_no_more_than_its_role(stack: Stack) -> None:
    source, china = (CloudConfig.from_json(stack.clouds[name].settings) for name in ("source", "china"))
    rights = {token.name: token.rights.by_pattern for token in source.tokens}
    assert rights == {"developer": {"*": frozenset(Right)}, "replication-pull": {"*": {Right.PULL}}}
    assert source.principals == ()
    assert [token.name for token in china.tokens] == ["developer"]
    assert china.principals[0].grants.permissions[1:] == tuple(read_role(f"{ROOT}/infra/role.json#rbac"))  # no more than is deployed
    assert china.principals[0].grants.permissions[0] == Permission()


def test_one_factor_moves_the_time_of_the_clouds_and_of_the_host(tmp_path: Path, small_app: Path) -> None:
    with Stack(tmp_path, app=small_app, clock_scale=3600) as stack:
        assert {control(registry, "clock")["scale"] for registry in stack.endpoints.registries} == {3600}
        with contextlib.closing(sqlite3.connect(stack.endpoints.app.database)) as database:
            ((kept,),) = database.execute("SELECT value FROM setting WHERE name = 'clock'")
        assert json.loads(kept)["scale"] == 3600


def test_settings_of_the_caller_win_and_may_change_between_two_starts(tmp_path: Path, small_app: Path) -> None:
    with Stack(tmp_path, app=small_app, settings={"ReplicationSettle": "9"}) as stack:
        before = seen(stack.endpoints)
        stack.host.kill()
        stack.app_settings["ChinaClientSecret"] = "wrong"
        stack.host.start()
        after = seen(stack.endpoints)
    assert (before["settings"]["ReplicationSettle"], after["settings"]["ChinaClientSecret"]) == ("9", "wrong")
    assert before["pid"] != after["pid"]


def test_one_cloud_is_killed_and_goes_on_while_the_others_run(stack: Stack) -> None:
    before = pids(stack)
    stack.clouds["china"].restart()
    assert control(stack.endpoints.targets[0], "health") == {"cloud": "china"}
    assert len(set(before) & set(pids(stack))) == 3


def test_an_event_finds_the_app(stack: Stack) -> None:
    from devkit.demo.push import Pusher
    from devkit.local.images import make_image

    with Pusher(stack.endpoints.source, stack.endpoints.ca) as pusher:
        pusher.push(make_image("event"), "stack/event", "v1")
    while not (delivered := [event for event in control(stack.endpoints.source, "events") if event["state"] != "pending"]):
        assert stack.died() is None
    assert [event["state"] for event in delivered] == ["delivered"]
    assert seen(stack.endpoints)["events"] == ["stack/event:v1"]


def test_a_host_that_cannot_start_says_why_and_nothing_is_left(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "raise RuntimeError('no such luck')")
    stack = Stack(tmp_path / "state", app=app)
    with pytest.raises(Problem, match=r"(?s)The host did not start: the last lines of .*host\.log.*no such luck"):
        stack.start()
    assert pids(stack) == []
    stack.ports.require_free(tmp_path / "state" / "ports.json")
    Stack(tmp_path / "state", app=app)  # the state folder is free again


def test_a_process_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path, small_app: Path) -> None:
    with Stack(tmp_path, app=small_app) as stack:
        assert stack.died() is None
        assert stack.host.pid is not None
        os.kill(stack.host.pid, signal.SIGKILL)
        told = str(stack.wait())
        assert told.startswith(f"The host ended by itself with signal SIGKILL: the last lines of {stack.endpoints.app.log}\n")
        assert "the small app is loaded" in told
        assert str(stack.died()) == told
        stack.host.kill()
        stack.host.start()
        assert stack.died() is None


HOLDER = """
import sys
from pathlib import Path
from devkit.local.stack import Stack
with Stack(Path(sys.argv[1]), app=Path(sys.argv[2])) as stack:
    print(*[port for port, user in stack.ports if user == "the app" or "control" in user], flush=True)
    stack.wait()
"""


def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path, small_app: Path) -> None:
    """A connection to each child ends with it."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path), str(small_app)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        connections = [socket.create_connection(("127.0.0.1", int(port)), 10) for port in holder.stdout.readline().split()]
        holder.kill()
    assert len(connections) == 4
    for connection in connections:
        with connection, contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""

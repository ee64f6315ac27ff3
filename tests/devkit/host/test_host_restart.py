"""A changed settings file restarts the app; a broken one does not."""

import json

from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import Host, eventually


def rewrite(host: Host, **changed: str) -> None:
    values = {**host.settings, **changed}
    (host.folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))


def greeting(host: Host) -> str | None:
    try:
        answer = host.call("GET", "/api/setting/GREETING")
    except OSError:
        return None  # between two processes
    return answer.body.decode()


def test_an_app_gets_changed_settings_without_a_hand_and_goes_on_where_it_was(make_host: MakeHost) -> None:
    host = make_host(settings={"GREETING": "hello"}, command=True).start()
    assert greeting(host) == "hello"
    host.begin("listener", instance="waits")
    rewrite(host, GREETING="good day")
    eventually(lambda: greeting(host) == "good day", "the new settings")
    host.client("raise_event", instance_id="waits", event_name="go", event_data=1)
    assert host.ended("waits")["runtimeStatus"] == "Completed"
    assert host.stop() == 0


def test_settings_that_are_broken_for_a_moment_change_nothing(make_host: MakeHost) -> None:
    host = make_host(settings={"GREETING": "hello"}, command=True).start()
    (host.folder / "local.settings.json").write_text("{")
    eventually(lambda: "goes on with its earlier settings" in host.log.read_text(), "the warning")
    assert greeting(host) == "hello"

"""A damaged row: its instance fails and says so; the others go on."""

from contextlib import closing
from typing import Any

import pytest

from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import WEBHOOK, Host, eventually
from tests.devkit.host.test_host_storage import begin, database


def waiting(host: Host, *instances: str) -> None:
    for instance in instances:
        begin(host, "listener", instance, {})
    eventually(lambda: all(host.status(instance)["runtimeStatus"] == "Running" for instance in instances), "their first steps")


def restarted(host: Host, *statements: str) -> None:
    """The host starts again with a database that somebody has laid hands on."""
    assert host.stop() == 0
    with closing(database(host)) as damaged:
        for statement in statements:
            assert damaged.execute(statement).rowcount == 1, statement
    host.start()


def go(host: Host, instance: str) -> dict[str, Any]:
    host.call("POST", f"{WEBHOOK}/instances/{instance}/raiseEvent/go", 1)
    return host.ended(instance)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param("UPDATE history SET event = '{\"Event' WHERE id = 'hurt' AND seq = 1", "history", id="history"),
        pytest.param("UPDATE history SET event = '[]' WHERE id = 'hurt' AND seq = 1", "history", id="history of another form"),
        pytest.param("UPDATE instance SET input = '{' WHERE id = 'hurt'", "input", id="input"),
    ],
)
def test_an_instance_with_a_damaged_past_fails_and_the_others_go_on(make_host: MakeHost, statement: str, said: str) -> None:
    host = make_host().start()
    waiting(host, "hurt", "well")
    restarted(host, statement)
    host.call("POST", f"{WEBHOOK}/instances/hurt/raiseEvent/go", 1)
    assert go(host, "well")["output"] == {"got": 1}
    eventually(lambda: host.call("GET", f"{WEBHOOK}/instances/hurt?showInput=false").json["runtimeStatus"] == "Failed", "its failure")
    output = host.status("hurt", "showInput=false")["output"]
    assert output == f"Orchestrator function 'listener' failed: The {said} of this instance is damaged in the database."
    assert f"hurt: The {said} of this instance is damaged" in host.log.read_text()
    if said == "input":
        answer = host.call("GET", f"{WEBHOOK}/instances/hurt")
        assert answer.status == 500 and "damaged" in answer.json["ExceptionMessage"]
    else:
        answer = host.call("GET", f"{WEBHOOK}/instances/hurt?showHistory=true")
        assert answer.status == 500 and "damaged" in answer.json["ExceptionMessage"]
    assert {each["instanceId"] for each in host.call("GET", f"{WEBHOOK}/instances").json} == {"hurt", "well"}


def test_a_damaged_message_fails_its_instance(make_host: MakeHost) -> None:
    host = make_host().start()
    begin(host, "nap", "hurt", {"seconds": 3600})
    waiting(host, "well")
    eventually(lambda: host.rows("inbox") == 1, "its timer")
    restarted(host, "UPDATE inbox SET event = 'x', visible = '0' WHERE id = 'hurt'")
    assert host.ended("hurt")["output"].startswith("Orchestrator function 'nap' failed: A message to this instance is damaged")
    assert go(host, "well")["output"] == {"got": 1}
    assert host.rows("inbox") == 0


def test_a_damaged_row_of_an_instance_reads_as_a_failure(make_host: MakeHost) -> None:
    host = make_host().start()
    waiting(host, "hurt", "well")
    restarted(host, "UPDATE instance SET parent = '{' WHERE id = 'hurt'")
    assert "The row of this instance is damaged" in go(host, "hurt")["output"]
    assert go(host, "well")["output"] == {"got": 1}
    assert {each["runtimeStatus"] for each in host.call("GET", f"{WEBHOOK}/instances").json} == {"Failed", "Completed"}
    assert host.call("DELETE", f"{WEBHOOK}/instances/hurt").status == 200


def test_a_damaged_message_to_an_entity_is_dropped_loudly_and_the_entity_goes_on(make_host: MakeHost) -> None:
    host = make_host().start()
    waiting(host, "well")
    assert host.stop() == 0
    with closing(database(host)) as damaged:
        insert = "INSERT INTO inbox (id, control, event, visible) VALUES ('@tally@hurt', 0, ?, '0')"
        damaged.execute(insert, ('{"EventType": 15',))
        damaged.execute(insert, ('{"EventType": 15, "Input": "{"}',))
    host.start()
    host.call("POST", f"{WEBHOOK}/entities/tally/hurt?op=add", "3")
    eventually(lambda: host.call("GET", f"{WEBHOOK}/entities/tally/hurt").status == 200, "its state")
    assert host.log.read_text().count("@tally@hurt: A message to this") == 2
    assert host.rows("inbox") == 0

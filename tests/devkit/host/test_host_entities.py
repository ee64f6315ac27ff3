"""Entities: called and signalled by orchestrations and by the client, one operation after the other."""

from devkit.host.durable.messages import Kind
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import WEBHOOK, Host, eventually


def state(host: Host, key: str) -> object:
    return host.client("read_entity_state", entityId=["tally", key])["state"]


def test_an_orchestration_signals_an_entity_and_calls_it_in_order(host: Host) -> None:
    assert host.run("accountant", {"key": "book", "numbers": [1, 2, 3]}, "accountant")["output"] == [2, 6, 12]
    assert state(host, "book") == 6
    kinds = [Kind(each["EventType"]) for each in host.history("accountant")]
    assert (kinds.count(Kind.EVENT_SENT), kinds.count(Kind.EVENT_RAISED)) == (4, 1)


def test_a_failed_operation_is_an_exception_in_its_caller_and_changes_nothing(host: Host) -> None:
    host.client("signal_entity", entityId=["tally", "fragile"], operation_name="add", operation_input=5)
    eventually(lambda: state(host, "fragile") == 5, "the signal")
    assert host.run("unlucky_accountant", {"key": "fragile"})["output"] == "this tally is broken"
    assert state(host, "fragile") == 5


def test_keys_are_told_apart_by_case_and_names_are_not(host: Host) -> None:
    for name, key in (("Tally", "Case"), ("tALLY", "Case"), ("tally", "case")):
        host.client("signal_entity", entityId=[name, key], operation_name="add", operation_input=1)
    eventually(lambda: (state(host, "Case"), state(host, "case")) == (2, 1), "the signals")


def test_an_entity_that_destructs_itself_is_gone(host: Host) -> None:
    host.client("signal_entity", entityId=["tally", "short"], operation_name="add", operation_input=1)
    eventually(lambda: state(host, "short") == 1, "the signal")
    host.client("signal_entity", entityId=["tally", "short"], operation_name="forget")
    eventually(lambda: host.call("GET", f"{WEBHOOK}/entities/tally/short").status == 404, "its end")
    assert host.client("read_entity_state", entityId=["tally", "short"]) == {"exists": False, "state": None}


def test_an_entity_that_the_app_lacks_fails_loudly(host: Host) -> None:
    assert "The entity function 'abacus' does not exist" in host.run("lost_accountant")["output"]
    answer = host.call("POST", f"{WEBHOOK}/entities/abacus/a?op=get")
    assert answer.status == 400 and "Known entities: tally" in answer.json["ExceptionMessage"]


def test_forty_callers_of_one_entity_lose_nothing_through_kill_9(make_host: MakeHost) -> None:
    host = make_host().start()
    for number in range(40):
        host.begin("accountant", {"key": "shared", "numbers": [1]}, f"a{number}")
    host.kill()
    host.start()
    for number in range(40):
        assert host.ended(f"a{number}")["runtimeStatus"] == "Completed"
    assert state(host, "shared") == 40
    assert [host.rows(table) for table in ("inbox", "activity")] == [0, 0]

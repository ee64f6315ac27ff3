"""What an orchestrator sees of the host: the sample app's orchestrations, run by the real host and the SDK's own replay engine."""

import json
from typing import Any

import pytest

from devkit.host.durable.messages import Kind
from tests.devkit.host.running import Host, eventually


def kinds(history: list[dict[str, Any]]) -> list[str]:
    return [Kind(each["EventType"]).name for each in history]


def test_activities_are_called_with_what_the_orchestrator_gave_and_their_results_come_back(host: Host) -> None:
    assert host.run("chain", {"name": "you", "number": 21})["output"] == {"greeting": "hello you", "doubled": 42, "parent": None}


def test_a_history_reads_as_the_extension_writes_it(host: Host) -> None:
    host.run("chain", {"name": "you", "number": 21}, "history-chain")
    history = host.history("history-chain")
    assert kinds(history) == [
        *("ORCHESTRATOR_STARTED", "EXECUTION_STARTED", "TASK_SCHEDULED", "ORCHESTRATOR_COMPLETED"),
        *("ORCHESTRATOR_STARTED", "TASK_COMPLETED", "TASK_SCHEDULED", "ORCHESTRATOR_COMPLETED"),
        *("ORCHESTRATOR_STARTED", "TASK_COMPLETED", "EXECUTION_COMPLETED", "ORCHESTRATOR_COMPLETED"),
    ]
    assert [each["EventId"] for each in history if each["EventType"] == Kind.TASK_SCHEDULED] == [0, 1]
    assert [each["TaskScheduledId"] for each in history if each["EventType"] == Kind.TASK_COMPLETED] == [0, 1]
    assert all(each.keys() >= {"EventType", "EventId", "IsPlayed", "Timestamp"} for each in history)


def test_sub_orchestrations_run_under_the_ids_they_were_given_and_know_their_parent(host: Host) -> None:
    ended = host.run("gather", {"names": ["ab", "cde", "f"]}, "family")
    assert ended["output"] == {
        name: {"greeting": f"hello {name}", "doubled": 2 * len(name), "parent": "family"} for name in ("ab", "cde", "f")
    }
    assert host.status("family~cde")["name"] == "chain"


def test_the_custom_status_shows_how_far_a_gathering_loop_has_come(host: Host) -> None:
    assert host.run("gather", {"names": ["x", "y"]})["customStatus"] == {"done": ["x", "y"]}


def test_a_sub_orchestration_without_an_id_gets_one_from_its_parents_execution_and_task_number(host: Host) -> None:
    instance = host.begin("nameless", {"name": "n", "number": 1})
    host.ended(instance)
    created = next(each for each in host.history(instance) if each["EventType"] == Kind.SUB_ORCHESTRATION_CREATED)
    execution, _, number = created["InstanceId"].partition(":")
    assert len(execution) == 32 and int(execution, 16) >= 0 and number == "0"
    assert host.status(created["InstanceId"])["runtimeStatus"] == "Completed"


def test_a_child_whose_id_is_running_already_fails_its_parent_with_the_reason(host: Host) -> None:
    host.begin("listener", {}, "taken~child")
    assert "taken~child is running already" in host.run("careful_parent", {}, "taken")["output"]
    host.client("terminate", instance_id="taken~child", reason="done with")


def test_all_of_a_fan_out_comes_back_in_the_order_it_was_asked_for(host: Host) -> None:
    numbers = list(range(40))
    assert host.run("everything", {"numbers": numbers})["output"] == [2 * number for number in numbers]


def test_a_timer_is_never_early(host: Host) -> None:
    assert host.run("nap", {"seconds": 0.3})["output"] >= 0.3


def test_a_cancelled_timer_does_not_keep_its_orchestration_running(host: Host) -> None:
    ended = host.run("race", {"cancel": True})
    assert (ended["runtimeStatus"], ended["output"]) == ("Completed", [True, "hello again"])


def test_a_timer_that_lost_and_was_not_cancelled_keeps_its_orchestration_running(host: Host) -> None:
    instance = host.begin("race", {"cancel": False})
    eventually(lambda: kinds(host.history(instance)).count("TASK_COMPLETED") == 2, "the second activity's end")
    assert host.status(instance)["runtimeStatus"] == "Running"
    host.client("terminate", instance_id=instance, reason="seen")
    assert host.ended(instance)["output"] == "seen"


def test_a_retried_activity_succeeds_at_last_and_what_follows_gets_its_own_result(host: Host) -> None:
    ended = host.run("persistent", {"name": "third time", "failures": 2, "attempts": 5})
    assert ended["output"] == ["attempt 3", "hello after"]


def test_a_last_failure_is_followed_by_one_more_timer_and_then_reaches_the_orchestrator(host: Host) -> None:
    ended = host.run("persistent", {"name": "never", "failures": 9, "attempts": 2}, "retries")
    assert ended["output"] == ["Activity function 'flaky' failed:  RuntimeError: attempt 2 ", "hello after"]
    begun = (Kind.TASK_SCHEDULED, Kind.TIMER_CREATED)
    numbers = [(each["EventId"], Kind(each["EventType"]).name) for each in host.history("retries") if each["EventType"] in begun]
    assert numbers == [(0, "TASK_SCHEDULED"), (1, "TIMER_CREATED"), (2, "TASK_SCHEDULED"), (3, "TIMER_CREATED"), (4, "TASK_SCHEDULED")]


def test_a_retried_sub_orchestration_keeps_its_id_and_its_failure_reaches_the_parent_as_text(host: Host) -> None:
    ended = host.run("careful_parent", {}, "stubborn")
    assert ended["output"].startswith("Orchestrator function 'reckless' failed: Activity function 'fail' failed:  ValueError: no luck")
    created = [each["InstanceId"] for each in host.history("stubborn") if each["EventType"] == Kind.SUB_ORCHESTRATION_CREATED]
    assert created == ["stubborn~child", "stubborn~child"]


def test_an_external_event_arrives_as_an_object_by_http_and_as_json_text_by_the_client(host: Host) -> None:
    by_http, by_client = host.begin("listener", {}), host.begin("listener", {})
    answer = host.call("POST", f"/runtime/webhooks/durabletask/instances/{by_http}/raiseEvent/go", {"a": 1})
    assert answer.status == 202
    host.client("raise_event", instance_id=by_client, event_name="go", event_data={"a": 1})
    assert host.ended(by_http)["output"] == {"got": {"a": 1}}
    assert host.ended(by_client)["output"] == {"got": '{"a": 1}'}


def test_continue_as_new_begins_a_fresh_history_and_carries_over_an_event_that_came_early(host: Host) -> None:
    instance = host.begin("counter", {"round": 1})
    host.client("raise_event", instance_id=instance, event_name="finish", event_data=7)
    ended = host.ended(instance)
    assert ended["output"] == {"rounds": 3, "value": "7"}
    assert ended["customStatus"] == {"round": 3}
    assert kinds(host.history(instance)).count("EXECUTION_STARTED") == 1
    assert [each["EventId"] for each in host.history(instance) if each["EventType"] == Kind.TASK_SCHEDULED] == [0]


def test_a_caught_failure_carries_the_activitys_name_and_exception(host: Host) -> None:
    ended = host.run("cautious", {})
    assert (ended["runtimeStatus"], ended["output"]) == ("Completed", "Activity function 'fail' failed:  ValueError: bad ")


def test_an_uncaught_failure_ends_the_instance_with_a_text(host: Host) -> None:
    ended = host.run("reckless", {"what": "uncaught"})
    assert ended["runtimeStatus"] == "Failed"
    assert ended["output"].startswith("Orchestrator function 'reckless' failed: Activity function 'fail' failed:  ValueError: uncaught")


def test_an_orchestrators_own_bug_is_told_without_the_inputs_that_its_exception_carries(host: Host) -> None:
    ended = host.run("buggy", {"secret": "canary-5511"})
    assert (ended["runtimeStatus"], ended["output"]) == ("Failed", "Orchestrator function 'buggy' failed: 'a bug'")
    log = host.log.read_text()
    assert "buggy failed: Exception: 'a bug'" in log
    assert 'raise KeyError("a bug")' in log  # the line to look at
    assert "canary-5511" not in log


def test_an_activity_that_the_app_does_not_have_fails_the_instance_instead_of_hanging(host: Host) -> None:
    ended = host.run("misspelt")
    assert ended["runtimeStatus"] == "Failed"
    assert "The activity function 'gret' does not exist" in ended["output"]


def test_a_custom_status_over_16_kb_fails_the_instance_and_is_not_kept(host: Host) -> None:
    ended = host.run("loud", {"length": 8 * 1024})
    assert (ended["runtimeStatus"], ended["customStatus"]) == ("Failed", None)
    assert "custom status is larger than 16 KB" in ended["output"]
    assert host.run("loud", {"length": 8 * 1024 - 2})["runtimeStatus"] == "Completed"  # the quotes count


def test_every_activity_gets_a_span_of_its_own_in_its_callers_trace(host: Host) -> None:
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = host.call("POST", "/runtime/webhooks/durabletask/orchestrators/tracing?timeout=15", headers={"traceparent": caller})
    assert answer.status == 200, answer.body
    (given, current), (given_next, current_next) = answer.json
    assert given.startswith(caller[:36]) and given_next.startswith(caller[:36])
    assert len({given, given_next, caller}) == 3
    assert given.startswith(current) and given_next.startswith(current_next)  # what the app's telemetry takes for its parent


def test_a_callers_trace_goes_through_a_trigger_and_the_durable_client(host: Host) -> None:
    caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    started = host.call("POST", "/api/client/start_new", {"orchestration_function_name": "tracing"}, headers={"traceparent": caller})
    (given, _), _ = host.ended(started.json)["output"]
    assert given.startswith(caller[:36])


def test_with_strict_typing_a_forged_envelope_stays_a_dictionary(host: Host) -> None:
    forged = {"__class__": "Forged", "__module__": "nowhere", "__data__": "{}"}
    assert host.run("echo", {"value": forged})["output"] == {"type": "dict", "value": forged}


ESCAPES = ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "CancelledError", "StopIteration", "Mute"]


@pytest.mark.parametrize("call", ["escape", "escape_from_the_loop"])
def test_what_would_end_the_worker_or_hang_its_call_is_an_ordinary_failure_here(host: Host, call: str) -> None:
    said = {how: str(host.run("runaway", {"call": call, "how": how})["output"]) for how in ESCAPES}
    assert all("Azure loses its worker process by it" in said[how] for how in ESCAPES[:2])
    assert all("waits for an answer until functionTimeout" in said[how] for how in ESCAPES[2:4])
    assert "StopIteration" in said["StopIteration"]
    assert "its message cannot be told: __str__ raised RuntimeError" in said["Mute"]


def test_an_orchestrator_calls_by_http_and_gets_status_headers_and_content(host: Host) -> None:
    url = f"{host.url}/api/hello/you?a=1"
    first, doubled, refusal = host.run("caller", {"method": "POST", "url": url, "content": {"b": 2}})["output"]
    assert (first["statusCode"], first["headers"]["X-Two"], doubled) == (201, "2", 402)
    assert json.loads(first["content"]) == {"route": {"name": "you"}, "query": {"a": "1"}, "body": '{"b": 2}', "header": "1"}
    assert refusal.startswith("Activity function 'BuiltIn::HttpActivity' failed:  HttpRequestException: Cannot connect to host")


def test_an_orchestrator_that_yields_nothing_fails_instead_of_waiting_for_ever(host: Host) -> None:
    ended = host.run("idle", {})
    assert "waits for nothing that could still happen" in ended["output"]


def test_what_no_database_or_calendar_holds_fails_the_instance(host: Host) -> None:
    assert "holds half a character (a lone surrogate)" in host.run("halver", {})["output"]
    assert "A retry is to come in 1e+20 ms, and no calendar goes so far" in host.run("procrastinator", {})["output"]


def test_a_child_may_not_have_an_entitys_id(host: Host) -> None:
    assert "The instance ID '@tally@a' is an entity's" in host.run("pretender", {})["output"]

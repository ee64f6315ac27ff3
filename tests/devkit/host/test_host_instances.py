"""Instances as a client sees them: the SDK's own client inside the app, and the public HTTP API beside it."""

import json
from urllib.parse import quote

import pytest

from tests.devkit.host.running import WEBHOOK, Host, eventually

ALREADY = "An Orchestration instance with the status Running already exists."


def test_an_input_comes_back_as_json_text_from_the_client_and_as_an_object_by_http(host: Host) -> None:
    host.run("chain", {"name": "a", "number": 1}, "input-client")
    answer = host.call("POST", f"{WEBHOOK}/orchestrators/chain/input-http?timeout=15", {"name": "a", "number": 1})
    assert answer.json == {"greeting": "hello a", "doubled": 2, "parent": None}
    assert host.status("input-client")["input"] == '{"name": "a", "number": 1}'
    assert host.status("input-http")["input"] == {"name": "a", "number": 1}


def test_inputs_are_shown_unless_somebody_says_no(host: Host) -> None:
    host.run("chain", {"name": "a", "number": 1}, "shown")
    assert host.client("get_status", instance_id="shown", show_input=False)["input"] is not None  # the client never says no
    assert host.status("shown", "showInput=false")["input"] is None


def test_a_started_instance_answers_202_with_its_links_until_it_ends(host: Host) -> None:
    started = host.call("POST", f"{WEBHOOK}/orchestrators/listener/linked", {})
    assert (started.status, started.headers["Retry-After"]) == (202, "10")
    assert started.headers["Location"] == started.json["statusQueryGetUri"]
    assert started.json["id"] == "linked"
    running = host.call("GET", f"{WEBHOOK}/instances/linked")
    assert (running.status, running.headers["Retry-After"]) == (202, "5")
    host.call("POST", f"{WEBHOOK}/instances/linked/raiseEvent/go", {})
    host.ended("linked")
    assert host.call("GET", f"{WEBHOOK}/instances/linked").status == 200


def test_the_links_of_an_id_with_odd_characters_lead_to_it(host: Host) -> None:
    odd = "zwei Wörter & 100%"
    started = host.call("POST", f"{WEBHOOK}/orchestrators/chain/{quote(odd)}", {"name": "a", "number": 1})
    host.ended(odd)
    assert host.call("GET", started.json["statusQueryGetUri"].removeprefix(host.url)).json["instanceId"] == odd


def test_starting_an_id_that_runs_is_a_500_and_leaves_it_alone(host: Host) -> None:
    host.begin("listener", {}, "twice")
    eventually(lambda: host.status("twice")["runtimeStatus"] == "Running", "the first episode")
    with pytest.raises(AssertionError, match=ALREADY):
        host.begin("listener", {}, "twice")
    again = host.call("POST", f"{WEBHOOK}/orchestrators/listener/twice", {})
    assert again.status == 500
    assert again.json["ExceptionMessage"] == ALREADY
    host.client("raise_event", instance_id="twice", event_name="go", event_data=1)
    assert host.ended("twice")["runtimeStatus"] == "Completed"


def test_starting_an_id_that_has_ended_replaces_it_with_its_history(host: Host) -> None:
    host.run("chain", {"name": "first", "number": 1}, "replaced")
    assert host.run("chain", {"name": "second", "number": 2}, "replaced")["output"]["greeting"] == "hello second"
    assert "hello first" not in str(host.history("replaced"))


def test_an_orchestrator_that_the_app_does_not_have_is_a_400_that_names_those_it_has(host: Host) -> None:
    answer = host.call("POST", f"{WEBHOOK}/orchestrators/chian", {})
    assert answer.status == 400
    assert "The function 'chian' doesn't exist" in answer.json["ExceptionMessage"]
    assert "chain" in answer.json["ExceptionMessage"]
    assert host.call("POST", f"{WEBHOOK}/orchestrators/CHAIN?timeout=15", {"name": "a", "number": 1}).status == 200


@pytest.mark.parametrize("instance", ["@entity", "a#b", "a\\b", "a\nb", "x" * 257])
def test_an_id_that_azure_refuses_is_refused(host: Host, instance: str) -> None:
    answer = host.call("POST", f"{WEBHOOK}/orchestrators/listener/{quote(instance, safe='')}", {})
    assert answer.status == 400
    assert "Instance IDs have 1 to 256 characters" in answer.json["ExceptionMessage"]


def test_terminate_ends_at_once_with_the_reason_as_output(host: Host) -> None:
    host.begin("listener", {}, "stopped")
    host.client("terminate", instance_id="stopped", reason="enough")
    ended = host.ended("stopped")
    assert (ended["runtimeStatus"], ended["output"]) == ("Terminated", "enough")


def test_a_suspended_instance_keeps_its_events_until_it_is_resumed(host: Host) -> None:
    host.begin("listener", {}, "paused")
    eventually(lambda: host.status("paused")["runtimeStatus"] == "Running", "the first episode")
    host.client("suspend", instance_id="paused", reason="wait")
    eventually(lambda: host.status("paused")["runtimeStatus"] == "Suspended", "the suspension")
    assert host.call("POST", f"{WEBHOOK}/instances/paused/suspend").status == 500
    for _ in range(40):  # more than an episode takes at once: the resumption must not wait behind them
        host.call("POST", f"{WEBHOOK}/instances/paused/raiseEvent/noise", 0)
    host.client("raise_event", instance_id="paused", event_name="go", event_data=1)
    host.run("chain", {"name": "another", "number": 1})  # the host has been round since
    assert host.status("paused")["runtimeStatus"] == "Suspended"
    host.client("resume", instance_id="paused", reason="go on")
    assert host.ended("paused")["output"] == {"got": "1"}


@pytest.mark.parametrize("verb", ["terminate", "suspend", "resume", "raiseEvent/go"])
def test_an_ended_instance_is_gone_for_signals_and_an_unknown_one_not_found(host: Host, verb: str) -> None:
    host.run("chain", {"name": "a", "number": 1}, "over")
    assert host.call("POST", f"{WEBHOOK}/instances/over/{verb}", {}).status == 410
    assert host.call("POST", f"{WEBHOOK}/instances/nobody/{verb}", {}).status == 404


def test_an_event_must_be_json(host: Host) -> None:
    host.begin("listener", {}, "strict")
    answer = host.call("POST", f"{WEBHOOK}/instances/strict/raiseEvent/go", body=b"1", headers={"Content-Type": "text/plain"})
    assert answer.status == 400
    host.client("terminate", instance_id="strict", reason="seen")


def test_purging_forgets_an_instance_even_a_running_one(host: Host) -> None:
    host.begin("listener", {}, "purged")
    assert host.client("purge_instance_history", instance_id="purged") == 1
    assert host.client("purge_instance_history", instance_id="purged") == 0
    assert host.call("GET", f"{WEBHOOK}/instances/purged").status == 404
    assert host.history("purged") == []


def test_purging_by_filter_takes_what_fits_it(host: Host) -> None:
    host.run("reckless", {"what": "x"}, "swept-failed")
    host.run("chain", {"name": "a", "number": 1}, "swept-completed")
    assert host.call("DELETE", f"{WEBHOOK}/instances/").status == 400
    swept = host.call("DELETE", f"{WEBHOOK}/instances/?createdTimeFrom=2020-01-01T00:00:00Z&instanceIdPrefix=swept&runtimeStatus=Failed")
    assert swept.json == {"instancesDeleted": 1}
    assert host.status("swept-completed")["runtimeStatus"] == "Completed"


def test_instances_are_found_by_the_prefix_of_their_ids_and_by_status(host: Host) -> None:
    for instance in ("find!a:1", "find!a:2", "find!ab:1"):
        host.run("chain", {"name": "a", "number": 1}, instance)
    host.run("reckless", {"what": "x"}, "find!a:3")
    found = host.client("get_status_by", instance_id_prefix="find!a:")
    assert [each["instanceId"] for each in found] == ["find!a:1", "find!a:2", "find!a:3"]
    failed = host.client("get_status_by", instance_id_prefix="find!a:", runtime_status=["Failed", "Terminated"])
    assert [each["instanceId"] for each in failed] == ["find!a:3"]


def test_a_listing_comes_in_pages_that_a_token_continues(host: Host) -> None:
    for number in range(5):
        host.run("chain", {"name": "a", "number": number}, f"page-{number}")
    path, pages = f"{WEBHOOK}/instances/?instanceIdPrefix=page-&top=2", []
    headers: dict[str, str] = {}
    while True:
        answer = host.call("GET", path, headers=headers)
        pages.append([each["instanceId"] for each in answer.json])
        if (token := answer.headers.get("x-ms-continuation-token")) is None:
            break
        headers = {"x-ms-continuation-token": token}
    assert pages == [["page-0", "page-1"], ["page-2", "page-3"], ["page-4"]]


def test_a_shown_history_folds_what_a_task_began_with_into_its_end(host: Host) -> None:
    host.run("chain", {"name": "a", "number": 1}, "told")
    events = host.status("told", "showHistory=true&showHistoryOutput=true")["historyEvents"]
    assert [each["EventType"] for each in events] == ["ExecutionStarted", "TaskCompleted", "TaskCompleted", "ExecutionCompleted"]
    assert (events[1]["FunctionName"], events[1]["Result"]) == ("greet", "hello a")
    assert events[3]["Result"] == {"greeting": "hello a", "doubled": 2, "parent": None}
    assert json.loads(json.loads(events[0]["Input"])) == {"name": "a", "number": 1}
    bare = host.status("told", "showHistory=true&showInput=false")["historyEvents"]
    assert not any({"Input", "Result"} & each.keys() for each in bare)


def test_a_shown_history_has_timers_and_their_ends_and_a_failure_s_reason(host: Host) -> None:
    host.run("family", {}, "told-family")
    events = host.status("told-family", "showHistory=true")["historyEvents"]
    kinds = ["TaskCompleted", "TimerCreated", "TimerFired", "SubOrchestrationInstanceFailed", "ExecutionCompleted"]
    assert [each["EventType"] for each in events[1:]] == kinds
    assert events[-2]["Reason"].startswith("Orchestrator function 'reckless' failed") and "TimerId" not in events[3]


def test_rewind_is_left_out_and_says_what_to_do_instead(host: Host) -> None:
    answer = host.call("POST", f"{WEBHOOK}/instances/x/rewind")
    assert answer.status == 501
    assert "The local host leaves out rewind" in answer.json["ExceptionMessage"]
    assert "restartWithNewInstanceId=false" in answer.json["ExceptionMessage"]


def test_a_restarted_instance_runs_again_with_its_input_under_another_id_or_its_own(host: Host) -> None:
    first = host.run("chain", {"name": "a", "number": 4}, "again")
    fresh = host.call("POST", f"{WEBHOOK}/instances/again/restart")
    assert (fresh.status, fresh.headers["Location"]) == (202, fresh.json["statusQueryGetUri"])
    assert fresh.json["id"] != "again"
    other = host.ended(fresh.json["id"])
    assert [other[key] for key in ("name", "input", "output")] == [first[key] for key in ("name", "input", "output")]

    answer = host.client("restart", instance_id="again", restart_with_new_instance_id=False)
    assert answer["id"] == "again"
    assert host.ended("again")["output"] == first["output"]


def test_an_instance_that_runs_is_restarted_under_another_id_only(host: Host) -> None:
    host.begin("listener", {}, "busy")
    eventually(lambda: host.status("busy")["runtimeStatus"] == "Running", "the first episode")
    refused = host.call("POST", f"{WEBHOOK}/instances/busy/restart?restartWithNewInstanceId=false")
    assert (refused.status, refused.json["ExceptionMessage"]) == (500, ALREADY)
    fresh = host.client("restart", instance_id="busy")["id"]
    for instance in ("busy", fresh):
        host.client("terminate", instance_id=instance, reason="seen")
    missing = host.call("POST", f"{WEBHOOK}/instances/nobody/restart")
    assert missing.status == 400 and "nobody" in missing.json["ExceptionMessage"]


def test_a_start_that_waits_answers_with_the_output_or_with_the_status_of_what_failed(host: Host) -> None:
    path = f"{WEBHOOK}/Orchestrators"
    assert host.call("POST", f"{path}/everything?timeout=15&pollingInterval=1", {"numbers": [2]}).json == [4]
    failed = host.call("POST", f"{path}/reckless?timeout=15&pollingInterval=1", {"what": "x"})
    assert (failed.status, failed.json["runtimeStatus"]) == (200, "Failed")
    early = host.call("POST", f"{path}/listener/still?timeout=0.01&pollingInterval=0.01", {})
    assert (early.status, early.json["id"]) == (202, "still")
    host.client("terminate", instance_id="still", reason="seen")
    assert host.call("POST", f"{path}/nap?timeout=1&pollingInterval=2", {"seconds": 0}).status == 400


def test_a_misspelt_status_is_no_filter_and_the_log_says_so(host: Host) -> None:
    host.run("chain", {"name": "a", "number": 1}, "misspelt-status")
    found = host.call("GET", f"{WEBHOOK}/instances/?instanceIdPrefix=misspelt-status&runtimeStatus=failed").json
    assert [each["instanceId"] for each in found] == ["misspelt-status"]
    assert "no filter by the runtimeStatus ['failed'], as in Azure" in host.log.read_text()

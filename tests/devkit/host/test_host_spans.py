"""One trace from the webhook to what an activity does inside, laid as the Durable extension's V2 tracing lays it."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from devkit.host.spans import FILE, Spans
from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import Host, eventually

HOOK = "/runtime/webhooks/EventGrid?functionName=on_event&code=canary-31"
Told = list[dict[str, Any]]


def named(spans: Told, name: str, kind: str) -> dict[str, Any]:
    (found,) = [each for each in spans if (each["name"], each["kind"]) == (name, kind)]
    return found


def kind_of(span: dict[str, Any]) -> str:
    """`orchestration` of `orchestration:name`; a request's whole name."""
    return str(span["name"]).partition(":")[0] if span["scope"] == "DurableTask.Core" else str(span["name"])


def run(host: Host, instance: str) -> tuple[str, str, Told]:
    """A family's run for a caller's span; the caller's trace and span, and what was traced."""
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    path = f"/runtime/webhooks/durabletask/orchestrators/family/{instance}?timeout=20"
    assert host.call("POST", path, headers={"traceparent": f"00-{trace}-{caller}-01"}).json == "caught"
    spans = eventually(lambda: len(found := host.spans(trace)) >= 11 and found, "the spans")
    return trace, caller, spans


def test_the_spans_of_a_run_hang_together_as_the_extension_lays_them(host: Host) -> None:
    _, caller, spans = run(host, "traced")
    creation = named(spans, "create_orchestration:family", "producer")
    family = named(spans, "orchestration:family", "server")
    activity, execution = named(spans, "activity:spanned", "client"), named(spans, "activity:spanned", "server")
    child, reckless = named(spans, "orchestration:reckless", "client"), named(spans, "orchestration:reckless", "server")
    timer, inside = named(spans, "orchestration:family:timer", "internal"), named(spans, "inside", "internal")
    request = named(spans, "POST runtime/webhooks/{extensionName}/{*extra}", "server")
    assert (request["parent"], creation["parent"]) == (caller, request["span"])
    assert family["parent"] == creation["span"]
    assert [one["parent"] for one in (activity, child, timer)] == [family["span"]] * 3
    assert (execution["parent"], inside["parent"], reckless["parent"]) == (activity["span"], execution["span"], child["span"])
    assert len({one["span"] for one in spans}) == len(spans)


@pytest.mark.parametrize("trigger", ["http", "event grid"])
def test_a_trigger_s_request_is_the_span_above_what_it_starts(host: Host, trigger: str) -> None:
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    headers = {"traceparent": f"00-{trace}-{caller}-01"}
    if trigger == "http":
        host.call("POST", "/api/client/start_new?code=canary-31", {"orchestration_function_name": "tracing"}, headers=headers)
        route = "api/client/{method}"
    else:
        event = {"id": f"traced-{trace}", "data": {"value": 1}}
        host.call("POST", HOOK, [event], headers={**headers, "aeg-event-type": "Notification"})
        route = "runtime/webhooks/{extensionName}/{*extra}"
    spans = eventually(
        lambda: {f"POST {route}", "orchestration"} <= {kind_of(each) for each in host.spans(trace)} and host.spans(trace), "both"
    )
    request = named(spans, f"POST {route}", "server")
    (creation,) = (each for each in spans if each["kind"] == "producer")
    assert (request["parent"], creation["parent"]) == (caller, request["span"])
    assert request["attributes"]["http.route"] == route
    assert request["attributes"]["http.response.status_code"] in (200, 202)
    assert "canary-31" not in str(spans)


def test_a_trigger_s_failure_and_a_timer_s_run_are_told(make_host: MakeHost) -> None:
    host = make_host(clock_scale=86_400, settings={"NIGHTLY": "0 0 3 * * *"}).start()
    trace = secrets.token_hex(16)
    assert host.call("GET", "/api/broken", headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}).status == 500
    (failed,) = host.spans(trace)
    assert (failed["name"], failed["status"], failed["scope"]) == ("GET api/broken", "error", "Microsoft.AspNetCore")
    lines = host.folder / "state" / "spans.jsonl"
    run = eventually(lambda: [each for each in map(json.loads, lines.read_text().splitlines()) if each["name"] == "nightly"], "a run")[0]
    assert (run["kind"], run["parent"], run["scope"]) == ("server", None, "Microsoft.Azure.WebJobs")


def test_an_instance_that_was_terminated_has_a_span(host: Host) -> None:
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    path = "/runtime/webhooks/durabletask/orchestrators/listener/traced-stop"
    host.call("POST", path, {}, headers={"traceparent": f"00-{trace}-{caller}-01"})
    eventually(lambda: host.status("traced-stop")["runtimeStatus"] == "Running", "the first episode")
    host.client("terminate", instance_id="traced-stop", reason="seen")
    ended = eventually(lambda: [one for one in host.spans(trace) if one["name"] == "orchestration:listener"], "its span")[0]
    assert ended["parent"] == named(host.spans(trace), "create_orchestration:listener", "producer")["span"]
    assert ended["attributes"]["durabletask.task.status"] == "Terminated"


def test_spans_that_cannot_be_written_are_lost_and_nothing_else_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).symlink_to("/dev/full")
    spans = Spans(tmp_path)
    spans.write_json([{"name": "lost"}])
    spans.write_json([{"name": "lost"}])
    assert [record.getMessage() for record in caplog.records] == [
        "spans.jsonl cannot be written (No space left on device): spans are lost until it can be again."
    ]


def test_a_span_tells_what_it_was_and_how_it_ended(host: Host) -> None:
    _, _, spans = run(host, "told")
    family, child = named(spans, "orchestration:family", "server"), named(spans, "orchestration:reckless", "server")
    assert (family["status"], child["status"]) == ("unset", "error")
    assert family["attributes"]["durabletask.task.instance_id"] == "told"
    assert child["attributes"]["durabletask.task.status"] == "Failed"
    assert "durabletask.fire_at" in named(spans, "orchestration:family:timer", "internal")["attributes"]
    inside, execution = named(spans, "inside", "internal"), named(spans, "activity:spanned", "server")
    assert inside["attributes"] == {"name": "a"} and inside["scope"] == "sample"
    assert family["start"] <= execution["start"] <= inside["start"] <= inside["end"] <= execution["end"] <= family["end"]


def test_an_activity_that_runs_again_after_kill_9_keeps_its_span(make_host: MakeHost) -> None:
    host = make_host().start()
    trace = secrets.token_hex(16)
    path = "/runtime/webhooks/durabletask/orchestrators/patient/again"
    host.call("POST", path, {"call": "hold", "name": "open"}, headers={"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"})
    eventually(lambda: host.rows("activity"), "the activity's start")
    before = host.history("again")
    host.kill()
    (host.folder / "work" / "open").touch()
    host.start()
    host.ended("again")
    scheduled = next(each for each in before if each["EventType"] == 4)
    spans = eventually(lambda: len(found := host.spans(trace)) >= 6 and found, "the spans")
    assert named(spans, "activity:hold", "client")["span"] == scheduled["ParentTraceContext"]["SpanId"]
    assert named(spans, "activity:hold", "server")["parent"] == scheduled["ParentTraceContext"]["SpanId"]

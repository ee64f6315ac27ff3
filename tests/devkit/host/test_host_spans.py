"""One trace from the webhook to what an activity does inside, laid as the Durable extension's V2 tracing lays it."""

import secrets
from typing import Any

from tests.devkit.host.conftest import MakeHost
from tests.devkit.host.running import Host, eventually

Spans = list[dict[str, Any]]


def named(spans: Spans, name: str, kind: str) -> dict[str, Any]:
    (found,) = [each for each in spans if (each["name"], each["kind"]) == (name, kind)]
    return found


def run(host: Host, instance: str) -> tuple[str, str, Spans]:
    """A family's run for a caller's span; the caller's trace and span, and what was traced."""
    trace, caller = secrets.token_hex(16), secrets.token_hex(8)
    path = f"/runtime/webhooks/durabletask/orchestrators/family/{instance}?timeout=20"
    assert host.call("POST", path, headers={"traceparent": f"00-{trace}-{caller}-01"}).json == "caught"
    spans = eventually(lambda: len(found := host.spans(trace)) >= 10 and found, "the spans")
    return trace, caller, spans


def test_the_spans_of_a_run_hang_together_as_the_extension_lays_them(host: Host) -> None:
    _, caller, spans = run(host, "traced")
    creation = named(spans, "create_orchestration:family", "producer")
    family = named(spans, "orchestration:family", "server")
    activity, execution = named(spans, "activity:spanned", "client"), named(spans, "activity:spanned", "server")
    child, reckless = named(spans, "orchestration:reckless", "client"), named(spans, "orchestration:reckless", "server")
    timer, inside = named(spans, "orchestration:family:timer", "internal"), named(spans, "inside", "internal")
    assert creation["parent"] == caller
    assert family["parent"] == creation["span"]
    assert [one["parent"] for one in (activity, child, timer)] == [family["span"]] * 3
    assert (execution["parent"], inside["parent"], reckless["parent"]) == (activity["span"], execution["span"], child["span"])
    assert len({one["span"] for one in spans}) == len(spans)


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

"""Orchestrations that the SDK and Azure's host understand differently, one for each rule of devkit/host/durable/rules.py."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

app = df.DFApp()
Steps = Generator[Any, Any, Any]
IN_AN_HOUR = df.RetryOptions(first_retry_interval_in_milliseconds=3_600_000, max_number_of_attempts=2)
AT_ONCE = df.RetryOptions(first_retry_interval_in_milliseconds=1, max_number_of_attempts=2)


@app.activity_trigger(input_name="value")
async def echo(value: str) -> str:
    return value


@app.activity_trigger(input_name="value")
async def fail(value: str) -> None:
    raise ValueError(value)


@app.orchestration_trigger(context_name="context")
def fails_when_told(context: Any) -> Steps:
    yield context.wait_for_external_event("fail")
    raise ValueError("told to")


@app.orchestration_trigger(context_name="context")
def all_beside_retry(context: Any) -> Steps:
    try:
        yield context.task_all([context.call_activity_with_retry("fail", AT_ONCE, "slow"), context.call_activity("fail", "fast")])
    except Exception:
        return (yield context.call_activity("echo", "next"))


@app.orchestration_trigger(context_name="context")
def all_waits(context: Any) -> Steps:
    try:
        yield context.task_all([context.call_activity("fail", "a"), context.wait_for_external_event("go")])
    except Exception:
        return (yield context.call_activity("echo", "next"))


@app.orchestration_trigger(context_name="context")
def loop_beside_retry(context: Any) -> Steps:
    one, two = context.wait_for_external_event("one"), context.wait_for_external_event("two")
    child = context.call_sub_orchestrator_with_retry("fails_when_told", IN_AN_HOUR, None, f"{context.instance_id}~child")
    yield context.task_any([one, two, child])
    yield context.task_any([two, child])
    return (yield context.call_activity("echo", "next"))


@app.orchestration_trigger(context_name="context")
def cancel_beside_retry(context: Any) -> Steps:
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([context.call_activity_with_retry("fail", IN_AN_HOUR, "a"), timer, context.wait_for_external_event("go")])
    timer.cancel()
    return (yield context.call_activity("echo", "next"))


@app.orchestration_trigger(context_name="context")
def sent_twice(context: Any) -> Steps:
    first, second = context.call_activity("echo", "first"), context.call_activity("echo", "second")
    both = context.task_all([first, second])
    yield first
    return (yield both)


@app.orchestration_trigger(context_name="context")
def joined(context: Any) -> Steps:
    one, two = context.wait_for_external_event("one"), context.wait_for_external_event("two")
    yield context.task_any([one, two])
    yield context.task_any([two, context.wait_for_external_event("three")])
    return (yield context.call_activity("echo", "next"))


@app.orchestration_trigger(context_name="context")
def waits_twice(context: Any) -> Steps:
    yield context.wait_for_external_event("begin")
    first = yield context.wait_for_external_event("go")
    return [first, (yield context.wait_for_external_event("go"))]


@app.orchestration_trigger(context_name="context")
def waits_behind(context: Any) -> Steps:
    """Until "late" has come the host waits for the first two and lags behind."""
    try:
        yield context.task_all([context.call_activity("fail", "a"), context.wait_for_external_event("late")])
    except Exception:
        first = yield context.wait_for_external_event("go")
    yield context.wait_for_external_event("begin")
    return [first, (yield context.wait_for_external_event("go"))]


@app.orchestration_trigger(context_name="context")
def waits_once(context: Any) -> Steps:
    yield context.wait_for_external_event("begin")
    return (yield context.wait_for_external_event("go"))


@app.orchestration_trigger(context_name="context")
def yields_nothing(context: Any) -> Steps:
    yield context.call_activity("echo", "a")
    yield None


@app.orchestration_trigger(context_name="context")
def leaves_a_timer(context: Any) -> Steps:
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    yield context.task_any([timer, context.call_activity("echo", "a")])
    return "over"


@app.orchestration_trigger(context_name="context")
def nested_all(context: Any) -> Steps:
    inner = context.task_all([context.call_activity("fail", "a"), context.wait_for_external_event("go")])
    try:
        yield context.task_all([inner, context.call_activity("echo", "b")])
    except Exception:
        return (yield context.wait_for_external_event("after"))


@app.orchestration_trigger(context_name="context")
def yields_a_list(context: Any) -> Steps:
    return (yield [context.call_activity("echo", "a")])


@app.orchestration_trigger(context_name="context")
def all_of_nothing(context: Any) -> Steps:
    return list((yield context.task_all([])))


@app.orchestration_trigger(context_name="context")
def unknown_child(context: Any) -> Steps:
    return (yield context.call_sub_orchestrator("nobody"))

"""Lets one of those who wait at a place try, now and then, and the others go once it was let through. It ends when nobody waits."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from orchestrators.blueprint import bp
from orchestrators.run import input_of
from orchestrators.waiting import seconds_of
from replication.waiting import ROOM

GROWTH = 1.5
LONGEST = 10  # times the first pause
FIRST_CHECK = 1 / 15  # of the first pause; then twice as late each time, up to half of it


@bp.orchestration_trigger(context_name="context")
def prober(context: df.DurableOrchestrationContext) -> Generator[Any, Any, dict[str, Any]]:
    """`{place, number, probe, pause?, sleep?}` -> `{}`. `number`: which the room knows it by; another one has taken over when that is not
    its own. `probe`: the first pause, in seconds; `pause`: the present one, of which `sleep` is left. Each generation is one probe."""
    given = input_of(context)
    room, probe = df.EntityId(ROOM, given["place"]), given["probe"]
    pause, known = given.get("pause", probe), {"prober": given["number"], "probe": probe}
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=given.get("sleep", pause)))
    grown = min(pause * GROWTH, probe * LONGEST)
    began = seconds_of(context)
    answer = yield context.call_entity(room, "probe", {**known, "now": began, "next_probe": began + grown})
    check, hopeful = probe * FIRST_CHECK, False  # it may be over, or nobody has tried: the next probe is soon
    while "over" not in answer and (answer["wake"] or answer["open"]) and seconds_of(context) < began + grown:
        told: dict[str, Any] = {"told": [], "gone": []}
        if answer["wake"]:
            told = yield context.call_activity("wake", {"place": given["place"], "runs": answer["wake"]})
            hopeful = hopeful or bool(told["gone"]) or any("trial" not in one for one in answer["wake"])
        if answer["open"] or len(told["told"]) + len(told["gone"]) < len(answer["wake"]):
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=check))
            check = min(check * 2, probe / 2)
        if hopeful:
            grown = probe
        now = seconds_of(context)
        answer = yield context.call_entity(room, "news", {**known, "now": now, "next_probe": max(now, began + grown), **told})
    if "over" not in answer:
        context.continue_as_new({**given, "pause": grown, "sleep": max(0.0, began + grown - seconds_of(context))})
    return {}

"""Each minute, where figures are exported: what is in flight and what waits, counted from the durable store, and when credentials end.

Those are facts of the app as a whole, not of a process: a timer runs in one of its processes at a time."""

import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp
import azure.durable_functions as df
import azure.functions as func

from api.runs import decoded
from registries.connections import connections
from registries.expiry import days_left
from replication.failures import Refused
from telemetry import figures, span, tell

bp = df.Blueprint()  # the app's only when it exports
CONTINUATION = "x-ms-continuation-token"
MOST_PAGES = 200  # of 100: what is beyond is not counted, and told
WITHIN = aiohttp.ClientTimeout(total=50)  # seconds: the next run is due after 60
NO_REASON = "index"  # the one wait that is no failure: for an index that brings what was pushed by its digest


@bp.timer_trigger(arg_name="timer", schedule="0 * * * * *")
@bp.durable_client_input(client_name="client")
async def count_runs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    with span("count_runs", {}):
        in_flight = Counted()
        try:
            here = connections()
        except Refused:
            pass  # every run and the status page tell what is wrong with the settings
        else:
            in_flight = idle(here.settings.targets)
            figures.expiry.count(await days_left(here.settings, here.secrets))  # first: a store that is down does not keep it back
        found, waiting = await counted(str(client._orchestration_bindings.rpc_base_url))
        in_flight.update(found)
        figures.in_flight.count(as_observed(in_flight))
        figures.waiting.count(as_observed(waiting))


Counted = Counter[tuple[tuple[str, str], ...]]


def idle(targets: Iterable[str]) -> Counted:
    """Where nothing is in flight: a gauge that tells nothing looks like one that is broken."""
    none = Counted()
    none[(("orchestration", "replicate_image_event"),)] = 0
    for name in targets:
        none[(("orchestration", "publish_to_target"), ("target", name))] = 0
    return none


async def counted(url: str) -> tuple[Counted, Counted]:
    """By name and target; and of those that wait, by reason as well."""
    in_flight, waiting = Counted(), Counted()
    async for row in unfinished(url):
        named = labels_of(row)
        in_flight[named] += 1
        if (reason := reason_of(row)) is not None:
            waiting[(*named, ("reason", reason))] += 1
    return in_flight, waiting


def labels_of(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    name, parts = str(row.get("name")), str(row.get("instanceId")).split("~")
    target = (("target", parts[2].removeprefix(":")),) if len(parts) > 2 else ()
    return (("orchestration", name), *target)


def reason_of(row: Mapping[str, Any]) -> str | None:
    """None: it is at work. Only who waits says so: a whole run none of what its targets' parts wait for."""
    custom = decoded(row.get("customStatus"))
    if isinstance(waiting := custom.get("waiting"), dict):
        return str(waiting.get("reason"))
    return NO_REASON if str(custom.get("state")).startswith("waiting for an index") else None


async def unfinished(url: str) -> AsyncIterator[dict[str, Any]]:
    """Page by page: the client gets the first alone. `url` is the Durable extension's own, beside the worker."""
    query = f"{url}instances?runtimeStatus=Pending,Running&showInput=false&top=100"
    token = ""
    async with aiohttp.ClientSession(timeout=WITHIN, trust_env=False) as session:
        for _ in range(MOST_PAGES):
            async with session.get(query, headers={CONTINUATION: token} if token else {}) as response:
                if response.status != 200:
                    raise RuntimeError(f"the Durable extension answered {response.status} when asked for what is in flight")
                for row in json.loads(await response.read()):
                    yield row
                token = response.headers.get(CONTINUATION, "")
            if not token:
                return
    tell("not all that is in flight was counted", {"counted": MOST_PAGES * 100}, logging.WARNING)


def as_observed(counts: Counted) -> list[tuple[float, dict[str, str]]]:
    return [(float(number), dict(labels)) for labels, number in counts.items()]

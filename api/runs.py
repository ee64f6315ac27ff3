"""Runs as people ask for them: an orchestration's status, with its targets' parts, told in the words of this app.

Durable's own management URLs carry a system key and are never handed out. An input that came through the client is a JSON text in JSON."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.durable_functions as df
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from replication.failures import said
from replication.instances import child_id, is_run, prefix, readable
from replication.outcomes import Outcome
from replication.references import Digest, Repository, Tag
from replication.waiting import ROOM, SOURCE

WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=30))  # the latest are looked for first
PAGE = 100  # what the client gets of a list at most, in the order of ids
SHOWN = 10
# Of a target that is not done.
NOTHING: Mapping[str, Any] = dict.fromkeys(("outcome", "seconds", "digest", "reason", "failure", "waiting")) | {"removed": [], "untold": 0}
STATES = {"Pending": "running", "Running": "running", "ContinuedAsNew": "running", "Suspended": "running", "Completed": "ended"}


async def latest_runs(
    client: df.DurableOrchestrationClient, repository: Repository, tag: Tag | None, digest: Digest | None
) -> dict[str, Any]:
    """`{runs, more}`, the newest first: of a tag, and of the deletes of what it meant, whose events name no tag; or of all events that
    named a digest. `more`: there may be others that are not shown."""
    begin = prefix(repository, tag) if tag is not None else readable(repository)
    for window in WINDOWS:
        since = datetime.now(UTC) - window
        rows, more = await _listed(client, begin, since)
        fitting = [row for row in rows if _fits(row, repository, tag, digest)]
        if tag is not None and fitting:
            meant = {row["digest"] for row in fitting}
            untagged, more_untagged = await _listed(client, prefix(repository, None), since)
            fitting += [row for row in untagged if row["action"] == "delete" and row["digest"] in meant]
            more = more or more_untagged
        if more or len(fitting) >= SHOWN:
            break
    fitting.sort(key=lambda row: str(row["created"]), reverse=True)
    return {"runs": fitting[:SHOWN], "more": more or len(fitting) > SHOWN}


async def _listed(client: df.DurableOrchestrationClient, begin: str, since: datetime) -> tuple[list[dict[str, Any]], bool]:
    """One page of runs, and whether it was full."""
    listed = await client.get_status_by(created_time_from=since, instance_id_prefix=begin)
    return [run_of(status) for status in listed if is_run(str(status.instance_id))], len(listed) >= PAGE


async def whole_run(client: df.DurableOrchestrationClient, instance: str) -> dict[str, Any] | None:
    """With every target; None for an instance that is unknown."""
    status = await client.get_status(instance)
    if not status:
        return None
    run = run_of(status)
    event = {name: run.pop(name) for name in ("action", "repository", "tag", "digest")}
    given, output = decoded(status.input_), decoded(status.output)
    if run["state"] == "rejected":
        return {**run, "event": None, "rejected": {"reason": given.get("reason"), "event": given.get("event")}, "targets": []}
    if "outcomes" in output:
        targets = [_ended(outcome) for outcome in output["outcomes"]]
    else:
        children = await asyncio.gather(*(client.get_status(child_id(instance, name)) for name in given.get("targets") or ()))
        targets = [_target(name, child) for name, child in zip(given.get("targets") or (), children, strict=True)]
        await asyncio.gather(*(tell_next_try(client, one["target"], child_id(instance, one["target"]), one["waiting"]) for one in targets))
        run["message"] = _message(targets) if any(children) else run["message"]
        await tell_next_try(client, SOURCE, instance, run["waiting"])
    return {**run, "event": event, "targets": targets}


async def whole_reconciliation(client: df.DurableOrchestrationClient, instance: str) -> dict[str, Any] | None:
    """With every target: how many repositories ended how, and those that were not as they should be. None for one that is unknown."""
    status = await client.get_status(instance)
    if not status:
        return None
    given, output, run = decoded(status.input_), decoded(status.output), run_of(status)
    targets = output.get("targets")
    if targets is None:
        parts = await asyncio.gather(*(client.get_status(child_id(instance, name)) for name in given.get("targets") or ()))
        targets = [
            {"target": name, **(decoded(part.output) or decoded(part.custom_status) if part else {})}
            for name, part in zip(given.get("targets") or (), parts, strict=True)
        ]
    return {name: run[name] for name in ("instance", "state", "created", "updated", "message")} | {"targets": targets}


def _fits(row: Mapping[str, Any], repository: Repository, tag: Tag | None, digest: Digest | None) -> bool:
    """A prefix may be cut, so it is no proof."""
    wanted = row["tag"] == str(tag) if tag is not None else row["digest"] == str(digest)
    return bool(wanted and row["repository"] == str(repository))


def run_of(status: DurableOrchestrationStatus) -> dict[str, Any]:
    event, output, custom = decoded(status.input_).get("event"), decoded(status.output), decoded(status.custom_status)
    named: Mapping[str, Any] = event if isinstance(event, dict) else {}
    state = "rejected" if output.get("state") == "rejected" else _state(status)
    return {
        "instance": status.instance_id,
        "state": state,
        **{name: named.get(name) for name in ("action", "repository", "tag", "digest")},
        "created": _time(status.created_time),
        "updated": _time(status.last_updated_time),
        "message": said(status.output) if state == "broken" else custom.get("message", ""),
        "waiting": custom.get("waiting") if state == "running" else None,
    }


async def tell_next_try(client: df.DurableOrchestrationClient, place: str, instance: str, waiting: dict[str, Any] | None) -> None:
    """In `waiting`, of an instance that waits at a place with others: the place knows when it is tried for them, as it stands now."""
    if waiting is None:
        return
    room = decoded((await client.read_entity_state(df.EntityId(ROOM, place))).entity_state)
    if instance in room.get("who", {}) and room.get("next") is not None:
        waiting["next_try"] = _time(datetime.fromtimestamp(room["next"], UTC))


def _state(status: DurableOrchestrationStatus) -> str:
    return STATES.get(status.runtime_status.name, "broken") if status.runtime_status is not None else "broken"


def decoded(value: object) -> dict[str, Any]:
    """An object, whichever way it was stored; empty when it is none."""
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                break
    return value if isinstance(value, dict) else {}


def _target(name: str, status: DurableOrchestrationStatus) -> dict[str, Any]:
    if not status:
        return {**NOTHING, "target": name, "state": "waiting"}
    state, output, custom = _state(status), decoded(status.output), decoded(status.custom_status)
    if "outcome" in output:
        return _ended(output)
    told = _ended(custom["outcome"]) if custom.get("outcome") else {**NOTHING, "target": name}
    at_work = {"state": custom.get("state", "beginning"), "waiting": custom.get("waiting")} if state == "running" else {"state": state}
    return {**told, **at_work, "failure": custom.get("failure")}


def _ended(value: Mapping[str, Any]) -> dict[str, Any]:
    outcome = Outcome.from_json(dict(value))
    state = f"{outcome.outcome} ({outcome.reason})" if outcome.reason else outcome.outcome
    return {"state": state, **outcome.to_json(), "waiting": None}


def _message(targets: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{one['target']}: {one['outcome'] or one['state']}" for one in targets)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

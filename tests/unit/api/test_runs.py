"""Runs in the words of this app, whichever way Durable stores and answers them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import EntityId
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.EntityStateResponse import EntityStateResponse
from azure.durable_functions.models.OrchestrationRuntimeStatus import OrchestrationRuntimeStatus
from hypothesis import given

from api.answers import answer, error
from api.runs import PAGE, SHOWN, decoded, latest_runs, run_of, whole_run
from replication.failures import Failure
from replication.outcomes import Outcome
from replication.references import Digest, Repository, Tag
from replication.waiting import SOURCE
from tests.unit.replication.strategies import json_values

APP, V1, DIGEST = Repository("team/app"), Tag("v1"), Digest("1" * 64)
RUN = "team!app:v1~0123456789abcdef"
NAMED = {"action": "push", "repository": "team/app", "tag": "v1", "digest": str(DIGEST)}
GIVEN = {"event": NAMED, "targets": ["china", "usgov"], "limits": {}}
FAILURE = Failure(kind="denied", code="entra_denied", doing="sign in", said="no", hint="mend it", retry_after=5).to_json()
WAITING = {"reason": "entra_denied", "since": "2026-01-01T00:00:00Z", "next_try": "2026-01-01T00:00:30Z"}
CHINA = Outcome(target="china", outcome="replicated", seconds=3.2, digest=str(DIGEST)).to_json()
KEPT = Outcome(target="usgov", outcome="kept", seconds=1, reason="locked").to_json()
DONE = {"state": "accepted", "outcomes": [CHINA, KEPT]}


def status(
    instance: str = RUN,
    state: str = "Running",
    *,
    created: datetime | None = None,
    given: object = None,
    output: object = None,
    custom: object = None,
) -> DurableOrchestrationStatus:
    moment = (created or datetime(2026, 1, 1, tzinfo=UTC)).isoformat().replace("+00:00", "Z")
    return DurableOrchestrationStatus(
        instanceId=instance,
        createdTime=moment,
        lastUpdatedTime=moment,
        runtimeStatus=OrchestrationRuntimeStatus(state),
        input=GIVEN if given is None else given,
        output=output,
        customStatus=custom,
    )


class Instances:
    """What Durable's client answers: an object that is false for an unknown id; of a list at most one page, in the order of ids."""

    def __init__(self, *known: DurableOrchestrationStatus) -> None:
        self.rooms: dict[str, object] = {}
        self._known = {str(one.instance_id): one for one in known}

    async def get_status(self, instance: str) -> DurableOrchestrationStatus:
        return self._known.get(instance) or DurableOrchestrationStatus()

    async def read_entity_state(self, room: EntityId) -> EntityStateResponse:
        state = self.rooms.get(str(room))
        return EntityStateResponse(state is not None, state)

    async def get_status_by(self, *, created_time_from: datetime, instance_id_prefix: str) -> list[DurableOrchestrationStatus]:
        fitting = [one for name, one in sorted(self._known.items()) if name.startswith(instance_id_prefix)]
        return [one for one in fitting if one.created_time is not None and one.created_time >= created_time_from][:PAGE]


def instances(*known: DurableOrchestrationStatus) -> Any:
    """In the place of the client, which has no type that these could share."""
    return Instances(*known)


@pytest.mark.parametrize(
    "stored, value",
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (json.dumps('{"a": 1}'), {"a": 1}),
        (json.dumps(json.dumps('{"a": 1}')), {}),
        (None, {}),
        ("", {}),
        ("Activity function 'look' failed: {", {}),
        ("[1]", {}),
        (["a"], {}),
        (7, {}),
    ],
)
def test_an_object_is_read_whichever_way_it_was_stored(stored: object, value: dict[str, Any]) -> None:
    assert decoded(stored) == value


@given(json_values)
def test_whatever_was_stored_reads_as_an_object(stored: object) -> None:
    for form in (stored, json.dumps(stored), json.dumps(json.dumps(stored))):
        assert isinstance(decoded(form), dict)


@pytest.mark.parametrize(
    "state, shown",
    [
        ("Pending", "running"),
        ("Running", "running"),
        ("ContinuedAsNew", "running"),
        ("Suspended", "running"),
        ("Completed", "ended"),
        ("Failed", "broken"),
        ("Terminated", "broken"),
        ("Canceled", "broken"),
    ],
)
def test_a_run_is_running_ended_or_broken(state: str, shown: str) -> None:
    assert run_of(status(state=state))["state"] == shown


@pytest.mark.parametrize("given_", [GIVEN, json.dumps(GIVEN), json.dumps(json.dumps(GIVEN))])
def test_a_run_is_told_with_what_it_is_for(given_: object) -> None:
    assert run_of(status(given=given_, custom={"message": "china: running"})) == {
        "instance": RUN,
        "state": "running",
        **NAMED,
        "created": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
        "message": "china: running",
        "waiting": None,
    }


def test_a_run_that_broke_tells_what_durable_says_of_it_in_one_line() -> None:
    run = run_of(status(state="Failed", output="Orchestrator function failed:\nsee https://host/?sig=SECRET", custom={"message": "old"}))
    assert run["message"] == "Orchestrator function failed: see (URL)"


async def test_a_run_that_has_ended_shows_the_outcome_at_every_target() -> None:
    run = await whole_run(instances(status(state="Completed", output=json.dumps(DONE), custom={"message": "all"})), RUN)
    assert run is not None
    assert run["event"] == NAMED
    assert run["targets"] == [{"state": "replicated", **CHINA, "waiting": None}, {"state": "kept (locked)", **KEPT, "waiting": None}]


CHILDREN = {
    "not begun": (None, {"state": "waiting", "outcome": None, "failure": None}),
    "begun": (status(f"{RUN}~china"), {"state": "beginning", "outcome": None, "failure": None}),
    "at work": (
        status(f"{RUN}~china", custom={"state": "importing", "failure": None, "outcome": None}),
        {"state": "importing", "outcome": None, "failure": None},
    ),
    "waiting": (
        status(f"{RUN}~china", custom=json.dumps({"state": "waiting: entra_denied", "failure": FAILURE, "waiting": WAITING})),
        {"state": "waiting: entra_denied", "outcome": None, "failure": FAILURE, "waiting": WAITING},
    ),
    "settling": (
        status(f"{RUN}~china", custom={"state": "settling", "failure": None, "outcome": CHINA}),
        {**CHINA, "state": "settling"},
    ),
    "done": (status(f"{RUN}~china", "Completed", output=CHINA), {**CHINA, "state": "replicated"}),
    "done, as text": (status(f"{RUN}~china", "Completed", output=json.dumps(CHINA)), {**CHINA, "state": "replicated"}),
    "broken": (status(f"{RUN}~china", "Failed", output="a bug"), {"state": "broken", "outcome": None, "failure": None}),
}


@pytest.mark.parametrize("child, shown", CHILDREN.values(), ids=CHILDREN)
async def test_a_target_of_a_run_at_work_is_told_as_far_as_it_is(child: DurableOrchestrationStatus | None, shown: dict[str, Any]) -> None:
    run = await whole_run(instances(status(), *([] if child is None else [child])), RUN)
    assert run is not None
    china, usgov = run["targets"]
    assert china.keys() == usgov.keys() == {"target", "state", "waiting", *CHINA}  # the same columns, however far each is
    assert {name: china[name] for name in shown} == shown
    assert (usgov["target"], usgov["state"]) == ("usgov", "waiting")


@pytest.mark.parametrize("place, instance", [("china", f"{RUN}~china"), (SOURCE, RUN)])
async def test_who_waits_with_others_is_tried_for_when_their_place_says(place: str, instance: str) -> None:
    waits = {"state": "waiting: entra_denied", "message": "…", "failure": FAILURE, "waiting": WAITING}
    known = instances(status(custom=waits if place == SOURCE else None), *([status(instance, custom=waits)] if place != SOURCE else []))
    known.rooms = {f"@waiting_room@{place}": {"who": {instance: {}}, "next": 1767225900.0}}
    run = await whole_run(known, RUN)
    assert run is not None
    told = run["waiting"] if place == SOURCE else run["targets"][0]["waiting"]
    assert told == {**WAITING, "next_try": "2026-01-01T00:05:00Z"}


async def test_a_rejected_event_is_shown_as_the_text_that_it_was() -> None:
    given_ = {"reason": "it is not JSON", "event": "<script>"}
    instance = "rejected~0123456789abcdef"
    rejected = status(instance, "Completed", given=json.dumps(given_), output={"state": "rejected", "reason": "it is not JSON"})
    run = await whole_run(instances(rejected), instance)
    assert run is not None
    assert (run["state"], run["event"], run["rejected"], run["targets"]) == ("rejected", None, given_, [])


async def test_a_run_that_is_unknown_is_none() -> None:
    assert await whole_run(instances(), RUN) is None


def ago(**passed: float) -> datetime:
    return datetime.now(UTC) - timedelta(**passed)


async def test_the_latest_runs_of_a_tag_come_first_and_nothing_else_does() -> None:
    begin, other = "team!app:v1~", {**GIVEN, "event": {**NAMED, "tag": "v1-rc"}}
    known = instances(
        status(begin + "1" * 16, created=ago(minutes=3)),
        status(begin + "2" * 16, created=ago(minutes=1)),
        status(begin + "3" * 16, created=ago(days=20)),
        status(begin + "2" * 16 + "~china", created=ago(minutes=1)),  # a target's part
        status("team!app:v1-rc~" + "4" * 16, created=ago(minutes=1), given=other),
        status(begin + "5" * 16, created=ago(minutes=1), given=other),  # a prefix that was cut is shared
    )
    found = await latest_runs(known, APP, V1, None)
    assert [run["instance"] for run in found["runs"]] == [begin + number * 16 for number in "213"]
    assert found["more"] is False


async def test_the_delete_of_what_a_tag_meant_is_a_run_of_that_tag() -> None:
    """Its event names no tag."""
    changes: list[dict[str, Any]] = [{"action": "delete"}, {}, {"action": "delete", "digest": "another"}]
    deleted, pushed, other = ({**GIVEN, "event": {**NAMED, "tag": None, **changed}} for changed in changes)
    known = instances(
        status("team!app:v1~" + "1" * 16, created=ago(minutes=5)),
        status("team!app:-~" + "2" * 16, created=ago(minutes=1), given=deleted),
        status("team!app:-~" + "3" * 16, created=ago(minutes=1), given=pushed),
        status("team!app:-~" + "4" * 16, created=ago(minutes=1), given=other),
    )
    found = await latest_runs(known, APP, V1, None)
    assert [run["instance"][-1] for run in found["runs"]] == ["2", "1"]


async def test_runs_of_a_digest_are_those_of_all_tags_that_meant_it() -> None:
    known = instances(
        status("team!app:v1~" + "1" * 16, created=ago(minutes=3)),
        status("team!app:v2~" + "2" * 16, created=ago(minutes=1), given={**GIVEN, "event": {**NAMED, "tag": "v2"}}),
        status("team!app:v3~" + "3" * 16, created=ago(minutes=1), given={**GIVEN, "event": {**NAMED, "digest": "another"}}),
    )
    found = await latest_runs(known, APP, None, DIGEST)
    assert [run["instance"][-1] for run in found["runs"]] == ["2", "1"]


@pytest.mark.parametrize("count, more", [(SHOWN, False), (SHOWN + 1, True), (PAGE, True)])
async def test_that_there_are_more_runs_than_are_shown_is_told(count: int, more: bool) -> None:
    known = instances(*(status(f"team!app:v1~{number:016x}", created=ago(minutes=1 + number / 100)) for number in range(count)))
    found = await latest_runs(known, APP, V1, None)
    assert [run["instance"] for run in found["runs"]] == [f"team!app:v1~{number:016x}" for number in range(SHOWN)]
    assert found["more"] is more


def test_answers_are_json_of_this_moment() -> None:
    response = answer({"message": "für später…"}, 200)
    assert json.loads(response.get_body()) == {"message": "für später…"}
    assert (response.status_code, response.mimetype, response.headers["Cache-Control"]) == (200, "application/json", "no-store")
    assert json.loads(error("no", 404).get_body()) == {"error": "no"}

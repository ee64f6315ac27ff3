"""Which messages wake an instance, and which of them count: what at-least-once delivery may do to an engine."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devkit.host.clock import stamp
from devkit.host.durable.agenda import Agenda
from devkit.host.durable.episode import accepted
from devkit.host.durable.lanes import AT_A_TURN, Lanes
from devkit.host.durable.messages import Event, Kind, event
from devkit.host.durable.rows import Instance, Message
from devkit.host.durable.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def instance(status: str = "Running") -> Instance:
    return Instance("i", "name", "now", status, None, None, None, None, "", None, stamp(NOW), stamp(NOW))


def completed(number: int) -> Event:
    return event(Kind.TASK_COMPLETED, NOW, TaskScheduledId=number, Result="1")


def message(n: int, execution: str | None, content: Event) -> Message:
    return Message(n, execution, content, json.dumps(content))


def test_only_the_first_completion_of_a_task_counts() -> None:
    messages = [message(n, "now", completed(number)) for n, number in enumerate((0, 1, 1, 2))]
    assert [each.event for each in accepted(instance(), [completed(0)], messages)] == [completed(1), completed(2)]


def test_a_completion_from_before_continue_as_new_does_not_count_and_an_event_does() -> None:
    raised = event(Kind.EVENT_RAISED, NOW, Name="go", Input="1")
    messages = [message(1, "before", completed(0)), message(2, None, raised), message(3, "now", completed(0))]
    assert [each.event for each in accepted(instance(), [], messages)] == [raised, completed(0)]


def test_a_suspended_instance_is_woken_by_control_messages_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "host.db")
    store.put_instance(instance("Suspended"))
    store.send("i", "now", completed(0))
    assert store.inbox("i", NOW, 32, controls_only=True) == []
    store.send("i", None, event(Kind.EXECUTION_RESUMED, NOW))
    assert [each.event["EventType"] for each in store.inbox("i", NOW, 32, controls_only=True)] == [Kind.EXECUTION_RESUMED]
    store.close()


def test_a_timer_wakes_its_instance_when_it_is_due_and_not_before(tmp_path: Path) -> None:
    store = Store(tmp_path / "host.db")
    store.put_instance(instance())
    due = NOW + timedelta(seconds=5)
    store.send("i", "now", event(Kind.TIMER_FIRED, due, TimerId=0), visible=stamp(due))
    agenda = Agenda()
    agenda.note(store.sent())
    assert (agenda.advance(NOW), agenda.take()) == (due, None)
    assert (agenda.advance(due), agenda.take()) == (None, "i")
    assert len(store.inbox("i", due, 32)) == 1
    store.close()


def test_what_comes_while_an_instance_is_busy_makes_it_due_once_more() -> None:
    agenda = Agenda()
    agenda.note([("i", ""), ("i", "0"), ("j", "0")])
    assert [agenda.take(), agenda.take(), agenda.take()] == ["i", "j", None]
    agenda.note([("i", "0"), ("i", "0")])
    assert agenda.take() is None
    agenda.done("i")
    assert [agenda.take(), agenda.take()] == ["i", None]


def test_what_begins_a_generation_comes_before_what_arrived_earlier(tmp_path: Path) -> None:
    store = Store(tmp_path / "host.db")
    store.send("i", None, event(Kind.EVENT_RAISED, NOW, Name="early", Input="1"))
    store.send("i", "now", event(Kind.EXECUTION_STARTED, NOW), visible="")
    assert [each.event["EventType"] for each in store.inbox("i", NOW, 32)] == [Kind.EXECUTION_STARTED, Kind.EVENT_RAISED]
    store.close()


def test_what_comes_while_an_instance_rests_makes_it_due_once_the_rest_is_over() -> None:
    agenda = Agenda()
    agenda.add("i")
    assert agenda.take() == "i"
    agenda.rest("i")
    agenda.add("i")
    assert (agenda.busy, agenda.take()) == (0, None)
    agenda.done("i")
    assert (agenda.take(), agenda.take()) == ("i", None)


def test_activities_of_a_wide_fan_out_do_not_keep_another_instance_waiting() -> None:
    lanes, many = Lanes(), 3 * AT_A_TURN
    lanes.add("wide", range(many))
    lanes.add("other", [many, many + 1])
    taken = [lanes.take() for _ in range(many + 3)]
    assert taken[AT_A_TURN : AT_A_TURN + 2] == [("other", many), ("other", many + 1)]
    assert [row for row in taken if row and row[0] == "wide"] == [("wide", number) for number in range(many)]
    assert taken[-1] is None

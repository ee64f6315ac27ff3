"""One entity takes what many send it."""

from concurrent.futures import ThreadPoolExecutor

from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.story import different, events
from tests.devkit.host.running import eventually


def read(app: Victim, meter: str, *values: int) -> None:
    """From many clients at once."""

    def send(value: int) -> int:
        return app.call("POST", f"/api/meters/{meter}/readings", {"value": value}).status

    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(send, values)) == {202}


def await_readings(app: Victim, meter: str, wanted: int) -> dict[str, int]:
    def look() -> dict[str, int] | None:
        answer = app.call("GET", f"/api/meters/{meter}")
        return dict(answer.json) if answer.status == 200 and answer.json["readings"] >= wanted else None

    return dict(eventually(look, f"{wanted} readings of {meter}"))


def test_signals_of_many_at_once_are_worked_in_one_after_the_other(app: Victim) -> None:
    assert app.call("GET", "/api/meters/gas").status == 404
    read(app, "gas", *range(60))
    read(app, "Gas", 7)  # keys differ by case
    state = await_readings(app, "gas", 60)
    assert (state["readings"], state["sum"]) == (60, sum(range(60)))
    assert await_readings(app, "Gas", 1) == {"readings": 1, "sum": 7, "last": 7}


def test_a_signal_that_fails_changes_nothing_and_stops_nothing(app: Victim) -> None:
    read(app, "water", 3)
    await_readings(app, "water", 1)
    read(app, "water", -5)
    read(app, "water", 4)
    assert await_readings(app, "water", 2) == {"readings": 2, "sum": 7, "last": 4}


def test_what_was_accepted_before_a_kill_counts_once_and_calls_come_after_signals(app: Victim) -> None:
    """Signals, and an orchestration that signals and calls: killed at once when the host has said yes to them."""
    for meter in ("rough", "twin"):
        read(app, meter, *range(1, 21))
        assert app.call("POST", f"/api/bills/{meter}", {"value": 1000}).status == 202
        if meter == "rough":
            app.kill()
            app.start()
        wanted = {"readings": 21, "last": 1000, "total": 1210, "refused": True}
        assert app.ended(meter)["output"] == wanted
        assert app.call("GET", f"/api/meters/{meter}").status == 404  # billed and gone
    sent = events(app, "rough", Kind.EVENT_SENT)
    assert [each["EventId"] for each in sent] == [0, 1, 2, 3]
    assert not different(app, "rough", "twin")

"""Generations without end, each with a history of its own."""

from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import events, story
from tests.devkit.host.running import WEBHOOK, eventually

CLOCK_SCALE = 18_000  # five hours in a second
LETTERS = ["one", "two", "three"]


def sweeps(outside: Outside) -> list[int]:
    """Their numbers."""
    return [int(path.removeprefix("/sweep/")) for path in outside.asked if path.startswith("/sweep/")]


def write(app: Victim, box: str, *letters: str) -> None:
    for letter in letters:
        assert app.call("POST", f"/api/letters/{box}", letter).status == 202


def answered(box: str) -> list[str]:
    return [f"/answer/{letter}/{box}" for letter in LETTERS]


def test_letters_that_come_while_one_is_answered_are_carried_over_and_answered_in_order(app: Victim, outside: Outside) -> None:
    outside.hold("/answer/one/calm")
    write(app, "calm", *LETTERS)
    outside.await_request("/answer/one/calm")
    eventually(lambda: len(events(app, "calm", Kind.EVENT_RAISED)) == 3, "the letters")
    outside.release("/answer/one/calm")
    eventually(lambda: app.status("calm")["customStatus"] == {"answered": LETTERS}, "the last answer")
    write(app, "calm", "bye")
    assert app.ended("calm")["output"] == LETTERS
    assert outside.under("calm") == answered("calm")
    assert story(app, "calm") == ["EXECUTION_STARTED mailbox", "EVENT_RAISED Letter", "EXECUTION_COMPLETED"]  # the last generation's alone


def test_killed_with_letters_on_their_way_none_is_lost_and_none_answered_twice_over(app: Victim, outside: Outside) -> None:
    outside.hold("/answer/two/rough")
    write(app, "rough", *LETTERS, "bye")
    outside.await_request("/answer/two/rough")
    app.kill()
    outside.release("/answer/two/rough")
    app.start()
    assert app.ended("rough")["output"] == LETTERS
    first, second, third = answered("rough")
    assert outside.under("rough") == [first, second, second, third]  # the activity that was killed ran again
    write(app, "twin", *LETTERS, "bye")
    assert app.ended("twin")["output"] == LETTERS
    assert story(app, "rough") == story(app, "twin")


def test_the_janitor_sweeps_for_ever_with_a_short_history_until_it_is_terminated(app: Victim, outside: Outside) -> None:
    generations: set[str] = set()
    longest, wanted = 0, max(sweeps(outside), default=0) + 5  # by number: one that the kill above interrupted was asked for twice

    def five_more() -> bool:
        nonlocal longest
        history = app.history("janitor")
        generations.update(each["Timestamp"] for each in history if each["EventType"] == Kind.EXECUTION_STARTED)
        longest = max(longest, len(history))
        return len(generations) > 1 and wanted in sweeps(outside)

    eventually(five_more, "five more sweeps")
    assert longest <= 13
    assert app.status("janitor")["customStatus"]["sweeps"] >= wanted - 1
    assert sweeps(outside) == sorted(sweeps(outside))  # each start's timer found the janitor there: none began anew
    assert app.call("DELETE", "/api/janitor?reason=enough").status == 202
    ended = app.ended("janitor")
    assert (ended["runtimeStatus"], ended["output"]) == ("Terminated", "enough")
    assert app.call("POST", f"{WEBHOOK}/instances/janitor/terminate?reason=again").status == 410
    assert story(app, "janitor")[-1:] in (["EXECUTION_COMPLETED"], [])  # none where it had just begun anew

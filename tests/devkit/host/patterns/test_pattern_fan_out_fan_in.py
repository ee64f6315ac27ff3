"""Many activities at once, and one that sums up."""

from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import different, episodes, events
from tests.devkit.host.running import eventually

NAMES = ["a", "b", "c", "d"]


def upload(app: Victim, outside: Outside, folder: str, names: list[str]) -> None:
    outside.answer(f"/folders/{folder}", names)
    for count, name in enumerate(names, 1):
        outside.answer(f"/documents/{name}/{folder}", {"text": "word " * count})
    event = {
        "id": folder,
        "topic": "store",
        "subject": folder,
        "eventType": "Store.Uploaded",
        "eventTime": "2026-01-01T00:00:00Z",
        "dataVersion": "1",
        "data": {"folder": folder},
    }
    path = "/runtime/webhooks/EventGrid?functionName=uploaded"
    for _ in range(2):  # delivered twice, counted once
        assert app.call("POST", path, [event], headers={"aeg-event-type": "Notification"}).status == 202


def documents(folder: str) -> list[str]:
    return [f"/documents/{name}/{folder}" for name in NAMES]


def report(folder: str) -> dict[str, object]:
    return {"folder": folder, "words": {"a": 1, "b": 2, "c": 3, "d": 4}, "total": 10}


def test_all_run_at_once_and_the_results_come_in_the_order_of_the_calls(app: Victim, outside: Outside) -> None:
    outside.hold(*documents("calm"))
    upload(app, outside, "calm", NAMES)
    for path in documents("calm"):
        outside.await_request(path)  # none of them has an answer yet
    for done, path in enumerate(reversed(documents("calm")), 2):
        outside.release(path)
        eventually(lambda done=done: len(events(app, "calm", Kind.TASK_COMPLETED)) >= done, f"result {done}")  # type: ignore[misc]
    assert app.ended("calm")["output"] == report("calm")
    assert outside.sent["/reports/calm"] == report("calm")
    assert [each["TaskScheduledId"] for each in events(app, "calm", Kind.TASK_COMPLETED)] == [0, 4, 3, 2, 1, 5]
    assert ["TASK_COMPLETED", *["TASK_SCHEDULED count_words_in"] * 4] in episodes(app, "calm")
    assert outside.times("/folders/calm") == 1


def test_killed_with_half_of_the_results_the_other_half_runs_again(app: Victim, outside: Outside) -> None:
    outside.hold(*documents("rough"))
    upload(app, outside, "rough", NAMES)
    for path in documents("rough"):
        outside.await_request(path)
    outside.release(*documents("rough")[:2])
    eventually(lambda: len(events(app, "rough", Kind.TASK_COMPLETED)) == 3, "half of the results")
    app.kill()
    outside.release(*documents("rough")[2:])
    app.start()
    assert app.ended("rough")["output"] == report("rough")
    assert [outside.times(path) for path in documents("rough")] == [1, 1, 2, 2]
    assert [outside.times(f"/{what}/rough") for what in ("folders", "reports")] == [1, 1]
    upload(app, outside, "twin", NAMES)
    app.ended("twin")
    assert not different(app, "rough", "twin")


def test_nothing_to_fan_out_to(app: Victim, outside: Outside) -> None:
    upload(app, outside, "empty", [])
    assert app.ended("empty")["output"] == {"folder": "empty", "words": {}, "total": 0}

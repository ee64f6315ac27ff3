"""How long the history of one instance gets: played in the SDK's own replay engine, in which weeks pass in milliseconds."""

from typing import Any

from bench.pipeline.figures import Figure, Section
from orchestrators.run import FIRST_PAUSE, GROWTH, LONGEST_PAUSE
from replication.limits import Limits
from tests.replay.play import play
from tests.replay.shapes import ENDED, IN, MOVED, NEW, OK, WHOLE, failed, lacking, running, seen, work

MOST = 500  # events of one generation
HOUR = 3600.0
USUAL: dict[str, Any] = {"authenticate_target": IN, "move_tag": MOVED, "examine_source": WHOLE}
NEW_IMAGE, SYNCED = seen((NEW, True), (None, False)), seen((NEW, True), (NEW, True))


def histories(hours: float) -> Section:
    """`hours` of an import, and four times as many of a denial."""
    left, moved = _looks(hours * HOUR), False

    def arrives(_: dict[str, Any]) -> dict[str, Any]:
        nonlocal left
        left -= 1
        return OK if left < 0 else lacking()

    def move(_: dict[str, Any]) -> dict[str, Any]:
        nonlocal moved
        moved = True
        return MOVED

    slow = play(
        "publish_to_target",
        work(limits=Limits(import_deadline=4 * hours * HOUR, patience=4 * hours * HOUR)),
        look=lambda _: SYNCED if moved else NEW_IMAGE,
        start_import=running(),
        check_import=running(),
        verify_digest=arrives,
        **{**USUAL, "move_tag": move},
    )
    denied = play(
        "publish_to_target",
        work(limits=Limits(waiting=4 * hours * HOUR)),
        look=failed("denied", "target_denied"),
        start_import=ENDED,
        verify_digest=OK,
        **USUAL,
    )
    figures = []
    for what, played in (
        (f"an import of {slow.took.total_seconds() / HOUR:.1f} hours", slow),
        (f"{4 * hours:.0f} hours of denial", denied),
    ):
        figures.append(Figure(f"{what}: events of the longest generation", played.longest, MOST, "{:.0f}"))
        figures.append(Figure(f"{what}: generations", played.generations, None, "{:.0f}"))
        figures.append(Figure(f"{what}: calls and timers in all", len(played.calls) + len(played.timers), None, "{:.0f}"))
    assert (slow.output["outcome"], denied.output["outcome"]) == ("replicated", "failed"), (slow.output, denied.output)
    return Section("History of an instance", "Events of one generation; the rest is continued as new. The SDK replays, no host.", figures)


def _looks(seconds: float) -> int:
    """How often an import is looked at in that time: the pauses are those of orchestrators/importing.py."""
    waited, looks = 0.0, 0
    while waited < seconds:
        waited += min(max(FIRST_PAUSE, waited / GROWTH), LONGEST_PAUSE)
        looks += 1
    return looks

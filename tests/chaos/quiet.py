"""Until nothing is queued, nothing runs and nothing is imported; and then for as long as what is on its way may take to land, and again."""

import time

from tests.chaos.records import Records
from tests.chaos.weather import LATEST

PAUSE = 0.5  # seconds
STUCK = 240.0  # seconds without any change, after which it never will be


def until_quiet(records: Records, scale: float) -> str:
    """Empty; or what was still under way when nothing moved any more."""
    while True:
        if trouble := _settle(records):
            return trouble
        time.sleep(LATEST / scale + PAUSE)
        if not _under_way(records):
            return ""


def _settle(records: Records) -> str:
    last, since = (0, 0, 0), time.monotonic()
    while (now := _under_way(records)) is not None:
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > STUCK:
            runs = "; ".join(one.instance for one in records.running()[:5])
            return f"never quiet: {now[0]} events queued, {now[1]} instances run ({runs}), {now[2]} imports go on"
        time.sleep(PAUSE)
    return ""


def _under_way(records: Records) -> tuple[int, int, int] | None:
    """Events, instances, imports."""
    found = (len(records.queued()), records.active(), records.importing())
    return found if any(found) else None

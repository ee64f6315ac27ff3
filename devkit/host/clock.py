"""The host's only clock. Everything that reads the time or waits for it asks here, so that time can be scaled in one place."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta

from devkit.host.problem import Problem


class Clock:
    """`scale` times as fast as the machine's, counted from a moment by both; without one, the machine's."""

    def __init__(self, scale: float = 1.0, since: tuple[datetime, datetime] | None = None) -> None:
        """`since`: a moment by this clock, and the same by the machine's."""
        self.scale = scale
        self._since = since

    @classmethod
    def going_on(cls, scale: float, kept: str | None) -> tuple["Clock", str]:
        """The clock of a process that follows on one that kept `kept`, and what to keep of it: a time that has been told never comes
        again, whatever the scales, and hours that passed while there was no process have passed by the scale of then. Raises `Problem`."""
        machine = datetime.now(UTC)
        here = machine
        if kept:
            try:
                last = json.loads(kept)
                passed = machine - moment_of(last["machine"])
                here = max(machine, moment_of(last["here"]) + passed * last["scale"])
            except (ValueError, KeyError, TypeError):
                raise Problem("The clock's row of the table setting in host.db is damaged: delete the row, or the file.") from None
        clock = cls(scale, None if scale == 1.0 and here == machine else (here, machine))
        return clock, json.dumps({"here": stamp(here), "machine": stamp(machine), "scale": scale})

    def now(self) -> datetime:
        machine = datetime.now(UTC)
        if self._since is None:
            return machine
        here, then = self._since
        return here + (machine - then) * self.scale

    def after(self, seconds: float) -> datetime:
        return self.now() + timedelta(seconds=seconds)

    async def sleep_until(self, moment: datetime) -> None:
        while self.now() < moment:
            await self.wait(asyncio.Event(), moment)

    async def pause(self, seconds: float) -> None:
        """By the machine's clock: after trouble of the host's own."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, until: datetime | None) -> bool:
        """Wait for `event`, but no longer than `until` (None: for ever). True when the event came; never early."""
        seconds = None if until is None else max(0.0, (until - self.now()).total_seconds() / self.scale)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        return event.is_set()


def stamp(moment: datetime) -> str:
    """UTC with six digits, as the SDK writes `fireAt`: such texts sort as the times do."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def moment_of(text: str) -> datetime:
    """The inverse of `stamp`; also reads other ISO 8601 times, those without a zone as UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

"""Timer triggers: each on its schedule, one run at a time; failures do not stop it.

Source: "Timer trigger for Azure Functions"; TimerListener in azure-webjobs-sdk-extensions. With `useMonitor`, which is the default, the
status is kept: a time that passed while the host was down is made up for once at the start, with `IsPastDue`."""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Protocol

from azure_functions_runtime.bindings.datumdef import Datum

from devkit.host.clock import Clock, moment_of, stamp
from devkit.host.durable import trace
from devkit.host.functions import Function
from devkit.host.schedule import Schedule
from devkit.host.spans import Span, Spans
from devkit.host.worker import Worker

log = logging.getLogger("devkit.host")


class Settings(Protocol):
    """Where statuses are kept."""

    def setting(self, name: str) -> str | None: ...

    async def keep_setting(self, name: str, value: str) -> None: ...


class Timers:
    def __init__(self, worker: Worker, clock: Clock, kept: Settings, settings: Mapping[str, str], spans: Spans) -> None:
        """Raises `Problem` for a schedule that cannot be."""
        self._worker = worker
        self._clock = clock
        self._kept = kept
        self._spans = spans
        self._schedules = {
            function.name: (function, Schedule.parse(str(function.trigger["schedule"]), settings, function.name))
            for function in worker.of_type("timerTrigger")
        }

    async def run(self) -> None:
        """For ever, if there is any."""
        await asyncio.gather(*(self._keep(function, schedule) for function, schedule in self._schedules.values()))

    async def _keep(self, function: Function, schedule: Schedule) -> None:
        last, due = self._status(function)
        now = self._clock.now()
        missed = due is not None and due <= now
        if missed or function.trigger.get("runOnStartup"):
            last, due = await self._fire(function, schedule, last, past_due=missed)
        else:
            due = schedule.after(now)
            await self._note(function, last, due)
        while True:
            await self._clock.sleep_until(due)
            last, due = await self._fire(function, schedule, last, past_due=False)

    async def _fire(self, function: Function, schedule: Schedule, last: datetime | None, *, past_due: bool) -> tuple[datetime, datetime]:
        """One run; when it was, and when the next is due."""
        began = self._clock.now()
        after = schedule.after(began)
        await self._run(function, datum(last=last, due=after, updated=began, past_due=past_due))
        after = max(after, schedule.after(self._clock.now()))  # a run that took longer than the pause makes none up
        await self._note(function, began, after)
        return began, after

    async def _run(self, function: Function, value: Datum) -> None:
        for retries in count():
            began, context = self._clock.now(), trace.incoming(None)
            answer = await self._worker.call(function, value, {}, context, retries=retries)
            self._spans.write([span(function, context, began, self._clock.now(), failed=answer.failure is not None)])
            pause = None if answer.failure is None or function.retry is None else function.retry.pause(retries)
            if pause is None:
                return
            await self._clock.sleep_until(self._clock.now() + pause)

    def _status(self, function: Function) -> tuple[datetime | None, datetime | None]:
        """When it ran last, and when it should have run next, as far as that is kept."""
        text = self._kept.setting(_name(function)) if function.trigger.get("useMonitor", True) else None
        if text is None:
            return None, None
        try:
            kept = json.loads(text)
            return kept["last"] and moment_of(kept["last"]), moment_of(kept["next"])
        except (ValueError, KeyError, TypeError):
            log.error(
                "the status of the timer %s is damaged in the database: it begins anew, and makes up for no missed run", function.name
            )
            return None, None

    async def _note(self, function: Function, last: datetime | None, due: datetime) -> None:
        if function.trigger.get("useMonitor", True):
            await self._kept.keep_setting(_name(function), json.dumps({"last": last and stamp(last), "next": stamp(due)}))


def span(function: Function, context: str, start: datetime, end: datetime, *, failed: bool) -> Span:
    """Of a run: what no instrumentation has begun, the host traces under the function's name (ActivitySourceWrapper)."""
    return Span(
        name=function.name,
        kind="server",
        context=context,
        parent=None,
        start=start,
        end=end,
        scope="Microsoft.Azure.WebJobs",
        failed=failed,
    )


def datum(*, last: datetime | None = None, due: datetime | None = None, updated: datetime | None = None, past_due: bool = False) -> Datum:
    """What the function is told. Run by hand, without a schedule, it has no status."""
    status = None if due is None else {"Last": stamp(last or due), "Next": stamp(due), "LastUpdated": stamp(updated or due)}
    return Datum(json.dumps({"IsPastDue": past_due, "Schedule": {"AdjustForDST": True}, "ScheduleStatus": status}), "json")


def _name(function: Function) -> str:
    return f"timer/{function.name}"

"""When a timer trigger fires: NCRONTAB, or a pause.

Source: "Timer trigger for Azure Functions", NCRONTAB expressions and TimeSpan; NCrontab joins day of month and day of week by *and*. Six
fields begin with the second; five, without it, are taken too, as the extension does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from devkit.host.problem import Problem
from devkit.host.settings import resolved

PAUSE = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Exactly one of `expression` and `pause` counts."""

    text: str
    expression: str | None
    pause: timedelta
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, settings: Mapping[str, str], function: str) -> "Schedule":
        """`%NAME%` is a setting. The zone is UTC, or that of the setting WEBSITE_TIME_ZONE. Raises `Problem`."""
        text = resolved(text, settings, f"the schedule of {function}").strip()
        zone = _zone(settings.get("WEBSITE_TIME_ZONE") or "UTC")
        if found := PAUSE.fullmatch(text):
            days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
            pause = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            if pause:
                return cls(text, None, pause, zone)
        schedule = cls(text, text, timedelta(), zone)
        try:
            schedule.after(datetime(2026, 1, 1, tzinfo=zone))
        except (CroniterError, ValueError):
            raise Problem(
                f"The schedule {text!r} of {function} is no NCRONTAB expression that ever comes: six fields,"
                " {second} {minute} {hour} {day} {month} {day of week}, such as '0 */5 * * * *'; or a pause such as '00:05:00'."
            ) from None
        return schedule

    def after(self, moment: datetime) -> datetime:
        """The first time behind `moment`."""
        if self.expression is None:
            return moment + self.pause
        seconds = len(self.expression.split()) != 5
        found: datetime = croniter(
            self.expression, moment.astimezone(self.zone), second_at_beginning=seconds, day_or=False, ret_type=datetime
        ).get_next()
        return found.astimezone(moment.tzinfo)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError):
        raise Problem(f"The setting WEBSITE_TIME_ZONE is {name!r}, which is no name of the tz database, such as Europe/Berlin.") from None

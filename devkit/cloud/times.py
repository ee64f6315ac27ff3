"""Times as the Azure APIs write them."""

import time
from datetime import UTC, datetime


def now() -> str:
    """The machine's own time, seven fractional digits: of what is about this machine, such as its log. A cloud's time is its `Clock`'s."""
    return rfc3339(time.time_ns(), digits=7)


def rfc3339(nanoseconds: int, *, digits: int) -> str:
    """`datetime.fromisoformat` of Python 3.10 refuses more than six fractional digits; Azure sends seven, and nine (acr.md 1.2)."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{f'{fraction:09d}'[:digits]}Z"

"""Times as the Azure APIs write them."""

import time
from datetime import UTC, datetime


def now() -> str:
    """RFC 3339, seven fractional digits, as ARM and Event Grid envelopes have it."""
    return _rfc3339(time.time_ns(), digits=7)


def nanoseconds_now() -> str:
    """Nine fractional digits, as the registry stamps an event's data; `datetime.fromisoformat` of Python 3.10 refuses it."""
    return _rfc3339(time.time_ns(), digits=9)


def _rfc3339(nanoseconds: int, *, digits: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{f'{fraction:09d}'[:digits]}Z"

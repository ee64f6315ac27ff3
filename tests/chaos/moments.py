"""Moments by the machine's clock, in seconds since the epoch, of what clouds and host write down by clocks of their own."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Clock = Callable[[Any], float]


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """While somebody else writes, or after he was killed."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as database:
        database.execute("PRAGMA query_only = 1")
        yield database


def seconds(text: str) -> float:
    """Since the epoch, of an RFC 3339 time in UTC with any number of digits."""
    whole, _, fraction = text.rstrip("Z").removesuffix("+00:00").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp() + float(f"0.{fraction or 0}")


def host_clock(database: sqlite3.Connection) -> Clock:
    rows = dict(database.execute("SELECT name, value FROM setting").fetchall())
    kept = json.loads(rows["clock"])
    here, machine, scale = seconds(kept["here"]), seconds(kept["machine"]), kept["scale"]
    return lambda text: machine + (seconds(text) - here) / scale


def cloud_clock(database: sqlite3.Connection) -> Clock:
    """Of its moments, numbers or texts."""
    ((text,),) = database.execute("SELECT value FROM settings WHERE name = 'clock-anchors'").fetchall()
    cloud, real, scale = json.loads(text)["value"]
    return lambda moment: real + ((moment if isinstance(moment, float) else seconds(moment)) - cloud) / scale

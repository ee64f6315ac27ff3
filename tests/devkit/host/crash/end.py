"""What a run comes to, in a form that is the same for equal runs: without times, random ids and the order of what has none."""

import json
import re
import sqlite3
from collections import Counter
from contextlib import closing
from difflib import unified_diff
from pathlib import Path
from typing import Any

from devkit.host.durable.messages import Kind

RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
TIMES = {"Timestamp", "FireAt", "TraceParent", "ParentTraceContext"}  # the last two are as random
EPISODES = {Kind.ORCHESTRATOR_STARTED, Kind.ORCHESTRATOR_COMPLETED}  # how many messages share one is chance


def end_of(state: Path) -> list[str]:
    """A stopped host's database, line by line."""
    with closing(sqlite3.connect(state / "host.db")) as database:
        database.row_factory = sqlite3.Row
        lines = [f"{table}: {database.execute(f'SELECT count(*) FROM {table}').fetchone()[0]} rows" for table in ("inbox", "activity")]
        lines += [f"entity {row['id']}: {row['state']}" for row in database.execute("SELECT * FROM entity ORDER BY id")]
        for row in database.execute("SELECT * FROM instance"):
            told = [f"{name}={row[name]}" for name in ("name", "status", "input", "output", "custom_status", "version")]
            parent = json.loads(row["parent"])["id"] if row["parent"] else None
            lines.append(plain(f"instance {row['id']}: {' '.join(told)} parent={parent}"))
            history = [json.loads(text) for (text,) in database.execute("SELECT event FROM history WHERE id = ?", (row["id"],))]
            lines += [f"history {plain(row['id'])}: {line}" for line in canonical(history)]
    return sorted(lines)


def canonical(history: list[dict[str, Any]]) -> list[str]:
    """An event that was raised again because its answer was lost counts once."""
    kept, seen = [], set()
    for each in history:
        line = plain(json.dumps({name: value for name, value in each.items() if name not in TIMES}, sort_keys=True))
        if each["EventType"] in EPISODES or line in seen:
            continue
        if external(each):
            seen.add(line)
        kept.append(f"{Kind(each['EventType']).name} {line}")
    return sorted(kept)


def external(event: dict[str, Any]) -> bool:
    """Not an entity's answer, which goes by the random id of its request."""
    return event["EventType"] == Kind.EVENT_RAISED and not RANDOM.fullmatch(event["Name"])


def plain(text: str) -> str:
    return RANDOM.sub("#", text)


def raised(state: Path) -> Counter[tuple[str, str]]:
    """How often each external event lies in a history, by instance and name."""
    with closing(sqlite3.connect(state / "host.db")) as database:
        rows = [(instance, json.loads(text)) for instance, text in database.execute("SELECT id, event FROM history")]
    return Counter((instance, each["Name"]) for instance, each in rows if external(each))


def tasks(journal: Path) -> Counter[str]:
    """How often each task ran: a name with the trace parent that it keeps."""
    return Counter(journal.read_text().splitlines())


def difference(wanted: list[str], found: list[str]) -> str:
    return "\n".join(unified_diff(wanted, found, "undisturbed", "killed", lineterm="", n=0))

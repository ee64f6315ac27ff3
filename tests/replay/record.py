"""Keep what an instance did as a history that later versions must still follow.

    python -m tests.replay.record HOST.DB INSTANCE tests/replay/histories/0.1.0-NAME.json

From 1.0.0 on such a file is never changed: an instance may be in flight when the app is upgraded."""

import json
import sqlite3
import sys
from pathlib import Path


def record(database: Path, instance: str) -> dict[str, object]:
    """Raises `KeyError` for an instance that is not there."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    row = connection.execute("SELECT name, input FROM instance WHERE id = ?", (instance,)).fetchone()
    if row is None:
        raise KeyError(instance)
    history = [json.loads(text) for (text,) in connection.execute("SELECT event FROM history WHERE id = ? ORDER BY seq", (instance,))]
    given = json.loads(row[1])
    return {
        "name": row[0],
        "instance": instance,
        "input": json.loads(given) if isinstance(given, str) else given,
        "history": history,
    }


if __name__ == "__main__":
    database, instance, file = sys.argv[1:]
    Path(file).write_text(json.dumps(record(Path(database), instance), indent=1) + "\n")

"""Loaded by a process of a test's stack before anything of its own: notes whom it calls, and every byte that it sends over TLS.

Whatever library does it: connections and names are seen by Python's audit hooks, bytes where they enter TLS. Written at once, since the
process may be killed; where to is told by the environment."""

import json
import os
import ssl
import sys
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

_FILE = Path(os.environ["NOTES_OF_EGRESS"]) / f"{os.getpid()}.jsonl"
_OUT = os.open(_FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_streams: WeakKeyDictionary[ssl.SSLObject, int] = WeakKeyDictionary()
_numbers = count()
_write = ssl.SSLObject.write


def _note(**what: Any) -> None:
    os.write(_OUT, json.dumps(what).encode() + b"\n")


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _note(connect=f"{arguments[1][0]}:{arguments[1][1]}")
    elif event == "socket.getaddrinfo" and arguments[0] is not None:
        _note(lookup=os.fsdecode(arguments[0]))


def _noted(self: ssl.SSLObject, data: Any) -> int:
    """As much of it as was taken."""
    taken = _write(self, data)
    if not self.server_side:
        _note(stream=_streams.setdefault(self, next(_numbers)), sent=bytes(data[:taken]).hex())
    return taken


if "--settings" in sys.argv:
    _note(settings=json.loads(Path(sys.argv[sys.argv.index("--settings") + 1]).read_text())["Values"])
ssl.SSLObject.write = _noted  # type: ignore[method-assign]
sys.addaudithook(_heard)

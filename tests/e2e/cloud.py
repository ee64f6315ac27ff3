"""The control API of a local cloud (docs/decisions.md, 1.2): what was asked of it, and how it is told to behave."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devkit.local.endpoints import Registry
from tests.e2e.plainhttp import Http

Row = dict[str, Any]


class Cloud:
    def __init__(self, registry: Registry) -> None:
        self._http = Http(registry.control.url)
        self._key = registry.control.key

    def imports(self, repository: str) -> list[Row]:
        return [one for one in self._get("imports") if one["sourceImage"].partition("@")[0].partition(":")[0] == repository]

    def events(self, subject: str) -> list[Row]:
        """Oldest first."""
        return [one for one in self._get("events") if one["subject"] == subject]

    def requests(self, repository: str | None = None, *, method: str = "", status: int = 0) -> list[Row]:
        """What the cloud was asked by anybody, oldest first; since its last start."""
        return [
            one
            for one in self._get("requests")
            if (repository is None or f"/{repository}/" in one["path"])
            and one["method"] in (method or one["method"],)
            and one["status"] in (status or one["status"],)
        ]

    @contextmanager
    def slow_imports(self, seconds: float) -> Iterator[None]:
        """Those that begin meanwhile take that long at least."""
        before = self._put("imports", {"latencySeconds": seconds})["latencySeconds"]
        assert before == seconds
        try:
            yield
        finally:
            self._put("imports", {"latencySeconds": 0})

    @contextmanager
    def unheard(self, endpoint: str) -> Iterator[None]:
        """What happens meanwhile makes no event; `endpoint` is subscribed again afterwards."""
        self._put("event-subscription", {"endpoint": None})
        try:
            yield
        finally:
            self._put("event-subscription", {"endpoint": endpoint})

    def _get(self, what: str) -> list[Row]:
        answer = self._http.send("GET", f"/control/{what}", {"x-control-key": self._key})
        assert answer.status == 200, answer
        rows: list[Row] = answer.json()
        return rows

    def _put(self, what: str, value: Row) -> Row:
        answer = self._http.send("PUT", f"/control/{what}", {"x-control-key": self._key}, json.dumps(value).encode())
        assert answer.status == 200, answer
        set_to: Row = answer.json()
        return set_to

"""Values that the control API may change while the cloud runs."""

import json
from typing import Any

from devkit.cloud.database import Database


class Kept:
    """A JSON value that outlives the process: what was set last, as long as the settings file still says what it said then."""

    def __init__(self, database: Database, name: str, configured: Any) -> None:
        self._database = database
        self._name = name
        self._configured = configured

    def get(self) -> Any:
        kept = json.loads(self._database.setting(self._name) or "null")
        return kept["value"] if kept and kept["configured"] == self._configured else self._configured

    def set(self, value: Any) -> None:
        self._database.keep_setting(self._name, json.dumps({"value": value, "configured": self._configured}))

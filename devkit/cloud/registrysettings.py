"""How the registry is set up now: what the settings file says, and what the control API has changed since."""

from collections.abc import Mapping
from typing import Any

from devkit.cloud.config.registry import RegistryConfig
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept


class RegistrySettings:
    def __init__(self, database: Database, configured: RegistryConfig) -> None:
        self._kept = Kept(database, "registry", configured.to_json())
        self._now = configured.changed(self._kept.get())

    @property
    def now(self) -> RegistryConfig:
        return self._now

    def set(self, value: Mapping[str, Any]) -> None:
        """Those of `value`; the others stay. Raises `ValueError`."""
        self._now = self._now.changed(value)
        self._kept.set(self._now.to_json())

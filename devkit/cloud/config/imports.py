"""How imports go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.config.reading import number


@dataclass(frozen=True, slots=True)
class ImportPace:
    """How slow an import is at least, in the cloud's own seconds."""

    latency_seconds: float = 0.0
    bytes_per_second: float = 50_000_000.0

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, other: "ImportPace") -> Self:
        """Whatever `value` leaves out is as in `other`."""
        latency = number(value.get("latencySeconds", other.latency_seconds), "latencySeconds", least=0)
        rate = number(value.get("bytesPerSecond", other.bytes_per_second), "bytesPerSecond", least=1)
        return cls(latency, rate)

    def to_json(self) -> dict[str, float]:
        return {"latencySeconds": self.latency_seconds, "bytesPerSecond": self.bytes_per_second}


def operation_seconds(value: Mapping[str, Any]) -> float:
    """How long the record of an import that has ended is kept. Raises `ValueError`."""
    return number(value.get("operationSeconds", 86_400), "operationSeconds", least=1)

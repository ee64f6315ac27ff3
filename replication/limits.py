"""The numbers a run branches on. They travel in its input: an orchestrator reads no settings."""

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All in seconds but `rounds` and `removals`. The delays are to be at least the staleness that a registry is trusted with."""

    settle: float = 60  # after a change, until the look that a late import or a concurrent run cannot escape
    delete_delay: float = 300  # before a delete event is looked into: a look at once proves nothing
    recheck: float = 900  # how long a push run looks again while what it sees contradicts its event
    untagged_wait: float = 900  # how long a manifest pushed by its digest waits for an index that brings it
    patience: float = 3600  # how long a step is tried again that fails for this one artifact
    waiting: float = 259_200  # how long a run waits for a target that turns everybody away, or is too busy
    probe: float = 30  # until somebody tries for all who wait; then longer each time, up to ten times as long
    unknown_import: float = 600  # how long an import that may have been started is looked for before it is started again
    import_deadline: float = 7200  # ARM goes on copying after it; a run's history stays short
    rounds: int = 5  # that change something; then a late retry, and in the end `failed(unsettled)`
    removals: int = 100  # manifests of a deleted repository that go without an operator's word

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**value)

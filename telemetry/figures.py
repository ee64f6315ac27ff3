"""What is measured. Counters and histograms are at least once, as activities are; gauges are what a timer counted last (`Standing`)."""

import time
from collections.abc import Iterable, Mapping

from opentelemetry import metrics

_METER = metrics.get_meter("multi-cloud-publish")
SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
FRESH = 180.0  # seconds; the timer counts each minute, in one process of many

Labels = Mapping[str, str]

foreign_hosts = _METER.create_counter(
    "replication.events.foreign_host", description="Events whose request came by another name than the source's login server"
)
lag = _METER.create_histogram(
    "replication.lag", "s", "From an event's own time until its target was verified", explicit_bucket_boundaries_advisory=SECONDS
)
outcomes = _METER.create_counter("replication.outcomes", description="How runs ended, by target and outcome")
import_duration = _METER.create_histogram(
    "import.duration", "s", "From an import's start until the target answered its content", explicit_bucket_boundaries_advisory=SECONDS
)
requests = _METER.create_counter("registry.requests", description="HTTP requests, by service and class of status")
throttled = _METER.create_counter("registry.throttled", description="HTTP requests that were answered 429")


class Standing:
    """A gauge: what was counted last, all of it, as long as that is fresh. The timer may run in another process the next time, and what is
    not counted there again must not be told here for ever."""

    def __init__(self, name: str, unit: str, description: str) -> None:
        self._counted: list[tuple[float, Labels]] = []
        self._at = 0.0
        _METER.create_observable_gauge(name, [self._observe], unit, description)

    def count(self, counted: Iterable[tuple[float, Labels]]) -> None:
        self._counted, self._at = list(counted), time.monotonic()

    def _observe(self, _: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        fresh = self._counted if time.monotonic() - self._at < FRESH else []
        return [metrics.Observation(value, dict(labels)) for value, labels in fresh]


in_flight = Standing("replication.in_flight", "", "Orchestrations that have not ended, by name and target")
waiting = Standing("replication.waiting", "", "Those of them that wait for something to be put right, by reason")
expiry = Standing("credential.expiry", "d", "Until a credential ends, where that is known")

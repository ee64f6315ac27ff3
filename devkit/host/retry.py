"""`@app.retry`: a failed run is made again after a pause.

Source: "Azure Functions error handling and retries", retry policies: of the triggers that the local host serves, the timer's alone has
them; Event Grid sends an event again by itself, and Durable Functions have their own."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Retry:
    """`count` further runs, for ever when it is -1; each pause is twice the one before, from `least` to `most`."""

    count: int
    least: timedelta
    most: timedelta

    @classmethod
    def of(cls, options: Any) -> "Retry | None":
        """As the worker hands it over: `RpcRetryOptions`."""
        if options is None:
            return None
        if options.retry_strategy == "fixed_delay":
            return cls(options.max_retry_count, options.delay_interval, options.delay_interval)
        return cls(options.max_retry_count, options.minimum_interval, options.maximum_interval)

    def pause(self, retries: int) -> timedelta | None:
        """Before the next run, when `retries` have been made; None when there is none. Azure adds some chance to it."""
        if 0 <= self.count <= retries:
            return None
        doubled: timedelta = self.least * 2 ** min(retries, 20)
        return min(self.most, doubled)

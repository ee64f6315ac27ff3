"""How long to wait before something refused is tried again, and when to give up."""

from collections.abc import Mapping
from dataclasses import dataclass

from replication.failures import Failure, Kind

FIRST_PAUSE: Mapping[Kind, float] = {"transient": 2, "throttled": 10, "denied": 30}  # seconds; what is not here is final at once
FIRST_ASKED = 1  # seconds; where the service says how long to wait, that counts, and ours only for the case that it says so again and again
LONGEST_PAUSE = 3600  # seconds; a service that asks for more is asked again after that


@dataclass(frozen=True, slots=True)
class Patience:
    """For one step. `limit`: seconds after which the last failure is final. Access that is denied is waited for as well: a secret is being
    rotated, a role assignment takes minutes to spread, or somebody reads the status and mends it."""

    limit: float

    def pause(self, failure: Failure, tries: int, waited: float) -> float | None:
        """Seconds until the next try, after `tries` in vain and `waited` seconds; None: give up. Doubles, as long as the service asks for
        no longer; the last try comes when the limit is reached, not before."""
        first = FIRST_PAUSE.get(failure.kind)
        if first is None or waited >= self.limit:
            return None
        first = first if failure.retry_after is None else FIRST_ASKED
        pause = min(first * 2.0 ** min(tries - 1, 30), LONGEST_PAUSE, self.limit - waited)
        return max(pause, min(failure.retry_after or 0, LONGEST_PAUSE))

"""How long to wait before something refused is tried again, by whom, and when to give up."""

from collections.abc import Mapping
from dataclasses import dataclass

from replication.failures import Code, Failure, Kind
from replication.limits import Limits

FIRST_PAUSE: Mapping[Kind, float] = {"transient": 2, "throttled": 10, "denied": 30}  # seconds; what is not here is final at once
FIRST_ASKED = 1  # seconds; where the service says how long to wait, that counts, and ours only for the case that it says so again and again
LONGEST_PAUSE = 300  # seconds, of ours: what answers nine of ten times is not to be asked once an hour
LONGEST_ASKED = 86_400  # seconds; what a service asks for is never undercut, but for nonsense
ALONE = 60  # seconds for which a run tries again by itself what may be over in a moment
OF_A_PLACE: frozenset[Code] = frozenset(  # trouble that passes, and keeps off everybody rather than one artifact, as all that is denied
    {"unreachable", "not_understood", "absence_unproven", "source_denied", "target_denied", "store_unreachable"}
)


@dataclass(frozen=True, slots=True)
class Patience:
    """For one step. `limit`: seconds after which the last failure is final."""

    limit: float

    def pause(self, failure: Failure, tries: int, waited: float) -> float | None:
        """Seconds until the next try, after `tries` in vain and `waited` seconds; None: give up. Doubles, as long as the service asks for
        no longer; the last try comes when the limit is reached, not before."""
        first = FIRST_PAUSE.get(failure.kind)
        if first is None or waited >= self.limit:
            return None
        first = first if failure.retry_after is None else FIRST_ASKED
        pause = min(first * 2.0 ** min(tries - 1, 30), LONGEST_PAUSE, self.limit - waited)
        return max(pause, min(failure.retry_after or 0, LONGEST_ASKED))


def is_of_a_place(failure: Failure) -> bool:
    """Whether it may be over for everybody at once: a secret is being rotated, a role spreads, a registry comes back, somebody reads the
    status and mends it."""
    return failure.kind == "denied" or (failure.kind == "transient" and failure.code in OF_A_PLACE)


def of_a_run(failure: Failure, limits: Limits) -> Patience:
    """What a run has by itself, before it waits with others or gives up."""
    if not is_of_a_place(failure):
        return Patience(limits.waiting if failure.kind == "throttled" else limits.patience)
    return Patience(0 if failure.kind == "denied" else min(ALONE, limits.patience, limits.waiting))

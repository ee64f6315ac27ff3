"""What a run takes along when it starts over arrives as it was."""

import json

from replication.failures import Failure
from replication.outcomes import Outcome
from replication.progress import MOST_TOLD, Checked, Doubt, Importing, Progress, Wide
from replication.references import Digest

DIGEST = Digest("1" * 64)


def test_progress_survives_the_way_through_storage() -> None:
    trouble = Failure(kind="transient", code="unreachable", doing="do it", said="no", hint="mend it")
    progress = Progress(
        verified=Outcome(target="china", outcome="replicated", seconds=1.5, digest=str(DIGEST)),
        rounds=2,
        brought=True,
        late=True,
        wide=Wide(
            [str(DIGEST)], ["v1"], awaits=1.0, awaited=["g"], stuck=["v2"], trouble=trouble.to_json(), left=["v3"], removed=[{"tag": "v4"}]
        ),
        doubted=Doubt(3.5, 2),
        incomplete={str(DIGEST): Doubt(4.0, 1, ["sha256:2"])},
        importing=Importing(
            str(DIGEST), by_parts=True, under_way=True, started=5.0, operation="/o", generation="g", asked=6.0, trouble=trouble.to_json()
        ),
    )
    progress.checked = Checked(str(DIGEST), 3)
    progress.waits.refuse("look", trouble, 7.0)
    progress.keep_whole(DIGEST)
    progress.keep_whole(DIGEST)
    assert progress.whole == [str(DIGEST)]
    assert Progress.from_json(json.loads(json.dumps(progress.to_json()))) == progress


def test_a_run_begins_with_none() -> None:
    assert Progress.from_json(Progress().to_json()) == Progress()


def test_what_was_removed_is_told_up_to_a_number() -> None:
    wide = Wide()
    for number in range(MOST_TOLD + 3):
        wide.tell({"tag": str(number)})
    assert (len(wide.removed), wide.untold) == (MOST_TOLD, 3)

"""What a run is called that has nothing left to do."""

from replication.neighbourhood import Neighbourhood
from replication.outcomes import Name
from replication.progress import Wide
from replication.references import Digest
from replication.work import Seen, Work

Ended = tuple[Name, Digest | None, str | None]  # an outcome, what the target holds now, and why it keeps something, if it does


def conclude(work: Work, seen: Seen, *, brought: bool) -> Ended:
    """Of a push that has nothing left to do, and never had to look any further."""
    held = seen.target.tagged if work.tag is not None else work.digest if seen.target.has_digest else None
    if work.tag is not None and seen.source.tagged not in (None, work.digest):
        return "superseded", held, None
    return "replicated" if brought else "already_current", held, None


def conclude_around(work: Work, around: Neighbourhood, wide: Wide, *, brought: bool) -> Ended:
    """Of a run that looked at a whole neighbourhood. What it kept comes first: somebody may have to do something about it."""
    mine = around.of(work.digest)
    meaning = next((one for one in around.tags if one.tag == work.tag), None)
    held = meaning.target if meaning is not None and not work.removing else work.digest if mine.target else None
    if (kept := around.keeps(work.digest, wide.left)) is not None:
        return "kept", held, kept
    if not work.removing and meaning is not None:
        if meaning.source is None and meaning.target is not None:
            return "kept", held, "locked" if around.deletes else "deletes_off"
        if meaning.source not in (None, work.digest):
            return "superseded", held, None
        if meaning.source is None and mine.source:
            return "untagged", held, None
    if mine.source:
        return "replicated" if brought else "already_current", held, None
    return "deleted" if wide.removed else "already_absent", held, None

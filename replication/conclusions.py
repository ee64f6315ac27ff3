"""What a run is called that has nothing left to do."""

from replication.neighbourhood import Meaning, Neighbourhood
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
    meaning = None if work.removing else next((one for one in around.tags if one.tag == work.tag), None)
    held = meaning.target if meaning is not None else work.digest if mine.target else None
    kept = around.keeps(work.digest, wide.left) or _kept_tag(work, around, wide, meaning)
    if kept is not None:
        return "kept", held, kept
    if meaning is not None and meaning.source not in (None, work.digest):
        return "superseded", held, None
    if meaning is not None and meaning.source is None and mine.source:
        return "untagged", held, None
    if mine.source:
        return "replicated" if brought else "already_current", held, None
    return "deleted" if wide.removed else "already_absent", held, None


def _kept_tag(work: Work, around: Neighbourhood, wide: Wide, meaning: Meaning | None) -> str | None:
    """Of a push its own; of a deletion one that is locked."""
    if meaning is not None:
        return around.spares or "locked" if meaning.source is None and meaning.target is not None else None
    return "locked" if work.removing and any(str(one.tag) in wide.left for one in around.tags) else None

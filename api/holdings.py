"""What source and targets answer right now for a tag or a digest: the question that everyone asks."""

import asyncio
from dataclasses import dataclass
from typing import Any

from registries.connections import Connections
from registries.noanswer import unreachable
from registries.registry import Found, Reference, Registry
from replication.failures import Failure, Refused
from replication.references import Digest, Repository, Tag
from replication.scope import Filtered
from replication.targets import Target

ANSWER_WITHIN = 20  # seconds for one registry, sign-in included: one that hangs must not hide what the others answer


@dataclass(frozen=True, slots=True)
class Answered:
    """What is there, None for proven absence, or why there is no telling."""

    found: Found | None
    failure: Failure | None = None

    @property
    def digest(self) -> Digest | None:
        return None if self.found is None else self.found.digest

    def to_json(self) -> dict[str, Any]:
        digest = None if self.digest is None else str(self.digest)
        return {"digest": digest, "failure": None if self.failure is None else self.failure.to_json()}


NOT_ASKED = Answered(None)


async def holdings(here: Connections, repository: Repository, reference: Reference) -> dict[str, Any]:
    """`in_sync` is null where one side did not answer, and at a target that is not to have it (`filtered`: why), which does not count, and
    whose answer, if it was asked at all, is not told; of the whole, false as soon as one target differs."""
    tag = reference if isinstance(reference, Tag) else None
    left_out = {name: one.target.scope.leaves_out(repository, tag) for name, one in here.targets.items()}
    wanted = {name: one.registry for name, one in here.targets.items() if left_out[name] is None}
    source, *answers = await asyncio.gather(*(_ask(registry, repository, reference) for registry in (here.source, *wanted.values())))
    answered = dict(zip(wanted, answers, strict=True))
    left_out |= {name: _filtered(here.targets[name].target, source, told) for name, told in answered.items()}
    rows = [_row(name, source, answered[name] if left_out[name] is None else NOT_ASKED, left_out[name]) for name in here.targets]
    verdicts = {row["in_sync"] for row in rows if row["filtered"] is None}
    in_sync = False if False in verdicts else None if None in verdicts else True
    return {"in_sync": in_sync, "message": _message(source, rows), "source": source.to_json(), "targets": rows}


def _filtered(target: Target, source: Answered, told: Answered) -> Filtered | None:
    """By its media type, which comes with the answers: of what the source has, or of what is still at the target."""
    found = source.found or told.found
    return "media_type" if found is not None and not target.scope.takes_media_type(found.media_type) else None


def _row(name: str, source: Answered, told: Answered, filtered: Filtered | None) -> dict[str, Any]:
    return {"target": name, "in_sync": _in_sync(source, told), **told.to_json(), "filtered": filtered}


def _message(source: Answered, rows: list[dict[str, Any]]) -> str:
    """For a person; above all, that equal can mean absent everywhere, as after a typing error."""
    if source.failure is not None:
        return f"the source does not tell: {source.failure.code}"
    filtered = [f"{row['target']} ({row['filtered']})" for row in rows if row["filtered"]]
    differing = [row["target"] for row in rows if row["in_sync"] is False]
    silent = [f"{row['target']} ({row['failure']['code']})" for row in rows if row["failure"]]
    parts = [f"differs in {', '.join(differing)}"] if differing else []
    parts += [f"no answer from {', '.join(silent)}"] if silent else []
    if not parts and len(filtered) < len(rows):
        everywhere = "every target" if not filtered else "every other target"
        parts = [f"{'absent' if source.digest is None else 'the same'} at the source and at {everywhere}"]
    parts += [f"left out of {', '.join(filtered)}"] if filtered else []
    return "; ".join(parts)


async def _ask(registry: Registry, repository: Repository, reference: Reference) -> Answered:
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return Answered(await registry.find(repository, reference, prove=True))
    except Refused as refused:
        return Answered(None, refused.failure)
    except TimeoutError:
        return Answered(None, unreachable(f"look at {repository}", registry.side.name, f"nothing within {ANSWER_WITHIN} s"))


def _in_sync(source: Answered, target: Answered) -> bool | None:
    return None if target is NOT_ASKED or source.failure or target.failure else source.digest == target.digest

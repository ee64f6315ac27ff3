"""What an intent is: a row that says "this digest is being imported into that target's repository", there before ARM is asked and gone
when the import has ended (DESIGN, rule 9). By it a repeat of the POST is known as one, runs that need the same digest share one import, and
a removal knows what may still arrive.

How a step uses it (`claim` tells which):

    claim = await store().claim(content, run=instance, at=now)
    new       POST. Then `started` with the operation's path; or `ended` where ARM has refused, since nothing will come. A POST whose answer
              was lost is left as it is: it may have started an import.
    again     This run has claimed before and died, or lost ARM's answer, or is this very step run twice.
    theirs    Another run has.
              Of both: with an operation, wait for that one. Without, the POST may or may not have happened: look at the target until
              `since` is as old as the run's limit (10 minutes), then claim once more with `instead_of=claim.intent.generation`. New: POST;
              an import that started unseen meanwhile brings the same content. Anything else: somebody was faster, begin again.

Whoever sees that the import has ended, well or badly, or that ARM has forgotten it, says `ended`: the owner may be dead. No intent expires
by itself, and none has to: the next run that needs the digest mends what a dead one left."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, Self

from replication.references import Digest, Repository


@dataclass(frozen=True, slots=True, order=True)
class Content:
    """What is imported, and where to: a target's name, as in the settings."""

    target: str
    repository: Repository
    digest: Digest

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest.short}… into {self.target}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """`run`: the instance that is to POST. `generation`: names this intent among all that its content ever has. `operation`: path and query
    at the target's ARM; its signature lets nobody in without a token, and histories hold it as well. `since`: in the time of that run."""

    content: Content
    run: str
    generation: str
    since: datetime
    operation: str | None = None

    @classmethod
    def new(cls, content: Content, run: str, at: datetime) -> Self:
        assert at.tzinfo is not None
        return cls(content=content, run=run, generation=uuid.uuid4().hex, since=at)

    def makes_way_for(self, instead_of: str | None) -> bool:
        """For whom it is still the intent that was looked at, with no more known about its POST."""
        return self.generation == instead_of and self.operation is None


@dataclass(frozen=True, slots=True)
class Claim:
    """`new`: this call made the intent, and its caller alone is to POST."""

    whose: Literal["new", "again", "theirs"]
    intent: Intent

    @classmethod
    def of(cls, found: Intent, mine: Intent) -> Self:
        if found.generation == mine.generation:
            return cls("new", mine)
        return cls("again" if found.run == mine.run else "theirs", found)


class Intents(Protocol):
    """All are atomic, whoever else asks at the same time, and all raise `Refused` when the store does not answer."""

    async def claim(self, content: Content, *, run: str, at: datetime, instead_of: str | None = None) -> Claim:
        """`at`: the run's own time (Durable's), with a time zone. `instead_of`: the generation that is to make way, which it does only
        while nobody knows an operation of it. A claim that is repeated, since its answer was lost, is not new but `again`."""

    async def started(self, content: Content, generation: str, operation: str) -> bool:
        """Completes the intent. False when it is no longer there, or has another operation: that import is nobody's, and harmless."""

    async def ended(self, content: Content, generation: str) -> None:
        """Removes the intent if it is still of this generation."""

    async def open_into(self, target: str, repository: Repository) -> list[Intent]:
        """What may still arrive in a repository, in the order of digests."""

    async def close(self) -> None:
        """Lets go of connections."""

"""Instance ids: readable in front, unique behind. One event has one id, so a redelivery finds the instance that it started before.

An id must not hold '/', '\\', '#', '?' or control characters (Durable Functions, "Instance IDs"); neither '!' nor '~' can be part of a
repository or a tag."""

import hashlib

from replication.events import ImageEvent
from replication.references import Digest, Repository, Tag

LONGEST_READABLE = 150
REJECTED = "rejected~"
RECONCILE = "reconcile~"


def run_id(event: ImageEvent) -> str:
    """`team!app:v1~0123456789abcdef`."""
    return prefix(event.repository, event.tag) + _hex(f"{event.topic}\n{event.id}")


def prefix(repository: Repository, tag: Tag | None) -> str:
    """What the ids of all runs for a tag begin with ('-': for no tag). Where it is cut, other names may share it."""
    return f"{readable(repository)}{tag or '-'}"[:LONGEST_READABLE] + "~"


def readable(repository: Repository) -> str:
    """What the ids of all runs for a repository begin with."""
    return f"{str(repository).replace('/', '!')}:"[:LONGEST_READABLE]


def child_id(run: str, target: str) -> str:
    return f"{run}~{target}"


def children_id(parent: str, digest: Digest) -> str:
    """Of the orchestration that imports what an index lists, one by one."""
    return f"{parent}~{digest.encoded[:12]}"


def repository_id(parent: str, repository: str) -> str:
    """Of the orchestration that compares one repository."""
    return f"{parent}~{_hex(repository)[:12]}"


def is_run(instance: str) -> bool:
    """Rather than a target's part of one, or a rejected event."""
    return instance.count("~") == 1 and not instance.startswith(REJECTED)


def rejected_id(raw: str) -> str:
    """Nothing of a hostile event is in it."""
    return REJECTED + _hex(raw)


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]

"""What a registry holds, read over HTTP by whoever may read all of it: every repository, tag, manifest by its bytes, blob and referrer.

No header is believed: bytes are hashed. Source: distribution-spec, "Pull", "Listing Tags", "Listing Referrers"; ACR's `/acr/v1`."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from devkit.demo.judge import ACCEPT
from devkit.demo.registry import Answer, Connection
from devkit.local.endpoints import Registry
from devkit.local.images import digest_of


@dataclass(frozen=True, slots=True)
class Manifest:
    children: tuple[str, ...]
    subject: str | None
    wrong: str | None = None  # what is the matter with it, whatever the source has


@dataclass(slots=True)
class Holding:
    """Of one repository. `referrers`: what the referrers API answers, by subject; subjects that are not there as well."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    referrers: dict[str, frozenset[str]] = field(default_factory=dict)

    def lacks(self, digest: str) -> list[str]:
        """What is missing below an index that is there, at any depth."""
        found = self.manifests.get(digest)
        if found is None:
            return [digest]
        return [missing for child in found.children for missing in self.lacks(child)]


Inventory = Mapping[str, Holding]


def take(registry: Registry, ca: Path) -> Inventory:
    """Everything, by a token that has every right."""
    with Connection(registry, ca) as connection:
        return {name: holding(connection, name) for name in _pages(connection, "/v2/_catalog", "repositories", str)}


def holding(connection: Connection, repository: str) -> Holding:
    found, blobs = Holding(tags=tags_of(connection, repository)), dict[str, str | None]()
    for digest in digests_of(connection, repository):
        found.manifests[digest] = _manifest(connection, repository, digest, blobs)
    subjects = {one.subject for one in found.manifests.values() if one.subject} | found.manifests.keys()
    for subject in sorted(subjects):
        answer = _get(connection, f"/v2/{repository}/referrers/{subject}")
        found.referrers[subject] = frozenset(str(one["digest"]) for one in json.loads(answer.body)["manifests"])
    return found


def tags_of(connection: Connection, repository: str) -> dict[str, str]:
    """Digests by tag; empty for a repository that is not there."""
    return {tag["name"]: tag["digest"] for tag in _pages(connection, f"/acr/v1/{repository}/_tags", "tags", lambda one: str(one["name"]))}


def digests_of(connection: Connection, repository: str) -> list[str]:
    path = f"/acr/v1/{repository}/_manifests"
    return [str(one["digest"]) for one in _pages(connection, path, "manifests", lambda one: str(one["digest"]))]


def _manifest(connection: Connection, repository: str, digest: str, blobs: dict[str, str | None]) -> Manifest:
    """`blobs`: what is the matter with those that were looked at before."""
    answer = _get(connection, f"/v2/{repository}/manifests/{digest}")
    value: dict[str, Any] = json.loads(answer.body)
    children = tuple(str(child["digest"]) for child in value.get("manifests", ()))
    subject = value.get("subject")
    wrong = None if digest_of(answer.body) == digest else f"has other bytes: {digest_of(answer.body)}"
    listed = [str(one["digest"]) for one in (value.get("config"), *value.get("layers", ())) if one]
    for blob in listed:
        if blob not in blobs:
            blobs[blob] = _blob(connection, repository, blob)
        wrong = wrong or blobs[blob]
    return Manifest(children, None if subject is None else str(subject["digest"]), wrong)


def _blob(connection: Connection, repository: str, digest: str) -> str | None:
    answer = connection.send("GET", f"/v2/{repository}/blobs/{digest}")
    if answer.status != 200 or digest_of(answer.body) != digest:
        return f"lacks the blob {digest}: status {answer.status}"
    return None


def _pages(connection: Connection, path: str, name: str, key: Any) -> Iterator[Any]:
    last = ""
    while True:
        answer = connection.send("GET", f"{path}?last={quote(last, safe='')}" if last else path)
        if answer.status == 404 and not last:  # the repository is not there
            return
        assert answer.status == 200, (connection.name, path, answer.status, answer.body[:300])
        page = json.loads(answer.body)[name] or ()
        if not page:
            return
        yield from page
        last = key(page[-1])


def _get(connection: Connection, path: str) -> Answer:
    answer = connection.send("GET", path, headers={"Accept": ACCEPT})
    assert answer.status == 200, (connection.name, path, answer.status, answer.body[:300])
    return answer

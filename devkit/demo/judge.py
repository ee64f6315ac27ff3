"""The demo's own judge: reads what each registry holds and compares. It believes nobody: not the app, and no header.

Each manifest's bytes are hashed, and so are all that it lists: the children of an index, config and layers of an image. Absent is only
what the registry itself says is unknown; any other refusal is a difference. Source: distribution-spec, "Pull" and "Error Codes"."""

import hashlib
import http.client
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.demo.registry import Answer, Connection
from devkit.local.endpoints import Registry

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
UNKNOWN = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What every registry must hold at `reference`, a tag or a digest; None is nothing."""

    repository: str
    reference: str
    digest: str | None

    def __str__(self) -> str:
        return f"{self.repository}{'@' if self.reference.startswith('sha256:') else ':'}{self.reference}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one registry holds there. `wrong` says what is the matter with it, whatever is expected."""

    registry: str
    digest: str | None
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    expected: Expected
    readings: tuple[Reading, ...]  # the source's first

    def differences(self) -> list[str]:
        """One sentence for each registry where it is not as it must be."""
        return [f"{self.expected} in {reading.registry}: {said}" for reading in self.readings if (said := self.difference(reading))]

    def difference(self, reading: Reading) -> str | None:
        wanted = self.expected.digest
        if reading.wrong is not None:
            return reading.wrong
        if reading.digest == wanted:
            return None
        if wanted is None:
            return f"is still there, as {reading.digest}"
        return f"is {reading.digest or 'absent'}, and must be {wanted}"


def judge(registries: Sequence[Registry], ca: Path, expected: Sequence[Expected]) -> list[Verdict]:
    """`registries` begins with the source."""
    readings: list[list[Reading]] = []
    for registry in registries:
        with Connection(registry, ca) as connection:
            readings.append([read(connection, one.repository, one.reference) for one in expected])
    return [Verdict(one, of_one) for one, of_one in zip(expected, zip(*readings, strict=True), strict=True)]


def read(connection: Connection, repository: str, reference: str) -> Reading:
    try:
        answer = _manifest(connection, repository, reference)
        if (code := _code(answer)) in UNKNOWN:
            return Reading(connection.name, None)
        if answer.status != 200:
            return Reading(connection.name, None, f"cannot be read: status {answer.status}, code {code}")
        digest = _digest_of(answer.body)
        return Reading(connection.name, digest, next(_flaws(connection, repository, reference, answer), None))
    except (OSError, http.client.HTTPException) as error:  # first: a wrong certificate is a ValueError as well
        return Reading(connection.name, None, f"cannot be read: {type(error).__name__}: {error}")
    except (ValueError, LookupError, TypeError, AttributeError):
        return Reading(connection.name, None, "holds what is no manifest")


def _flaws(connection: Connection, repository: str, reference: str, answer: Answer) -> Iterator[str]:
    """What is wrong with a manifest and everything below it."""
    digest = _digest_of(answer.body)
    if ":" in reference and digest != reference:
        yield f"has other bytes at {reference}: their digest is {digest}"
        return
    if answer.headers.get("Docker-Content-Digest") != digest:
        yield f"is announced as {answer.headers.get('Docker-Content-Digest')}, and its bytes are {digest}"
    manifest: dict[str, Any] = json.loads(answer.body)
    for child in manifest.get("manifests", ()):
        found = _manifest(connection, repository, child["digest"])
        if found.status == 200:
            yield from _flaws(connection, repository, child["digest"], found)
        else:
            yield f"lacks its child {child['digest']}: status {found.status}, code {_code(found)}"
    for blob in [one for one in (manifest.get("config"), *manifest.get("layers", ())) if one]:
        found = connection.send("GET", f"/v2/{repository}/blobs/{blob['digest']}")
        if found.status != 200 or _digest_of(found.body) != blob["digest"]:
            yield f"lacks the blob {blob['digest']}: status {found.status}, {len(found.body)} bytes"


def _manifest(connection: Connection, repository: str, reference: str) -> Answer:
    return connection.send("GET", f"/v2/{repository}/manifests/{reference}", headers={"Accept": ACCEPT})


def _digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _code(answer: Answer) -> str | None:
    """The registry's own word for a 404; a proxy's page has none."""
    if answer.status != 404:
        return None
    try:
        return str(json.loads(answer.body)["errors"][0]["code"])
    except (ValueError, LookupError, TypeError):
        return None

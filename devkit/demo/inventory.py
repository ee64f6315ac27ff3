"""Whether each registry lists what the story has left there and nothing beside it: `judge` reads only what it is told to look for.

Source: distribution-spec, "Listing Tags"; docs.docker.com registry API, "Catalog"."""

import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from devkit.demo.judge import Verdict
from devkit.demo.registry import Connection
from devkit.local.endpoints import Registry


class Unlisted(Exception):
    """Why there is no list, in a few words."""


def strays(registries: Sequence[Registry], ca: Path, verdicts: Sequence[Verdict]) -> list[str]:
    """One sentence for each name that is listed and must not be, or the other way round. What `verdicts` say already is left out."""
    must = {str(one.expected) for one in verdicts if one.expected.digest is not None and ":" not in one.expected.reference}
    told = {(reading.registry, str(one.expected)) for one in verdicts for reading in one.readings if one.difference(reading)}
    found: list[str] = []
    for registry in registries:
        try:
            with Connection(registry, ca) as connection:
                names = listed(connection)
        except Unlisted as reason:
            found.append(f"What {registry.name} holds cannot be listed: {reason}")
            continue
        found += [
            f"{name} in {registry.name}: is listed, and nobody pushed it"
            for name in sorted(names - must)
            if (registry.name, name) not in told
        ]
        found += [f"{name} in {registry.name}: is not listed" for name in sorted(must - names) if (registry.name, name) not in told]
    return found


def listed(connection: Connection) -> set[str]:
    """`repository:tag` for each tag, and the bare name of a repository without one. Raises `Unlisted`."""
    names: set[str] = set()
    for repository in _pages(connection, "/v2/_catalog", "repositories"):
        tags = _pages(connection, f"/v2/{repository}/tags/list", "tags")
        names |= {f"{repository}:{tag}" for tag in tags} or {repository}
    return names


def _pages(connection: Connection, path: str, name: str) -> list[str]:
    """All of a list, page by page: the next begins after the last item of this one, until one is empty."""
    items: list[str] = []
    while True:
        page = _page(connection, f"{path}?last={quote(items[-1], safe='')}" if items else path, name)
        if not page:
            return items
        items += page


def _page(connection: Connection, path: str, name: str) -> list[str]:
    try:
        answer = connection.send("GET", path)
        if answer.status != 200:
            raise Unlisted(f"{path} answers {answer.status}")
        return [str(item) for item in json.loads(answer.body)[name] or ()]
    except (OSError, http.client.HTTPException) as error:
        raise Unlisted(f"{path}: {type(error).__name__}") from None
    except (ValueError, LookupError, TypeError):
        raise Unlisted(f"{path} answers what is no list") from None

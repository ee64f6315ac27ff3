"""The search for secrets: in every file that a stack keeps, freed pages and write-ahead logs included, in each row of its databases, and in
what the app has answered; packed or not. Searched for is what somebody was given, and the end of each token that the app has used: without
its signature it opens nothing."""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from tests.e2e.forms import names_in
from tests.e2e.running import Site
from tests.e2e.unpacking import unpacked

# The files that are there to hold secrets, all of them their owner's alone.
KEEPERS = {
    "secrets.json": "where the stack keeps all of them",
    "endpoints.json": "tells people how to sign in (docs/decisions.md, 1.4)",
    "local.settings.json": "the app's settings, as a developer has them",
    "host/keys.json": "the host's own keys",
    "tls/*.key": "the keys of the local authority and of the clouds' certificate",
    "clouds/*.json": "the settings of a cloud: whom it lets in",
    "clouds/*/cloud.db*": "a cloud's own store: its subscription's key, and the credentials of imports that are under way",
}
TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")  # what every JSON Web Token begins with, Entra's and the registries'
WHOLE_TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.([\w-]{40,})")
LONG_RUN = re.compile(rb"[\w-]{40,}")
MANAGEMENT = b"/webhooks/durabletask"  # Durable's own URLs carry a system key: they are never handed out


def searched(site: Site) -> Iterator[Site]:
    """A fixture's body. The host is killed first: what it has not yet written whole is searched too."""
    with site:
        yield site
        site.stack.host.kill()
        assert leaks(site) == []


def leaks(site: Site) -> list[str]:
    """One sentence for each secret in each place where it must not be."""
    ends = ends_of_tokens(site)
    found = [told for place, content in places(site) for told in found_in(place, content, site.secrets, ends)]
    return found + [f"a management URL is in {answer!r}" for answer in site.app.answers if MANAGEMENT in answer]


def ends_of_tokens(site: Site) -> set[bytes]:
    """Of every token that the app has sent to anybody."""
    return {end for left in site.notes.left() for stream in left.streams for end in WHOLE_TOKEN.findall(stream)}


def found_in(place: str, content: bytes, secrets: Mapping[str, str], ends: Collection[bytes] = ()) -> list[str]:
    """`ends`: of tokens."""
    found: dict[str, None] = {}
    for layer in unpacked(content):
        found |= dict.fromkeys(f"{name} is in {place}" for name in names_in(layer, secrets))
        found |= dict.fromkeys([f"a token is in {place}"] if TOKEN.search(layer) else [])
        found |= dict.fromkeys([f"the end of a token is in {place}"] if not {*LONG_RUN.findall(layer)}.isdisjoint(ends) else [])
    return list(found)


def places(site: Site) -> Iterator[tuple[str, bytes]]:
    yield from files(site.ends.state)
    yield from rows(site.ends.app.database)
    yield from rows(site.ends.app.database.with_name("ledger.db"))
    yield "the app's answers", b"\n".join(site.app.answers)


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """As they are, whatever they hold."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, keeper) for keeper in KEEPERS):
            assert path.stat().st_mode & 0o077 == 0, f"{name} can be read by others"
        else:
            yield name, path.read_bytes()


def rows(database: Path) -> Iterator[tuple[str, bytes]]:
    """Each table whole: in the file a long text is cut into pages. Read from a copy, since opening the file changes it."""
    with tempfile.TemporaryDirectory() as folder:
        for part in database.parent.glob(f"{database.name}*"):
            shutil.copy(part, folder)
        connection = sqlite3.connect(Path(folder) / database.name)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found = connection.execute(f'SELECT * FROM "{table}"').fetchall()
            values = [value if isinstance(value, bytes) else str(value).encode() for row in found for value in row]
            yield f"the table {table} of {database.name}", b"\n".join(values)
        connection.close()

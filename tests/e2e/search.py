"""The search for secrets: in every file that a stack keeps, in each row of the host's database, and in what the app has answered."""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from tests.e2e.forms import names_in
from tests.e2e.running import Site

# The files that are there to hold secrets, all of them their owner's alone.
KEEPERS = {
    "secrets.json": "where the stack keeps all of them",
    "endpoints.json": "tells people how to sign in (docs/decisions.md, 1.4)",
    "local.settings.json": "the app's settings, as a developer has them",
    "host/keys.json": "the host's own keys",
    "clouds/*.json": "the settings of a cloud: whom it lets in",
    "clouds/*/cloud.db*": "a cloud's own store: its subscription's key, and the credentials of imports that are under way",
}
TOKEN = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")  # what every JSON Web Token begins with, Entra's and the registries'
MANAGEMENT = b"/webhooks/durabletask"  # Durable's own URLs carry a system key: they are never handed out


def searched(site: Site) -> Iterator[Site]:
    """A fixture's body. The host is killed first: what it has not yet written whole is searched too."""
    with site:
        yield site
        site.stack.host.kill()
        assert leaks(site) == []


def leaks(site: Site) -> list[str]:
    """One sentence for each secret in each place where it must not be."""
    kept = list(places(site))
    found = [f"{name} is in {place}" for place, content in kept for name in names_in(content, site.secrets)]
    found += [f"a token is in {place}" for place, content in kept if TOKEN.search(content)]
    return found + [f"a management URL is in {answer!r}" for answer in site.app.answers if MANAGEMENT in answer]


def places(site: Site) -> Iterator[tuple[str, bytes]]:
    folder = site.ends.state
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if any(fnmatchcase(name, keeper) for keeper in KEEPERS):
            assert path.stat().st_mode & 0o077 == 0, f"{name} can be read by others"
        else:
            yield name, path.read_bytes()
    yield from rows(site.ends.app.database)
    yield "the app's answers", b"\n".join(site.app.answers)


def rows(database: Path) -> Iterator[tuple[str, bytes]]:
    """Each table whole: in the file a long text is cut into pages. Read from a copy, since opening the file changes it."""
    with tempfile.TemporaryDirectory() as folder:
        for part in database.parent.glob(f"{database.name}*"):
            shutil.copy(part, folder)
        connection = sqlite3.connect(Path(folder) / database.name)
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found = connection.execute(f'SELECT * FROM "{table}"').fetchall()
            yield f"the table {table} of {database.name}", "\n".join(str(value) for row in found for value in row).encode()
        connection.close()

"""Which client does what, as declared: `covers` makes the tests of a verb from it, and `python -m tests.devkit.clients.table` prints it."""

import pytest

from devkit.tools import TOOLS
from tests.devkit.clients.client import Client
from tests.devkit.clients.crane import Crane
from tests.devkit.clients.oras import Oras
from tests.devkit.clients.regctl import Regctl
from tests.devkit.clients.skopeo import Skopeo

CLIENTS: tuple[type[Client], ...] = (Skopeo, Crane, Oras, Regctl)
VERBS = (
    "login",
    "Entra identity",
    "push",
    "pull",
    "copy",
    "tags",
    "delete",
    "delete tag",
    "attach",
    "discover",
    "copy referrers",
    "signature tag",
    "mount",
    "chunks",
    "resume",
    "wrong password",
    "anonymous",
    "pull-only token",
)

covered: set[tuple[str, str]] = set()  # verb and program: grows as the tests' modules are imported


def covers(verb: str) -> pytest.MarkDecorator:
    """A test for each client that has the verb, with a `client` of its own."""
    able = [client for client in CLIENTS if verb not in client.lacks]
    covered.update((verb, client.program) for client in able)
    parameters = [pytest.param(client, id=client.program, marks=_marker(client)) for client in able]
    return pytest.mark.parametrize("client", parameters, indirect=True)


def _marker(client: type[Client]) -> pytest.MarkDecorator:
    return pytest.mark.tools if client.program in TOOLS else pytest.mark.debian


def cell(verb: str, client: type[Client]) -> str:
    if verb in client.lacks:
        return f"n/a: {client.lacks[verb]}"
    return client.ways.get(verb, "yes")


def markdown() -> str:
    rows = [["", *(client.program for client in CLIENTS)], ["---"] * (len(CLIENTS) + 1)]
    rows += [[verb, *(cell(verb, client) for client in CLIENTS)] for verb in VERBS]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(markdown())

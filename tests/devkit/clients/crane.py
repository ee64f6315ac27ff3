"""crane, of google/go-containerregistry."""

from collections.abc import Mapping
from typing import ClassVar

from tests.devkit.clients.client import Client
from tests.devkit.clients.images import Image, read_layout

NO_REFERRERS = "knows no referrers"


class Crane(Client):
    program = "crane"
    lacks: ClassVar[Mapping[str, str]] = {
        "attach": NO_REFERRERS,
        "discover": NO_REFERRERS,
        "copy referrers": NO_REFERRERS,
    }
    ways: ClassVar[Mapping[str, str]] = {
        "chunks": "one PATCH for each blob, then PUT",
        "login": "keeps the password unasked: a wrong one fails with the first call",
        "delete tag": "refused: Azure deletes manifests by digest",
        "resume": "begins the blob again by itself",
    }

    def sign_in(self, passwords: Mapping[str, tuple[str, str]]) -> None:
        super().sign_in({**passwords, **{_not_plain(server): one for server, one in passwords.items()}})

    def login(self, server: str, user: str, password: str) -> None:
        for name in (server, _not_plain(server)):
            self.run("auth", "login", name, "--username", user, "--password-stdin", given=password.encode())
        self.run("catalog", server)

    def push(self, image: Image, reference: str) -> None:
        folder = self.new_folder()
        image.write_layout(folder)
        self.run("push", str(folder), reference)

    def pull(self, reference: str, image: Image) -> dict[str, bytes]:
        folder = self.new_folder()
        self.run("pull", "--format=oci", reference, str(folder))
        return read_layout(folder)

    def copy(self, source: str, target: str) -> None:
        self.run("copy", source, target)

    def tags(self, repository: str) -> list[str]:
        return self.run("ls", _not_plain(repository)).split()

    def delete(self, reference: str) -> None:
        self.run("delete", reference)

    def delete_tag(self, reference: str) -> None:
        self.delete(reference)


def _not_plain(reference: str) -> str:
    """crane takes "localhost:" for plain HTTP, so that it refuses the address of a list's next page, which is https. It does not know the
    name in capitals."""
    return reference.replace("localhost:", "LOCALHOST:", 1)

"""oras. It takes localhost for a server without TLS unless it is told otherwise."""

import json
from collections.abc import Iterable, Mapping
from typing import ClassVar

from tests.devkit.clients.client import Client
from tests.devkit.clients.images import Image, read_layout

TLS, FROM_TLS, TO_TLS = "--plain-http=false", "--from-plain-http=false", "--to-plain-http=false"


class Oras(Client):
    program = "oras"
    lacks: ClassVar[Mapping[str, str]] = {"chunks": "sends each blob in one PUT"}
    ways: ClassVar[Mapping[str, str]] = {
        "delete tag": "deletes the manifest that the tag names",
        "resume": "fails; the next run begins again",
    }

    def login(self, server: str, user: str, password: str) -> None:
        self.run("login", TLS, server, "--username", user, "--password-stdin", given=password.encode())

    def push(self, image: Image, reference: str) -> None:
        folder = self.new_folder()
        image.write_layout(folder)
        self.run("cp", "--no-tty", TO_TLS, "--from-oci-layout", f"{folder}:v1", reference)

    def pull(self, reference: str, image: Image) -> dict[str, bytes]:
        folder = self.new_folder()
        self.run("cp", "--no-tty", FROM_TLS, "--to-oci-layout", reference, f"{folder}:v1")
        return read_layout(folder)

    def copy(self, source: str, target: str) -> None:
        self.run("cp", "--no-tty", FROM_TLS, TO_TLS, source, target)

    def tags(self, repository: str) -> list[str]:
        return self.run("repo", "tags", TLS, repository).split()

    def delete(self, reference: str) -> None:
        self.run("manifest", "delete", TLS, "--force", reference)

    def delete_tag(self, reference: str) -> None:
        self.delete(reference)

    def attach(self, subject: str, artifact_type: str, content: bytes) -> None:
        (self._home / "attached").write_bytes(content)
        self.run("attach", TLS, "--no-tty", "--artifact-type", artifact_type, subject, "attached")

    def referrers(self, subject: str) -> list[str]:
        found = json.loads(self.run("discover", TLS, "--format", "json", subject))
        return list(_digests(found["referrers"]))

    def copy_with_referrers(self, source: str, target: str) -> None:
        self.run("cp", "--no-tty", "--recursive", FROM_TLS, TO_TLS, source, target)


def _digests(referrers: Iterable[dict[str, object]]) -> Iterable[str]:
    return (str(one["digest"]) for one in referrers)

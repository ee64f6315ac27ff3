"""regctl, of regclient: the one that resumes what was interrupted."""

import json
from collections.abc import Mapping
from typing import ClassVar

from tests.devkit.clients.client import Client
from tests.devkit.clients.images import Image, read_layout


class Regctl(Client):
    program = "regctl"
    lacks: ClassVar[Mapping[str, str]] = {}
    ways: ClassVar[Mapping[str, str]] = {
        "delete tag": "moves the tag to a manifest of its own making and deletes that: the image stays",
        "chunks": "in PATCHes of the size it is told",
        "resume": "goes on where the registry says that it stopped",
    }

    def login(self, server: str, user: str, password: str) -> None:
        self.run("registry", "login", server, "--user", user, "--pass-stdin", given=password.encode())

    def push(self, image: Image, reference: str) -> None:
        folder = self.new_folder()
        image.write_layout(folder)
        self.run("image", "copy", f"ocidir://{folder}:v1", reference)

    def push_in_chunks(self, repository: str, blob: bytes, size: int) -> None:
        server = repository.partition("/")[0]
        self.run("--host", f"reg={server},blob-chunk={size},blob-max=1", "blob", "put", repository, given=blob)

    def pull(self, reference: str, image: Image) -> dict[str, bytes]:
        folder = self.new_folder()
        self.run("image", "copy", reference, f"ocidir://{folder}:v1")
        return read_layout(folder)

    def copy(self, source: str, target: str) -> None:
        self.run("image", "copy", source, target)

    def tags(self, repository: str) -> list[str]:
        return self.run("tag", "ls", repository).split()

    def delete(self, reference: str) -> None:
        self.run("manifest", "delete", reference)

    def delete_tag(self, reference: str) -> None:
        self.run("tag", "delete", reference)

    def attach(self, subject: str, artifact_type: str, content: bytes) -> None:
        self.run("artifact", "put", "--artifact-type", artifact_type, "--subject", subject, given=content)

    def referrers(self, subject: str) -> list[str]:
        listed = json.loads(self.run("artifact", "list", "--format", "{{json .Descriptors}}", subject))
        return [one["digest"] for one in listed]

    def copy_with_referrers(self, source: str, target: str) -> None:
        self.run("image", "copy", "--referrers", "--digest-tags", source, target)

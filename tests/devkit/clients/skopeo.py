"""skopeo, of Debian: 1.9.3 there, from before the referrers API."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from devkit.tools import Missing
from tests.devkit.clients.client import Client
from tests.devkit.clients.images import DOCKER, Image, read_dir, read_layout

NO_REFERRERS = "knows no referrers"


class Skopeo(Client):
    program = "skopeo"
    lacks: ClassVar[Mapping[str, str]] = {"attach": NO_REFERRERS, "discover": NO_REFERRERS, "copy referrers": NO_REFERRERS}
    ways: ClassVar[Mapping[str, str]] = {
        "chunks": "one PATCH for each blob, then PUT",
        "mount": "layers; it always sends the config, which it has read",
        "delete tag": "deletes the manifest that the tag names",
        "resume": "fails; the next run begins again",
    }

    def __init__(self, home: Path, ca: Path) -> None:
        super().__init__(home, ca)
        # It notes where blobs are below /var/lib when root runs it; as for other users, that is to be the home folder.
        self._environment |= {"REGISTRY_AUTH_FILE": str(home / "config.json"), "_CONTAINERS_ROOTLESS_UID": "1000"}

    @classmethod
    def located(cls) -> Path:
        found = shutil.which(cls.program)
        if found is None:
            raise Missing("skopeo is not installed: it is a package of Debian's.")
        return Path(found)

    def login(self, server: str, user: str, password: str) -> None:
        self.run("login", "--username", user, "--password-stdin", server, given=password.encode())

    def push(self, image: Image, reference: str) -> None:
        folder = self.new_folder()
        if image.family is DOCKER:
            image.write_dir(folder)
            self._copy(f"dir:{folder}", f"docker://{reference}")
        else:
            image.write_layout(folder)
            self._copy(f"oci:{folder}:v1", f"docker://{reference}")

    def push_converted(self, image: Image, reference: str) -> None:
        """From the OCI media types to Docker's."""
        folder = self.new_folder()
        image.write_layout(folder)
        self.run("--insecure-policy", "copy", "--all", "--format", "v2s2", f"oci:{folder}:v1", f"docker://{reference}")

    def pull(self, reference: str, image: Image) -> dict[str, bytes]:
        folder = self.new_folder()
        if image.family is DOCKER:
            self._copy(f"docker://{reference}", f"dir:{folder}")
            return read_dir(folder)
        self._copy(f"docker://{reference}", f"oci:{folder}:v1")
        return read_layout(folder)

    def copy(self, source: str, target: str) -> None:
        self._copy(f"docker://{source}", f"docker://{target}")

    def tags(self, repository: str) -> list[str]:
        return list(json.loads(self.run("list-tags", f"docker://{repository}"))["Tags"])

    def delete(self, reference: str) -> None:
        self.run("delete", f"docker://{reference}")

    def delete_tag(self, reference: str) -> None:
        self.delete(reference)

    def _copy(self, source: str, target: str) -> None:
        self.run("--insecure-policy", "copy", "--all", "--preserve-digests", source, target)

"""What a registry does not let an import do, and what it says then (acr.md 2.3, 2.4)."""

import json
from collections.abc import Sequence

from devkit.cloud.content.manifest import Manifest
from devkit.cloud.content.store import Store
from devkit.cloud.imports.operations import ImportFailed
from devkit.cloud.imports.request import ImportRequest
from devkit.cloud.imports.sourceimage import MOST_MANIFESTS
from devkit.cloud.names import is_canonical, is_digest
from devkit.cloud.unknowns import Switches

CODE = "InvalidParameters"  # of the recorded failures of copying; the sheet has none beside the other texts
DISALLOWED = "The operation is disallowed on this registry, repository or image."


class ImportRules:
    """Raise `ImportFailed`."""

    def __init__(self, store: Store, switches: Switches) -> None:
        self._store = store
        self._switches = switches

    def require_movable(self, request: ImportRequest) -> None:
        """NoForce makes tags, and moves none. Force is seen to move a locked one, too (2.3 [O]); whether it always does is a switch."""
        force_over_lock = self._switches.now.force_over_lock
        for target in request.targets:
            if target.tag is None:
                continue
            if not request.force and self._store.tag(target.repository, target.tag):
                raise ImportFailed(409, "Conflict", f"Tag {target} already exists in target registry.")
            if not self._store.locks.let_import_move(target.repository, target.tag, force_over_lock):
                raise ImportFailed(400, CODE, DISALLOWED)

    def require_taken(self, request: ImportRequest, manifests: Sequence[Manifest]) -> None:
        """There is no text for what the sheet does not know (2.4.4, 5 [?]). What is soft-deleted is restored, not imported (2.3 [D])."""
        now = self._switches.now
        if now.sha512 == "refused" and not all(one.is_canonical and is_canonical(one.digest) for one in manifests):
            raise ImportFailed(400, CODE, "A digest in the image is not of a supported algorithm.")
        if now.foreign_layers == "refused" and any(one.foreign for one in manifests):
            raise ImportFailed(400, CODE, "The image has non-distributable layers.")
        if any(self._store.trash.holds(target.repository, one.digest) for target in request.targets for one in manifests):
            raise ImportFailed(400, CODE, DISALLOWED)


def too_many() -> ImportFailed:
    return ImportFailed(400, CODE, f"The image has more than the {MOST_MANIFESTS} manifests that can be imported at once.")


def missing(request: ImportRequest) -> ImportFailed:
    if not is_digest(request.reference):
        return ImportFailed(400, CODE, f"Unable to find manifest digest Repo: {request.repository} Tag: {request.reference}")
    detail = {"Name": request.repository, "Revision": request.reference}
    said = json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": detail}]}, separators=(",", ":"))
    return ImportFailed(400, CODE, f"Invalid message NotFound NotFound {said}")

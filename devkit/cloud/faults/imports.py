"""Faults of imports. Which one befalls an import is settled when it begins, and outlives a restart and its rule."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence

from devkit.cloud.background import Background
from devkit.cloud.clock import Clock
from devkit.cloud.content.manifest import Manifest
from devkit.cloud.content.store import Store
from devkit.cloud.database import Database
from devkit.cloud.faults.book import Book
from devkit.cloud.faults.kinds import Broken, Fails, Fault, LandsLate, LandsTwice, Slow, Stuck, Text, fault_from_json
from devkit.cloud.imports.operations import ImportFailed, Work
from devkit.cloud.imports.request import ImportRequest, Target

log = logging.getLogger("devkit.cloud")

Keep = Callable[[ImportRequest, list[Manifest]], None]

UNAUTHORIZED = (
    'Invalid message Unauthorized Unauthorized {"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":'
    '[{"Type":"repository","Class":"","Name":"{repository}","Action":"pull"}]}]}'
)
UNKNOWN = 'Invalid message NotFound NotFound {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}'
# acr.md 2.3: status of the poll, code, and text. Where the sheet has no code beside a text, it is the one of its neighbours.
TEXTS: Mapping[Text, tuple[int, str, str]] = {
    "unauthorized": (400, "InvalidParameters", UNAUTHORIZED),
    "denied": (400, "InvalidParameters", "Access to {registry} denied."),
    "not_found": (400, "InvalidParameters", "Unable to find manifest digest Repo: {repository} Tag: {reference}"),
    "unknown": (400, "InvalidParameters", UNKNOWN),
    "blobs": (400, "InvalidParameters", "Error copying blobs"),
    "rfc7233": (400, "InvalidParameters", "The remote server may not be RFC 7233 compliant"),
    "status": (400, "InvalidParameters", "Unexpected response status code"),
    "length": (400, "InvalidParameters", "Unexpected length of body in response"),
    "conflict": (409, "Conflict", "Tag {target} already exists in target registry."),
    "quota": (400, "InvalidParameters", "The operation is disallowed on this registry, repository or image"),
    "internal": (500, "InternalServerError", "An internal error occurred."),
}


class ImportFaults:
    def __init__(self, login_server: str, book: Book, clock: Clock, database: Database, *, store: Store, background: Background) -> None:
        self._login_server = login_server
        self._book = book
        self._clock = clock
        self._database = database
        self._store = store
        self._background = background

    def begun(self, work: Work) -> None:
        """Called once for each import: settles what will befall it."""
        rule = self._book.befalling_import(_image(work.request)) if self._book else None
        if rule is not None:
            fault = json.dumps(rule.fault.to_json())
            self._database.run("INSERT INTO import_faults VALUES (?, ?, ?)", work.id, rule.id, fault)

    async def before(self, work: Work) -> None:
        """Nothing has been copied yet. Raises `ImportFailed`."""
        match self._fault(work):
            case Slow(seconds):
                await self._clock.sleep(seconds)
            case Stuck():
                await asyncio.Event().wait()
            case Fails(text):
                status, code, said = TEXTS[text]
                for name, value in self._names(work.request).items():
                    said = said.replace(f"{{{name}}}", value)
                raise ImportFailed(status, code, said)

    def land(self, work: Work, manifests: Sequence[Manifest], keep: Keep) -> None:
        """All is copied: `keep` stores the manifests, children before their index, the root last, and moves the tags. Called in the
        transaction that ends the import."""
        whole = list(manifests)
        match self._fault(work):
            case Broken("nothing"):
                pass
            case Broken("no_child"):
                keep(work.request, [one for one in whole if one.digest not in whole[-1].children[:1]])
            case Broken("tag"):
                for target in work.request.targets:
                    if target.tag is not None:
                        self._store.put_tag(target.repository, target.tag, whole[-1].digest)
            case LandsLate(seconds):
                self._background.start(self._later(seconds, work, whole, keep))
            case LandsTwice(seconds):
                keep(work.request, whole)
                self._background.start(self._later(seconds, work, whole, keep))
            case _:
                keep(work.request, whole)

    def rules(self) -> Mapping[str, str]:
        """Of each operation that something befell, the rule."""
        return {row["operation"]: row["rule"] for row in self._database.rows("SELECT operation, rule FROM import_faults")}

    async def _later(self, seconds: float, work: Work, manifests: list[Manifest], keep: Keep) -> None:
        await self._clock.sleep(seconds)
        try:
            with self._database.transaction():
                keep(work.request, manifests)
        except ImportFailed as failed:  # whoever polled was told of its end before
            log.info("import %s did not land late: %s", work.id, failed.said)
            return
        self._book.landed(self.rules()[work.id])

    def _fault(self, work: Work) -> Fault | None:
        row = self._database.row("SELECT fault FROM import_faults WHERE operation = ?", work.id)
        return None if row is None else fault_from_json(json.loads(row["fault"]), "imports")

    def _names(self, request: ImportRequest) -> Mapping[str, str]:
        return {
            "registry": self._login_server,
            "repository": request.repository,
            "reference": request.reference,
            "target": str(_target(request)),
        }


def _target(request: ImportRequest) -> Target:
    """The first that has a tag, which is what a conflict is about; else the first."""
    return next((one for one in request.targets if one.tag is not None), request.targets[0])


def _image(request: ImportRequest) -> str:
    return f"{request.repository}{'@' if ':' in request.reference else ':'}{request.reference}"

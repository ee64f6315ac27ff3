"""What the faults of one cloud are made of."""

from dataclasses import dataclass
from typing import Self

from devkit.cloud.background import Background
from devkit.cloud.clock import Clock
from devkit.cloud.config import CloudConfig
from devkit.cloud.content.store import Store
from devkit.cloud.database import Database
from devkit.cloud.faults.book import Book
from devkit.cloud.faults.imports import ImportFaults
from devkit.cloud.faults.outage import Outage


@dataclass(frozen=True, slots=True)
class Faults:
    book: Book
    outage: Outage
    imports: ImportFaults
    clock: Clock
    background: Background

    @classmethod
    def of(cls, config: CloudConfig, database: Database, clock: Clock, store: Store, background: Background) -> Self:
        book = Book(database, clock)
        imports = ImportFaults(config.login_server, book, clock, database, store=store, background=background)
        return cls(book, Outage(database, clock), imports, clock, background)

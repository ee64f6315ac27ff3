"""What goes wrong with the database, in words that name the fix.

Source: "Result and Error Codes" of SQLite; of an extended code the lowest byte is the primary one."""

import sqlite3
from pathlib import Path


class StorageTrouble(Exception):
    """Nothing was written; the same may well be possible later."""


class Damaged(Exception):
    """What was read is not what the host once wrote. `row` is that of the message, where it was one."""

    def __init__(self, text: str, row: int | None = None) -> None:
        super().__init__(text)
        self.row = row


def is_of_storage(error: Exception) -> bool:
    """Of the file or the disk, and not of one statement alone."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def told(error: sqlite3.Error, path: Path) -> str:
    match (getattr(error, "sqlite_errorcode", None) or sqlite3.SQLITE_ERROR) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return f"The disk of {path} is full: free some space there."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"Another process holds {path} locked: let it end its transaction, or stop it (fuser {path} names it)."
        case sqlite3.SQLITE_READONLY:
            return f"{path} cannot be written: make it and its folder writable for this user, or choose another with --state."
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is no SQLite database: remove it, or choose another folder with --state."
        case sqlite3.SQLITE_CORRUPT:
            return f"{path} is damaged ({error}): stop the host, then remove the file or bring a copy back (sqlite3 can try '.recover')."
        case _:
            return f"{path} cannot be read or written ({error}): look whether its disk is full, read-only or gone."

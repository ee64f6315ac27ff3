"""The search for secrets can find: a canary is planted in each place, in each way of writing, and every one of them is found."""

import base64
import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.devkit.cloud.proving import Certificate, claims_of
from tests.e2e.forms import forms
from tests.e2e.search import KEEPERS, files, found_in, rows

CANARY = 'canary "&+/= of a\\n secret'
KEY = Certificate.make()
TOKEN = KEY.sign(claims_of("app", "https://vault.azure.net"))
END = TOKEN.rpartition(".")[2].encode()
LINES = KEY.key_pem.splitlines()[10:-2]  # of a key of 2048 bits, what no certificate tells
SECRETS = {"canary": CANARY, "key": KEY.key_pem}
NOISE = b"2027-01-31T00:00:00Z GET /v2/team/app/manifests/v1 200 "


def in_base64(content: bytes) -> bytes:
    return base64.b64encode(content)


FORMS: dict[str, tuple[bytes, str]] = {
    "as it is": (CANARY.encode(), "canary"),
    "cut": (CANARY[:16].encode(), "canary"),
    "in a URL": (quote(CANARY, safe="").encode(), "canary"),
    "in JSON": (json.dumps({"password": CANARY}).encode(), "canary"),
    "in JSON in JSON": (json.dumps(json.dumps(json.dumps(CANARY))).encode(), "canary"),
    **{f"in base64, {shift} on": (in_base64(b"." * shift + CANARY.encode()), "canary") for shift in range(3)},
    "in base64 for URLs": (base64.urlsafe_b64encode(CANARY.encode()), "canary"),
    "in base64 in a URL": (quote(in_base64(CANARY.encode()), safe="").encode(), "canary"),
    "as a password": (b"Authorization: Basic " + in_base64(b"replication-pull:" + CANARY.encode()), "canary"),
    "in gzip": (gzip.compress(CANARY.encode() * 3), "canary"),
    "in gzip that is cut": (gzip.compress(CANARY.encode() + bytes(range(256)) * 9)[:-40], "canary"),
    "in gzip in base64": (in_base64(gzip.compress(CANARY.encode())), "canary"),
    "in gzip in base64 in gzip": (gzip.compress(in_base64(gzip.compress(json.dumps(CANARY).encode()))), "canary"),
    "a key": (KEY.key_pem.encode(), "key"),
    "a key in JSON": (json.dumps(KEY.key_pem).encode(), "key"),
    "a key in base64": (in_base64(KEY.both), "key"),
    "a line of a key": (LINES[7].encode(), "key"),
    "a key without lines": ("".join(LINES).encode(), "key"),
    "the bytes of a key": (base64.b64decode("".join(LINES)), "key"),
    "a token": (TOKEN.encode(), "a token"),
    "a token in gzip": (gzip.compress(TOKEN.encode()), "a token"),
    "the end of a token": (b"signature=" + END + b";", "the end of a token"),
}


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_every_line_of_a_key_tells_of_it(line: str) -> None:
    assert found_in("here", line.encode(), SECRETS) == ["key is in here"]


Plant = Callable[[Path, bytes], None]


def log(folder: Path, content: bytes) -> None:
    _write(folder / "logs" / "host.log", NOISE + content + b"\n" + NOISE)


def spans(folder: Path, content: bytes) -> None:
    span = {"name": "GET", "attributes": {"url.full": content.decode("latin-1")}}
    packed = content.startswith(b"\x1f") or not content.isascii()  # which no span can hold as it is
    _write(folder / "host" / "spans.jsonl", content if packed else json.dumps(span).encode() + b"\n")


def settings_beside_the_keepers(folder: Path, content: bytes) -> None:
    _write(folder / "host" / "local.settings.json", content)


def row(folder: Path, content: bytes) -> None:
    with _database(folder / "host" / "host.db") as database:
        database.execute("INSERT INTO history VALUES ('run', ?)", (NOISE + content,))


def row_of_the_ledger(folder: Path, content: bytes) -> None:
    with _database(folder / "host" / "ledger.db") as database:
        database.execute("INSERT INTO history VALUES ('run', ?)", (content,))


def row_of_many_pages(folder: Path, content: bytes) -> None:
    """So that each sixteenth character of it begins another page."""
    with _database(folder / "host" / "host.db") as database:
        database.execute("INSERT INTO history VALUES ('run', ?)", (b"x" * 4080 + content + b"x" * 9000,))


def freed_page(folder: Path, content: bytes) -> None:
    with _database(folder / "host" / "host.db") as database:
        database.execute("INSERT INTO history VALUES ('run', ?)", (content,))
        database.execute("DELETE FROM history")
        assert database.execute("SELECT count(*) FROM history").fetchone() == (0,)


def dropped_table(folder: Path, content: bytes) -> None:
    with _database(folder / "host" / "host.db") as database:
        database.execute("INSERT INTO history VALUES ('run', ?)", (content,))
        database.execute("DROP TABLE history")


def write_ahead_log(folder: Path, content: bytes) -> None:
    """Of a process that was killed: neither in the database's file nor in any row."""
    file = folder / "host" / "host.db"
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("CREATE TABLE history (id TEXT, event)")
    database.execute("INSERT INTO history VALUES ('run', ?)", (content,))
    database.execute("DELETE FROM history")
    killed = {path: path.read_bytes() for path in file.parent.iterdir()}
    database.close()
    for path, kept in killed.items():
        path.write_bytes(kept)
    assert content not in file.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _database(file: Path) -> closing[sqlite3.Connection]:
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA secure_delete = OFF")  # what is deleted is left in freed pages
    database.execute("CREATE TABLE history (id TEXT, event)")
    return closing(database)


PLACES: dict[str, Plant] = {
    one.__name__: one
    for one in (
        log,
        spans,
        settings_beside_the_keepers,
        row,
        row_of_the_ledger,
        row_of_many_pages,
        freed_page,
        dropped_table,
        write_ahead_log,
    )
}


def searched(folder: Path) -> Iterator[tuple[str, bytes]]:
    yield from files(folder)
    for database in (folder / "host").glob("*.db"):
        yield from rows(database)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_found_in_each_place_and_form(tmp_path: Path, place: str, form: str) -> None:
    content, told = FORMS[form]
    for name in ("logs", "host"):
        (tmp_path / name).mkdir()
    PLACES[place](tmp_path, content)
    found = [one for name, kept in searched(tmp_path) for one in found_in(name, kept, SECRETS, {END})]
    assert any(one.startswith(f"{told} is in ") for one in found), found


@pytest.mark.parametrize("form", FORMS)
def test_a_canary_is_found_in_an_answer(form: str) -> None:
    content, told = FORMS[form]
    answers = [b"Content-Type: application/json\r\n\r\n{}", b"Location: /x?" + content + b"\r\n\r\n", content]
    assert any(one.startswith(told) for one in found_in("the answers", b"\n".join(answers), SECRETS, {END}))


def test_what_holds_none_is_not_told() -> None:
    innocent = [NOISE * 50, gzip.compress(NOISE), b"\x1f\x8b\x08 no gzip", b"H4sIAAAAAAAAAAAAAAAA", CANARY[:15].encode(), KEY.pem.encode()]
    assert [one for content in innocent for one in found_in("here", content, SECRETS, {END})] == []


def test_the_files_that_may_hold_secrets_are_few_and_each_has_its_reason(tmp_path: Path) -> None:
    assert all(KEEPERS.values()) and not any(keeper.startswith("*") for keeper in KEEPERS)
    (tmp_path / "secrets.json").write_text(CANARY)
    (tmp_path / "secrets.json").chmod(0o644)
    with pytest.raises(AssertionError, match=r"secrets\.json can be read by others"):
        list(files(tmp_path))


def test_the_forms_of_two_secrets_have_nothing_in_common() -> None:
    assert not forms(KEY.key_pem) & forms(Certificate.make().key_pem)
    assert not forms(CANARY) & forms("another secret of the same kind")

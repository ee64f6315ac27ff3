"""The judge's table."""

import io

import pytest
from rich.console import Console

from devkit.demo.judge import Expected, Reading, Verdict
from devkit.demo.show import verdict_table

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"


def table(expected: str | None, reading: Reading, width: int = 140) -> str:
    written = io.StringIO()
    verdict = Verdict(Expected("team/web", "v1", expected), (reading,))
    Console(file=written, width=width).print(verdict_table([verdict]))
    return written.getvalue()


@pytest.mark.parametrize(
    "expected, reading, shown",
    [
        pytest.param(DIGEST, Reading("china", DIGEST), "= aaaaaaaaaaaa", id="as it must be"),
        pytest.param(DIGEST, Reading("china", OTHER), "! bbbbbbbbbbbb", id="another digest"),
        pytest.param(DIGEST, Reading("china", DIGEST, "lacks a blob"), "! aaaaaaaaaaaa", id="the digest, and something is wrong"),
        pytest.param(None, Reading("china", None), "= absent", id="absent, as it must be"),
        pytest.param(DIGEST, Reading("china", None), "! absent", id="absent, and must be there"),
        pytest.param(None, Reading("china", None, "cannot be read"), "! unread", id="unread is not absent"),
    ],
)
def test_each_cell_says_what_was_read_and_whether_it_is_right(expected: str | None, reading: Reading, shown: str) -> None:
    assert table(expected, reading).splitlines()[-2].split("team/web:v1")[1].strip() == shown


def test_a_narrow_table_cuts_no_digest_off() -> None:
    text = table(DIGEST, Reading("china", DIGEST), width=24)
    assert text.count("a") - text.count("china") - text.count("artifact") >= 12
    assert "…" not in text

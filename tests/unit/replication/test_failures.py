"""Failures: fit to be stored and shown, and each code explained where the operator is sent."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.failures import CODES, LONGEST_SAID, Failure, Refused, said

ROOT = Path(__file__).parents[3]
FAILURE = Failure(kind="denied", code="arm_denied", doing="import it", said="403 Denied: no", hint="Grant the role.", retry_after=7.5)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("manifest unknown", "manifest unknown"),
        ("  a\r\n\tb\x00c\x1b[31m\x85\u2028d ", "a b c [31m d"),
        ("gnp.\u202egpj\u200b\ufeff.exe", "gnp. gpj .exe"),
        ("https://contoso/?x=\x00sig\u202e=1 b", "(URL) b"),
        ("see https://contoso.blob.core.windows.net/x?sig=SECRET&se=2", "see (URL)"),
        ("HTTPS://X?sig=SECRET", "(URL)"),
        ("(https://a/?sig=SECRET)", "((URL)"),
        ("_https://a/?sig=SECRET", "_(URL)"),
        ("1https://a/?sig=SECRET", "(URL)"),
        ("amqp+ssl://user:SECRET@host", "(URL)"),
        ("x" * LONGEST_SAID, "x" * LONGEST_SAID),
        ("x" * (LONGEST_SAID + 1), "x" * LONGEST_SAID + "…"),
        (ValueError("no"), "no"),
        ("", ""),
        ("half a character: \ud83d", "half a character: ?"),
        ("the secret Abc8Q~0123456789012345678901234567890 is wrong", "the secret (hidden) is wrong"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.Sig-0123", "Bearer (hidden)"),
        ("it is Q7/p+3x9LmZ/k2V/bT8w/Yr5n/Gd4s/Hj6c/Xf1u/ now", "it is (hidden) now"),
        ("AbCd12/eFgH34iJkL56/mNoP78qRsT90/uVwX12yZ/AbCd34+ACRAbC123", "(hidden)"),
        ("/resourceGroups/Images01/providers/Microsoft.X/registries", "/resourceGroups/Images01/providers/Microsoft.X/registries"),
        ("resourceGroups/3fa85f64afa6/providers/MyTeam2/images", "resourceGroups/3fa85f64afa6/providers/MyTeam2/images"),
        ("team/app/3fa85f6457174562b3fc2c963f66afa6/v1", "team/app/3fa85f6457174562b3fc2c963f66afa6/v1"),
        (f"sha256:{'0a' * 32} is not found", f"sha256:{'0a' * 32} is not found"),
        (
            "to 'Microsoft.ContainerRegistry/registries/importImage/action' over '/subscriptions/6f1e2d3c-0000-4000-8000-000000000009'",
            "to 'Microsoft.ContainerRegistry/registries/importImage/action' over '/subscriptions/6f1e2d3c-0000-4000-8000-000000000009'",
        ),
    ],
)
def test_words_of_a_service_are_made_fit(text: object, shown: str) -> None:
    assert said(text) == shown


@pytest.mark.parametrize("text", ["a." * 2_000_000, "a" * 4_000_000, "https://" * 500_000, "\x00" * 4_000_000])
def test_an_answer_as_large_as_can_be_is_made_fit_as_well(text: str) -> None:
    """A pattern that tries every start to the end would not come back from the first of these."""
    assert len(said(text)) <= LONGEST_SAID + 1


scraps = st.sampled_from(["https://", "://", "x", "a.", "\n", "\x1f", " ", "SECRET", "1", "_", "\ud800"])


@given(st.text() | st.lists(scraps, max_size=40).map("".join))
def test_whatever_a_service_says_one_line_without_urls_is_kept(text: str) -> None:
    line = said(text)
    assert len(line) <= LONGEST_SAID + 1
    assert line.isprintable()
    assert not re.search(r"://\S", line)
    line.encode()


def test_a_failure_survives_being_stored_and_reads_as_a_sentence() -> None:
    assert Failure.from_json(FAILURE.to_json()) == FAILURE
    assert str(FAILURE) == "cannot import it: denied: 403 Denied: no. Grant the role."
    assert str(Refused(FAILURE)) == str(FAILURE)


def sections() -> dict[str, str]:
    """Of docs/troubleshooting.md, by heading."""
    found = re.split(r"^## (.*)$", (ROOT / "docs" / "troubleshooting.md").read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def test_every_code_has_a_section_where_the_operator_looks_and_no_section_is_left_over() -> None:
    assert sorted(sections()) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_section_says_what_it_means_what_the_run_does_what_to_type_and_how_to_see_that_it_is_mended(code: str) -> None:
    text = sections()[code]
    meaning, do, check = re.split(r"^- Do: |^- Check: ", text, flags=re.MULTILINE)
    assert re.search(r"\b(Waits|Fails (at once|then)|Begun anew|begun anew|Not a failure)\b", meaning)
    assert "`" in do or "push" in do or "as for" in do
    assert "`" in check or "as there" in check or code == "unexpected"
    assert re.search(r"`az |as for `|`curl|`GET ", do + check) is not None or code == "unsettled"


def test_every_code_is_told_by_something() -> None:
    """That none is told which is not known, the type checker sees."""
    told = {
        node.value
        for folder in ("registries", "ledger", "activities", "orchestrators", "api")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(CODES) <= told

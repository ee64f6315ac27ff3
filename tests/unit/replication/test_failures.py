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
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", line)
    assert not re.search(r"://\S", line)
    line.encode()


def test_a_failure_survives_being_stored_and_reads_as_a_sentence() -> None:
    assert Failure.from_json(FAILURE.to_json()) == FAILURE
    assert str(FAILURE) == "cannot import it: denied: 403 Denied: no. Grant the role."
    assert str(Refused(FAILURE)) == str(FAILURE)


def test_every_code_has_a_section_where_the_operator_looks() -> None:
    sections = re.findall(r"^## (.*)$", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(CODES)


def test_every_code_is_used_and_every_code_in_use_is_known() -> None:
    used = {
        code
        for folder in ("registries", "ledger", "activities", "orchestrators", "api")
        for file in (ROOT / folder).glob("*.py")
        for code in codes_in(file)
    }
    assert used == set(CODES)


def codes_in(file: Path) -> set[str]:
    """The texts given as `code=` of a `Failure`, or as what a `Side` says when it denies access."""
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    named = [keyword.value for call in calls if call.func.id == "Failure" for keyword in call.keywords if keyword.arg == "code"]  # type: ignore[attr-defined]
    sides = [call.args[1] for call in calls if call.func.id == "Side"]  # type: ignore[attr-defined]
    return {str(node.value) for node in (*named, *sides) if isinstance(node, ast.Constant)}

"""The names of content: what the grammar allows is let in unchanged, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.references import Digest, InvalidReference, Repository, Tag, optional_digest, optional_tag
from tests.unit.replication.strategies import digests, repositories, tags

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "0",
        "app",
        "team/app",
        "a/b/c/d/e/f",
        "my.app",
        "my_app",
        "my__app",
        "my-app",
        "my---app",
        "0.9-rc/x__y",
        pytest.param("a" * 255, id="as long as can be"),
        pytest.param("a/" * 127 + "a", id="as many parts as can be"),
    ],
)
def test_a_repository_may_be_called(text: str) -> None:
    assert str(Repository.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "App",
        "team/App",
        "/app",
        "app/",
        "team//app",
        ".app",
        "app.",
        "a..b",
        "a___b",
        "a._b",
        "-app",
        "app-",
        "a/-b",
        "a b",
        "a:b",
        "a@b",
        "../etc",
        "a/../b",
        "a\\b",
        "a%2fb",
        "a?b",
        "a#b",
        "app\n",
        "\napp",
        "app\x00",
        "app\r\nHost: evil",
        "äpp",
        "а",  # Cyrillic
        "app٣",  # a digit, but no ASCII one
        "app\u212a",  # the Kelvin sign, whose lower case is "k"
        "https://evil.example/app",
        pytest.param("a" * 256, id="too long by one"),
        pytest.param("a-" * 50_000, id="long enough to make a bad pattern hang"),
        None,
        7,
        ["app"],
        {"app": 1},
        b"app",
    ],
)
def test_a_repository_may_not_be_called(text: object) -> None:
    with pytest.raises(InvalidReference, match="is not a repository"):
        Repository.parse(text)


@pytest.mark.parametrize("text", ["v1", "V1", "_", "0", "latest", "1.2.3-rc.1_x", "a" * 128, "a..b", "v1-"])
def test_a_tag_may_be_called(text: str) -> None:
    assert str(Tag.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", ".v1", "-v1", "v 1", "v1\n", "v1/2", "v1:2", "v1@x", "v~1", "v!1", "v+1", "ü", "v٣", "a" * 129, "sha256:" + HEX, None, 1, ["v1"]],
)
def test_a_tag_may_not_be_called(text: object) -> None:
    with pytest.raises(InvalidReference, match="is not a tag"):
        Tag.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX,
        f"sha256:{HEX[:-1]}",
        f"sha256:{HEX}0",
        f"sha256:{HEX.upper()}",
        f"SHA256:{HEX}",
        f"sha512:{HEX}{HEX}",
        f"sha256:{HEX}\n",
        f" sha256:{HEX}",
        f"sha256:{'g' * 64}",
        f"sha256:{'٣' * 64}",
        f"sha256-{HEX}",
        None,
        5,
        [f"sha256:{HEX}"],
    ],
)
def test_a_digest_is_not(text: object) -> None:
    with pytest.raises(InvalidReference, match="is not a digest"):
        Digest.parse(text)


@given(repositories)
def test_a_repository_comes_out_as_it_went_in(text: str) -> None:
    assert str(Repository.parse(text)) == text


@given(tags)
def test_a_tag_comes_out_as_it_went_in(text: str) -> None:
    assert str(Tag.parse(text)) == text


@given(digests)
def test_a_digest_comes_out_as_it_went_in_and_is_short_for_people(text: str) -> None:
    digest = Digest.parse(text)
    assert str(digest) == text
    assert len(digest.short) == len("sha256:") + 12
    assert text.startswith(digest.short)


@given(st.text(max_size=40))
def test_any_other_text_is_refused_and_quoted_in_one_line(text: str) -> None:
    for kind in (Repository, Tag, Digest):
        try:
            assert str(kind.parse(text)) == text
        except InvalidReference as invalid:
            assert str(invalid).isprintable()


@pytest.mark.parametrize("kind", [Repository, Tag, Digest])
def test_what_is_refused_is_quoted_but_not_at_length(kind: type[Repository] | type[Tag] | type[Digest]) -> None:
    with pytest.raises(InvalidReference) as refused:
        kind.parse("!" * 5000)
    assert "!" * 90 in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("absent", [None, ""])
def test_null_and_empty_are_absent(absent: object) -> None:
    assert optional_tag(absent) is None
    assert optional_digest(absent) is None


@pytest.mark.parametrize("wrong", [0, False, [], {}, " ", "-"])
def test_anything_else_that_counts_for_nothing_is_not_absent_but_wrong(wrong: object) -> None:
    for optional in (optional_tag, optional_digest):
        with pytest.raises(InvalidReference):
            optional(wrong)

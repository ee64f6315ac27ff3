"""The fields of a target that make its scope: what is right is taken, what is wrong is told in its place."""

from typing import Any

import pytest

from replication.references import Repository, Tag
from replication.scope import WHOLE
from tests.unit.replication.settings_values import CLIENT_SECRET, listed, target
from tests.unit.replication.test_settings import mistakes_of
from tests.unit.replication.test_targetlist import only


def test_without_any_of_them_a_target_holds_everything() -> None:
    assert only().scope == WHOLE
    assert (WHOLE.deletes, WHOLE.extras) == ("propagate", "report")
    assert WHOLE.leaves_out(Repository("team/app"), Tag("v1")) is None


def test_all_of_them_together() -> None:
    scope = only(
        repositories={"include": ["team/*"], "exclude": ["^team/(secret|draft)$"]},
        tags={"include": ["v*"]},
        mediaTypes={"exclude": ["application/vnd.docker.*"]},
        prefixes={"team/": "mirror/"},
        deletes="keep",
        extras="remove",
    ).scope
    assert scope.leaves_out(Repository("team/app"), Tag("v1")) is None
    assert scope.leaves_out(Repository("team/draft"), Tag("v1")) == "repository"
    assert scope.leaves_out(Repository("team/app"), Tag("latest")) == "tag"
    assert scope.place_of(Repository("team/app")) == Repository("mirror/app")
    assert not scope.takes_media_type("application/vnd.docker.distribution.manifest.v2+json")
    assert (scope.deletes, scope.extras) == ("keep", "remove")


@pytest.mark.parametrize(
    "changed, field, wrong",
    [
        ({"repositories": ["team/*"]}, "repositories", "is not an object"),
        ({"repositories": {"includes": []}}, "repositories.includes", "is not known"),
        ({"repositories": {"include": "team/*"}}, "repositories.include", "is not a list of at most 100"),
        ({"tags": {"exclude": ["v*"] * 101}}, "tags.exclude", "is not a list of at most 100"),
        ({"tags": {"include": ["v*", 7]}}, "tags.include[1]", "is not a text of 1 to 300 characters"),
        ({"tags": {"include": ["^("]}}, "tags.include[0]", "is not a regular expression that Python takes"),
        (
            {"repositories": {"exclude": ["Team"]}},
            "repositories.exclude[0]",
            "matches no repository: it has characters that none has (a regular expression begins with '^')",
        ),
        ({"prefixes": {}}, "prefixes", "is not an object of 1 to 100 prefixes"),
        ({"prefixes": []}, "prefixes", "is not an object of 1 to 100 prefixes"),
        (
            {"prefixes": {"a/": "x/", "b/": "x/"}},
            "prefixes",
            "gives two prefixes one place, where their repositories would overwrite each other",
        ),
        (
            {"prefixes": {CLIENT_SECRET: ""}},
            "prefixes",
            "has what is no prefix: parts of a path with '/' behind them, or nothing for all repositories",
        ),
        (
            {"prefixes": {"a/": ["x/"]}},
            "prefixes",
            "has what is no prefix: parts of a path with '/' behind them, or nothing for all repositories",
        ),
        ({"deletes": "never"}, "deletes", "is none of its values"),
        ({"deletes": ["keep"]}, "deletes", "is none of its values"),
        ({"extras": True}, "extras", "is none of its values"),
        ({"extras": None}, "extras", "is none of its values"),
    ],
)
def test_a_mistake_is_told_in_its_place(changed: dict[str, Any], field: str, wrong: str) -> None:
    assert mistakes_of(listed(target(**changed))) == [(f"ReplicationTargets[0].{field}", wrong)]

from collections.abc import Mapping

import pytest

from devkit.host.problem import Problem
from devkit.host.routes import Route


@pytest.mark.parametrize(
    "template, path, parameters",
    [
        ("api/status", "/api/status", {}),
        ("api/status", "/API/Status/", {}),
        ("api/status", "/api/status/x", None),
        ("api/status/{instance}", "/api/status/team!app%3Av1~0f", {"instance": "team!app:v1~0f"}),
        ("api/status/{instance}", "/api/status/a%2Fb", {"instance": "a%2Fb"}),
        ("api/status/{instance}", "/api/status", None),
        ("api/status/{instance?}", "/api/status", {}),
        ("api/files/{*path}", "/api/files/a/b/c", {"path": "a/b/c"}),
        ("api/files/{*path}", "/api/files", {}),
        ("api/n/{id:int}", "/api/n/-12", {"id": "-12"}),
        ("api/n/{id:int}", "/api/n/x", None),
        ("api/n/{id:int}", "/api/n/9999999999", None),
        ("api/n/{id:int:min(3)?}", "/api/n", {}),
        ("api/n/{id:int:min(3)?}", "/api/n/2", None),
        ("api/n/{id:range(1,3)}", "/api/n/3", {"id": "3"}),
        ("api/n/{id:length(2)}", "/api/n/abc", None),
        ("api/n/{id:maxlength(3):alpha}", "/api/n/abc", {"id": "abc"}),
        ("api/n/{id:regex(^[[A-Z]]{{2}}(-|$))}", "/api/n/de-1", {"id": "de-1"}),
        ("api/n/{id:regex(^[[A-Z]]{{2}}(-|$))}", "/api/n/d-1", None),
        ("api/n/{when:datetime}", "/api/n/2026-01-01", {"when": "2026-01-01"}),
        ("api/n/{when:datetime}", "/api/n/today", None),
        ("api/n/{id:guid}", "/api/n/cd2c1638-1638-72d5-1638-deadbeef1638", {"id": "cd2c1638-1638-72d5-1638-deadbeef1638"}),
        ("api/n/{id:float}", "/api/n/-1.5e3", {"id": "-1.5e3"}),
        ("api/page/{number:int=1}", "/api/page", {"number": "1"}),
        ("api/page/{number:int=1}", "/api/page/2", {"number": "2"}),
        ("api/{name}.json", "/api/a.b.json", {"name": "a.b"}),
    ],
)
def test_a_template_takes_what_aspnet_would(template: str, path: str, parameters: Mapping[str, str] | None) -> None:
    assert Route.parse(template).match(path) == parameters


def test_the_more_specific_template_comes_first() -> None:
    templates = ["x/{*rest}", "x/{*rest:alpha}", "x/{any}", "x/{number:int}", "x/literal"]
    assert sorted(templates, key=lambda template: Route.parse(template).rank) == list(reversed(templates))
    assert Route.parse("x/{name}.{ending}").rank == Route.parse("x/a-{name}").rank == Route.parse("x/{number:int}").rank


@pytest.mark.parametrize("template", ["x/{id:uuid}", "x/{id:min}", "x/{id:min(a)}", "x/{id:int(3)}", "x/{id:regex(()}", "x/{}"])
def test_a_template_beyond_the_local_host_is_refused(template: str) -> None:
    with pytest.raises(Problem, match="route"):
        Route.parse(template)

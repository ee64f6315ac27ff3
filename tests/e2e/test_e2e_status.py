"""`GET /api/status`: is it everywhere, and if not, why? And one run, target by target."""

from urllib.parse import quote

import pytest

from devkit.local.images import digest_of, make_image
from tests.e2e.running import BOTH, Json, Site, target_of

FIRST, SECOND = make_image("asked for 1"), make_image("asked for 2")
DIGEST = digest_of(b"nothing has it")
USAGE = "?repository=team/app&tag=v1"


@pytest.fixture(scope="module")
def runs(site: Site) -> list[Json]:
    """Of two pushes of one tag, one after the other; the newer one last, and told quickly, since its content is there."""
    first, second = site.push(FIRST, "status/app", "v1"), site.push(SECOND, "status/app")
    ended = [site.ends_as(run, "replicated") for run in (first, second)]
    return [ended[0], site.ends_as(site.push(SECOND, "status/app", "v1"), "replicated")]


@pytest.mark.parametrize("path", ["/api/status", "/api/status?repository=status/app&tag=v1", "/api/status/status!app:v1~0000000000000000"])
@pytest.mark.parametrize("key", ["", "wrong", "host/eventgrid_extension"])
def test_without_the_function_key_nothing_is_told(site: Site, path: str, key: str) -> None:
    answer = site.app.send("GET", path, {"x-functions-key": site.secrets.get(key, key)} if key else {})
    assert (answer.status, answer.body) == (401, b"")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "repository=status/app",
        "tag=v1",
        f"digest={DIGEST}",
        f"repository=status/app&tag=v1&digest={DIGEST}",
        "repository=Status/App&tag=v1",
        "repository=..%2f..%2fadmin&tag=v1",
        "repository=status/app&repository=status/other&tag=v1",
        "repository=status/app&tag=-v1",
        "repository=status/app&tag=v1%0d%0aX-Evil:%201",
        "repository=status/app&digest=sha256:12",
        f"repository={'a' * 5000}&tag=v1",
    ],
)
def test_a_question_that_cannot_be_answered_is_told_how_to_ask(site: Site, query: str) -> None:
    answer = site.get(f"/api/status?{query}")
    assert answer.status == 400
    said = answer.json()["error"]
    assert USAGE in said
    assert len(said) < 500


def test_what_is_everywhere_is_in_sync(site: Site, runs: list[Json]) -> None:
    for reference in ({"tag": "v1"}, {"digest": SECOND.digest}):
        told = site.status("status/app", **reference)
        assert told["in_sync"] is True
        assert [gap.partition(" ")[0] for gap in told["gaps"]] == ["SourceListingIdentity"]
        assert told["source"] == {"digest": SECOND.digest, "failure": None}
        assert told["targets"] == [
            {"target": name, "in_sync": True, "digest": SECOND.digest, "failure": None, "filtered": None} for name in BOTH
        ]


def test_an_answer_is_json_of_this_moment(site: Site) -> None:
    headers = site.get("/api/status").headers
    assert headers["Content-Type"].partition(";")[0] == "application/json"
    assert headers["Cache-Control"] == "no-store"


def test_runs_are_told_newest_first(site: Site, runs: list[Json]) -> None:
    told = site.status("status/app", tag="v1")
    assert [run["digest"] for run in told["runs"]] == [SECOND.digest, FIRST.digest]
    assert [run["instance"] for run in told["runs"]] == [run["instance"] for run in reversed(runs)]
    assert {run["state"] for run in told["runs"]} == {"ended"}
    assert told["more"] is False
    of_digest = site.status("status/app", digest=FIRST.digest)["runs"]
    assert [run["instance"] for run in of_digest] == [runs[0]["instance"]]


def test_what_the_source_alone_has_is_not_in_sync(site: Site) -> None:
    with site.unheard():
        site.put(FIRST, "status/unheard", "v1")
    told = site.status("status/unheard", tag="v1")
    assert told["in_sync"] is False
    assert told["source"]["digest"] == FIRST.digest
    assert told["targets"] == [{"target": name, "in_sync": False, "digest": None, "failure": None, "filtered": None} for name in BOTH]
    assert told["runs"] == []


@pytest.mark.usefixtures("runs")
def test_a_target_that_is_down_leaves_the_question_open(site: Site) -> None:
    site.stack.clouds["usgov"].kill()
    try:
        told = site.status("status/app", tag="v1")
    finally:
        site.stack.clouds["usgov"].start()
    china, usgov = told["targets"]
    assert (told["in_sync"], china["in_sync"], usgov["in_sync"]) == (None, True, None)
    assert (usgov["digest"], usgov["failure"]["code"], usgov["failure"]["kind"]) == (None, "unreachable", "transient")
    assert "usgov" in usgov["failure"]["doing"]
    assert usgov["failure"]["hint"]


def test_a_run_is_told_target_by_target_while_it_goes_on(site: Site) -> None:
    with site.clouds["china"].slow_imports(1):
        instance = site.push(FIRST, "status/slow", "v1")
        importing = site.running(instance, "importing", ["china"])
    assert importing["state"] == "running"
    assert importing["event"] == {"action": "push", "repository": "status/slow", "tag": "v1", "digest": FIRST.digest}
    china = target_of(importing, "china")
    assert (china["outcome"], china["digest"], china["failure"]) == (None, None, None)


@pytest.mark.parametrize(
    "instance",
    [
        "status!app:v1~0000000000000000",
        "%2e",
        "%2e%2e",
        "%2e%2e%2fstatus",
        "%2F",
        "x%2Fy",
        "..%2f..%2fruntime%2fwebhooks%2fdurabletask%2finstances",
        "%3FshowHistory=true",
        "x%3Fcode=1",
        "x%23y",
        "%00",
        "x%0d%0aX-Evil:%201",
        "%EF%BC%8E%EF%BC%8E",
        "%25%32%65%25%32%65",
        "a" * 251,
        "a" * 5000,
        quote("'; DROP TABLE instance; --", safe=""),
    ],
)
def test_an_instance_that_is_none_is_not_found(site: Site, instance: str) -> None:
    answer = site.get(f"/api/status/{instance}")
    assert answer.status == 404
    assert "GET /api/status?repository=" in answer.json()["error"]


def test_a_target_s_part_is_told_with_its_run_alone(site: Site, runs: list[Json]) -> None:
    for target in BOTH:
        assert site.run(f"{runs[0]['instance']}~{target}") is None
        assert target_of(site.run(runs[0]["instance"]) or {}, target)["outcome"]

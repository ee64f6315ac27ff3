"""What a bad line and a busy service answer: it is waited out, and never taken for the absence of anything."""

import json
from collections.abc import Iterator, Mapping

import pytest

from devkit.local.images import make_image
from tests.e2e.lines import Lines, lines_of
from tests.e2e.proxy import ANSWER_LOST, HANGS_UP, LOST_PAGE, OVERLOADED, THROTTLED, Proxy
from tests.e2e.running import BOTH, Json, Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("through a bad line")
IMPORT = r"/subscriptions/.*/importImage\?.*"
PASSING = {"busy": THROTTLED, "overloaded": OVERLOADED, "cut": HANGS_UP, "lost": ANSWER_LOST, "paged": LOST_PAGE}
LASTING = {"absence_unproven": LOST_PAGE, "unreachable": OVERLOADED, "throttled": THROTTLED}


@pytest.fixture(scope="module")
def site_and_lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Lines]]:
    """Patience for trouble that passes, not for what lasts."""
    site = Site(tmp_path_factory.mktemp("faults"), ReplicationPatience="2")
    with lines_of(site) as lines:
        for running in searched(site):
            yield running, lines


@pytest.fixture(scope="module")
def site(site_and_lines: tuple[Site, Lines]) -> Site:
    return site_and_lines[0]


@pytest.fixture(scope="module")
def lines(site_and_lines: tuple[Site, Lines]) -> Lines:
    return site_and_lines[1]


@pytest.fixture(scope="module")
def passed(site: Site, lines: Lines) -> Mapping[str, Json]:
    """Runs during which one look, one import and one tag of China's went wrong, each in one way; all at once."""
    for name, fault in PASSING.items():
        for proxy, method, path, repository in calls(lines, name):
            proxy.answer(fault, method, path, holding=repository, times=1)
    runs = {name: site.push(IMAGE, f"faults/{name}", "v1") for name in PASSING}
    waiting = target_of(site.running(runs["busy"], "waiting: throttled", ["china"]), "china")["failure"]
    assert (waiting["kind"], waiting["code"], waiting["retry_after"]) == ("throttled", "throttled", 1)
    return {name: site.ends_as(run, "replicated") for name, run in runs.items()}


def calls(lines: Lines, name: str) -> list[tuple[Proxy, str, str, str]]:
    return [
        (lines.registry, "HEAD", manifests(name), ""),
        (lines.arm, "POST", IMPORT, f'"faults/{name}@'),
        (lines.registry, "PUT", manifests(name), ""),
    ]


def manifests(name: str) -> str:
    return rf"/v2/faults/{name}/manifests/.*"


@pytest.mark.parametrize("name", PASSING)
def test_trouble_that_passes_costs_no_more_than_time(site: Site, passed: Mapping[str, Json], name: str) -> None:
    assert [target["digest"] for target in passed[name]["targets"]] == [IMAGE.digest] * 2
    assert set(site.held(f"faults/{name}", "v1").values()) == {IMAGE.digest}


def test_throttling_is_waited_out_as_long_as_the_service_asks(lines: Lines, passed: Mapping[str, Json]) -> None:
    for proxy, method, path, holding in calls(lines, "busy"):
        refused, again, *_ = proxy.requests(method, path, holding=holding)
        assert (refused.status, again.path) == (429, refused.path)
        assert again.at - refused.at >= 1
    china, usgov = passed["busy"]["targets"]
    assert usgov["seconds"] < china["seconds"]


@pytest.mark.usefixtures("passed")
def test_a_call_whose_answer_is_lost_is_repeated_though_it_was_heeded(site: Site, lines: Lines) -> None:
    assert [one.status for one in lines.registry.requests("PUT", manifests("lost"))] == [None, 201]
    assert len(site.clouds["china"].imports("faults/lost")) == 2
    assert len(site.clouds["usgov"].imports("faults/lost")) == 1


@pytest.mark.usefixtures("passed")
def test_an_import_names_a_digest_and_a_repository_and_the_configured_source(site: Site, lines: Lines) -> None:
    _, repeated = lines.arm.requests("POST", IMPORT, holding='"faults/busy@')
    credentials = {"username": "replication-pull", "password": site.secrets["source/replication-pull"]}
    source = {"registryUri": lines.source.address, "sourceImage": f"faults/busy@{IMAGE.digest}", "credentials": credentials}
    assert json.loads(repeated.body) == {
        "source": source, "targetTags": [], "untaggedTargetRepositories": ["faults/busy"], "mode": "Force"
    }  # fmt: skip


@pytest.mark.usefixtures("passed")
def test_nothing_but_the_registry_s_own_code_proves_an_absence(site: Site, lines: Lines) -> None:
    """Delete events: three of images that are still at the source, which has not one good answer for them; and one of an image that is
    gone, of which China's registry is asked through something that answers every manifest with a page that says 404."""
    names = dict(zip(LASTING, ("paged", "overloaded", "busy"), strict=True))
    for code, name in names.items():
        lines.source.answer(LASTING[code], "GET|HEAD", manifests(name))
    lines.registry.answer(LOST_PAGE, "GET|HEAD", manifests("cut"))
    events = {code: site.event(f"faults/{name}", IMAGE.digest, action="delete") for code, name in names.items()}
    assert site.deliver(*events.values()).status == 202
    gone = site.delete("faults/cut", IMAGE.digest)

    for code, name in names.items():
        run = site.ends_as(site.run_id(events[code]["id"], f"faults/{name}", None), "failed")
        assert [target["failure"]["code"] for target in run["targets"]] == [code, code]
        assert set(site.held(f"faults/{name}", "v1").values()) == {IMAGE.digest}
        assert [site.clouds[target].requests(f"faults/{name}", method="DELETE") for target in BOTH] == [[], []]

    china, _ = site.ends_as(gone, "failed", "deleted")["targets"]
    assert (china["failure"]["kind"], china["failure"]["code"]) == ("transient", "absence_unproven")
    assert "404" in china["failure"]["said"]
    assert lines.registry.requests("DELETE", manifests("cut")) == []
    told = target_of(site.status("faults/cut", tag="v1"), "china")
    assert (told["digest"], told["in_sync"], told["failure"]["code"]) == (None, None, "absence_unproven")

    lines.behave()
    event = site.event("faults/cut", IMAGE.digest, action="delete")
    assert site.deliver(event).status == 202
    site.ends_as(site.run_id(event["id"], "faults/cut", None), "deleted", "already_absent")

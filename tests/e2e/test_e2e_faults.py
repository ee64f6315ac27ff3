"""What a bad line and a busy service answer: it is waited out, and never taken for the absence of anything."""

from collections.abc import Iterator, Mapping
from datetime import datetime

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl
from devkit.local.images import make_image
from tests.e2e.running import BOTH, CLIENTS, Json, Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("through a bad line")
IMPORT = "/subscriptions/.*/importImage"
BUSY, OVERLOADED, LOST_PAGE = faults.status(429, retry_after=1), faults.status(503, html=True), faults.proxy_page(404)
PASSING = {
    "busy": BUSY,
    "overloaded": OVERLOADED,
    "cut": faults.reset(),
    "lost": faults.lost_answer(),
    "paged": LOST_PAGE,
    "expired": faults.unauthorized(),
    "tardy": faults.late_write(0.5),
}
READS = {name: fault for name, fault in PASSING.items() if name != "tardy"}
LASTING = {"absence_unproven": LOST_PAGE, "unreachable": OVERLOADED, "throttled": BUSY}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Time for trouble that passes, not for what lasts."""
    yield from searched(Site(tmp_path_factory.mktemp("faults"), ReplicationWaiting="4"))


@pytest.fixture(scope="module")
def china(site: Site) -> CloudControl:
    return site.clouds["china"]


@pytest.fixture(scope="module")
def passed(site: Site, china: CloudControl) -> Mapping[str, Json]:
    """Runs during which one look, one import and one tag of China's went wrong, each in one way; all at once."""
    for name, fault in PASSING.items():
        if name in READS:
            china.impose(fault, on=faults.registry("HEAD", path_of(name)), times=1, name=f"{name}-look")
        china.impose(fault, on=faults.arm("POST", IMPORT, holding=f'"faults/{name}@'), times=1, name=f"{name}-import")
        china.impose(fault, on=faults.registry("PUT", path_of(name)), times=1, name=f"{name}-tag")
    runs = {name: site.push(IMAGE, f"faults/{name}", "v1") for name in PASSING}
    waiting = target_of(site.running(runs["busy"], "waiting: throttled", ["china"]), "china")["failure"]
    assert (waiting["kind"], waiting["code"], waiting["retry_after"]) == ("throttled", "throttled", 1)
    ended = {name: site.ends_as(run, "replicated") for name, run in runs.items()}
    assert [rule["id"] for rule in china.faults() if not rule["fired"]] == []
    return ended


def path_of(name: str) -> str:
    return faults.manifests(f"faults/{name}")


@pytest.mark.parametrize("name", PASSING)
def test_trouble_that_passes_costs_no_more_than_time(site: Site, passed: Mapping[str, Json], name: str) -> None:
    assert [target["digest"] for target in passed[name]["targets"]] == [IMAGE.digest] * 2
    assert set(site.held(f"faults/{name}", "v1").values()) == {IMAGE.digest}


def test_throttling_is_waited_out_as_long_as_the_service_asks(china: CloudControl, passed: Mapping[str, Json]) -> None:
    for method in ("HEAD", "PUT"):
        refused, again, *_ = china.requests("faults/busy", method=method)
        assert (refused["status"], again["path"]) == (429, refused["path"])
        assert seconds_between(refused["at"], again["at"]) >= 1
    (post,), (began,) = china.requests(fault="busy-import"), china.imports("faults/busy")
    assert seconds_between(post["at"], began["began"]) >= 1
    at_china, at_usgov = passed["busy"]["targets"]
    assert at_usgov["seconds"] < at_china["seconds"]


@pytest.mark.usefixtures("passed")
def test_a_call_whose_answer_is_lost_is_repeated_though_it_was_heeded(site: Site, china: CloudControl) -> None:
    """A change of the registry; an import is looked for first, and has arrived."""
    assert [one["status"] for one in china.requests("faults/lost", method="PUT")] == [444, 201]
    assert [len(site.clouds[target].imports("faults/lost")) for target in BOTH] == [1, 1]


@pytest.mark.usefixtures("passed")
def test_what_lands_late_lands_beside_its_repetition(site: Site, china: CloudControl) -> None:
    assert [china.landed(f"tardy-{what}") for what in ("import", "tag")] == [1, 1]
    assert [len(site.clouds[target].imports("faults/tardy")) for target in BOTH] == [1, 1]


@pytest.mark.usefixtures("passed")
def test_a_token_that_expires_in_use_is_renewed(china: CloudControl) -> None:
    """The app keeps real time; what counts is that the cloud refuses. A change is not repeated with a new token: its step is."""
    looks = china.requests("faults/expired", method="HEAD")
    assert [one["status"] for one in looks[:2]] == [401, 404]
    assert [one["status"] for one in china.requests("faults/expired", method="PUT")] == [401, 201]


@pytest.mark.usefixtures("passed")
def test_nothing_but_the_registry_s_own_code_proves_an_absence(site: Site, china: CloudControl) -> None:
    """Delete events: three of images that are still at the source, which has not one good answer for them; and one of an image that is
    gone, of which China's registry is asked through something that answers whatever is read with a page that says 404."""
    china.behave()
    names = dict(zip(LASTING, ("paged", "overloaded", "busy"), strict=True))
    source = site.clouds["source"]
    app = faults.registry("GET|HEAD", identity="replication-pull")
    for code, name in names.items():
        source.impose(LASTING[code], on={**app, "path": path_of(name)})
    china.impose(LOST_PAGE, on=faults.registry("GET|HEAD", "/(v2|acr/v1)/faults/cut/.+", identity=CLIENTS["china"]))
    events = {code: site.event(f"faults/{name}", IMAGE.digest, action="delete") for code, name in names.items()}
    assert site.deliver(*events.values()).status == 202
    gone = site.delete("faults/cut", IMAGE.digest)

    for code, name in names.items():
        run = site.ends_as(site.run_id(events[code]["id"], f"faults/{name}", None), "failed")
        assert [target["failure"]["code"] for target in run["targets"]] == [code, code]
        assert set(site.held(f"faults/{name}", "v1").values()) == {IMAGE.digest}
        assert [site.clouds[target].requests(f"faults/{name}", method="DELETE") for target in BOTH] == [[], []]

    at_china, _ = site.ends_as(gone, "failed", "deleted")["targets"]
    assert (at_china["failure"]["kind"], at_china["failure"]["code"]) == ("transient", "absence_unproven")
    assert "404" in at_china["failure"]["said"]
    assert china.requests("faults/cut", method="DELETE") == []
    told = target_of(site.status("faults/cut", tag="v1"), "china")
    assert (told["digest"], told["in_sync"], told["failure"]["code"]) == (None, None, "absence_unproven")

    source.behave()
    china.behave()
    event = site.event("faults/cut", IMAGE.digest, action="delete")
    assert site.deliver(event).status == 202
    site.ends_as(site.run_id(event["id"], "faults/cut", None), "deleted", "already_absent")


def seconds_between(earlier: str, later: str) -> float:
    """Of times with seven fractional digits, which Python 3.10 does not read."""
    first, second = (datetime.fromisoformat(text[:26]) for text in (earlier, later))
    return (second - first).total_seconds()

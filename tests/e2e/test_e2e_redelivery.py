"""Event Grid delivers at least once: a run is started once, whenever and however often its event comes."""

from concurrent.futures import ThreadPoolExecutor

from devkit.local.images import digest_of, make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import BOTH, Site, rejected_id, text_of

IMAGE = make_image("delivered")


def test_an_event_starts_one_run_however_often_it_comes(site: Site) -> None:
    """Eight times at once, twice in one delivery, and once more after the end, when a blind start would replace the history."""
    with site.unheard():
        site.put(IMAGE, "redelivered/app", "v1")
    event = site.event("redelivered/app", IMAGE.digest, "v1")
    with ThreadPoolExecutor(8) as pool:
        assert {answer.status for answer in pool.map(site.deliver, [event] * 8)} == {202}
    assert site.deliver(event, event).status == 202
    run = site.run_id(event["id"], "redelivered/app", "v1")
    ended = site.ends_as(run, "replicated")
    parts = {part: site.instance(part) for part in (run, *(f"{run}~{target}" for target in BOTH))}

    assert site.deliver(event).status == 202
    site.until_quiet()
    assert {part: site.instance(part) for part in parts} == parts
    assert site.run(run) == ended
    assert [len(site.clouds[target].imports("redelivered/app")) for target in BOTH] == [1, 1]
    assert len(site.status("redelivered/app", tag="v1")["runs"]) == 1


def test_a_rejected_event_that_comes_again_stays_one(site: Site) -> None:
    event = site.event("redelivered/App", digest_of(b"none"))
    rejected = rejected_id(text_of(event))
    assert site.deliver(event).status == 202
    eventually(lambda: site.run(rejected), lambda run: run and run["state"] == "rejected")
    kept = site.instance(rejected)
    assert site.deliver(event).status == 202
    assert site.instance(rejected) == kept

"""The life of an intent: there before the POST, gone when nothing can come of it any more, and no sooner (DESIGN, rule 9)."""

import asyncio
import time
from typing import Any

import pytest

from devkit.local import faults
from ledger import Intent, store
from replication.references import Repository
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.running import OCI_INDEX, Clouds, digest_of, image, index
from tests.unit.activities.calling import Call

AT = "2026-01-01T00:00:00+00:00"
BUSY = faults.status(503, retry_after=1)


def intents(repository: str) -> list[Intent]:
    async def once() -> list[Intent]:
        return await store().open_into("china", Repository(repository))

    return asyncio.run(once())


def start(call: Call, repository: str, digest: str, **more: Any) -> dict[str, Any]:
    return call("start_import", repository, digest, run="one", at=AT, **{"index": False, **more})


def check(call: Call, repository: str, digest: str, started: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Until the import has ended."""
    deadline = time.monotonic() + 20
    while True:
        named = {"operation": started["operation"], "generation": started["generation"]}
        answer = call("check_import", repository, digest, **named, **more)
        if answer["state"] != "running":
            return answer
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    "fault, left",
    [
        (faults.status(400), False),
        (faults.status(403), False),
        (faults.status(409), False),
        (faults.status(429, retry_after=1), False),
        (BUSY, False),
        (faults.status(503), True),
        (faults.status(408), True),
        (faults.status(500), True),
        (faults.proxy_page(502), True),
        (faults.status(504), True),
        (faults.late_write(1, "timeout"), True),
        (faults.lost_answer(), True),
    ],
    ids=str,
)
def test_what_may_have_been_started_is_known_as_such(clouds: Clouds, call: Call, fault: dict[str, Any], left: bool) -> None:
    repository = "intents/refused"
    digest = clouds.source.push_image(repository)
    with behaving(clouds.target) as control:
        control.impose(fault, on=faults.arm("POST"), times=1)
        assert "failure" in start(call, repository, digest)
        assert len(intents(repository)) == left
        again = start(call, repository, digest)
        assert again["state"] == ("unknown" if left else "running")
    assert len(intents(repository)) == 1


def test_one_of_which_nobody_knows_makes_way_once(clouds: Clouds, call: Call) -> None:
    repository = "intents/instead"
    digest = clouds.source.push_image(repository)
    with behaving(clouds.target) as control:
        control.impose(faults.lost_answer(), on=faults.arm("POST"), times=1)
        start(call, repository, digest)
    (lost,) = intents(repository)
    started = start(call, repository, digest, instead_of=lost.generation)
    assert (started["state"], len(intents(repository))) == ("running", 1)
    assert intents(repository)[0].generation == started["generation"] != lost.generation
    assert start(call, repository, digest, instead_of=lost.generation)["operation"] == started["operation"]


def test_an_import_that_has_ended_leaves_none(clouds: Clouds, call: Call) -> None:
    repository = "intents/ended"
    digest = clouds.source.push_image(repository)
    assert check(call, repository, digest, start(call, repository, digest))["state"] == "ended"
    assert intents(repository) == []
    started = start(call, repository, digest_of(b"nobody has it"))
    assert check(call, repository, digest_of(b"nobody has it"), started)["state"] == "failed"
    assert intents(repository) == []


def test_one_ends_when_the_target_holds_the_content(clouds: Clouds, call: Call) -> None:
    repository = "intents/verified"
    digest = clouds.source.push_image(repository)
    clouds.target.push_image(repository)
    started = start(call, repository, digest)
    assert call("verify_digest", repository, digest, generation="another")["verified"]
    assert len(intents(repository)) == 1
    assert call("verify_digest", repository, digest, generation=started["generation"])["verified"]
    assert intents(repository) == []


def test_a_childs_is_its_own(clouds: Clouds, call: Call) -> None:
    """Of the digest at that position, not of the index that lists it."""
    repository, children = "intents/child", [image(b"layer", annotations={"number": str(number)}) for number in range(2)]
    manifest = index(*children)
    clouds.source.push_image(repository)
    for child in children:
        clouds.source.push_manifest(repository, digest_of(child), child)
    assert clouds.source.push_manifest(repository, "v1", manifest, OCI_INDEX).status == 201
    root = digest_of(manifest)
    first, second = (start(call, repository, root, child=place) for place in range(2))
    assert {str(one.content.digest) for one in intents(repository)} == {digest_of(child) for child in children}
    assert check(call, repository, root, second, child=1)["state"] == "ended"
    assert [str(one.content.digest) for one in intents(repository)] == [digest_of(children[0])]
    assert check(call, repository, root, start(call, repository, root, child=0), child=0)["state"] == "ended"
    again = start(call, repository, root, child=0)
    assert (again["state"], again["generation"] != first["generation"]) == ("running", True)
    seen = call("look_at_children", repository, root, page=0, imports={"0": {"generation": again["generation"], "seconds": 1.0}})
    assert (seen["images"], intents(repository)) == ([], [])
    assert call("put_index", repository, root) == {"state": "put"}
    assert intents(repository) == []

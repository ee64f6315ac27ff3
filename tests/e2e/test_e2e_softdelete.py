"""What a target deleted and keeps for some days, pushed again at the source: it says how to bring it back, and what comes then is seen."""

from collections.abc import Iterator

import pytest

from devkit.local.images import make_image
from tests.e2e.running import BOTH, Site, target_of

AGAIN, STAYS, REPOSITORY = make_image("pushed again", layers=0), make_image("stays", layers=0), "softdelete/again"


@pytest.fixture(autouse=True)
def policy(site: Site) -> Iterator[None]:
    """China alone keeps what it deletes."""
    site.clouds["china"].set_registry(policies={"softDeleteDays": 7})
    yield
    site.clouds["china"].set_registry(policies={"softDeleteDays": None})


def test_a_digest_pushed_again_after_soft_deletion_is_restored_by_hand_and_then_whole(site: Site) -> None:
    for run in [site.push(AGAIN, REPOSITORY, "v1"), site.push(STAYS, REPOSITORY, "v2")]:
        site.ends_as(run, "replicated")
    site.ends_as(site.delete(REPOSITORY, AGAIN.digest), "deleted")
    assert set(site.held(REPOSITORY, "v1").values()) == {None}

    refused = site.ends_as(site.push(AGAIN, REPOSITORY, "v1"), "failed", "replicated")
    failure = target_of(refused, "china")["failure"]
    assert (failure["kind"], failure["code"]) == ("conflict", "soft_deleted")
    assert f"az acr manifest restore --registry contosocn --name {REPOSITORY} --digest {AGAIN.digest}, then push again" in failure["hint"]
    assert site.held(REPOSITORY, "v1") == {"source": AGAIN.digest, "china": None, "usgov": AGAIN.digest}
    (_, _, last) = site.clouds["china"].imports(REPOSITORY)
    assert (last["sourceImage"], last["state"]) == (f"{REPOSITORY}@{AGAIN.digest}", "failed")

    site.clouds["china"].restore(REPOSITORY, AGAIN.digest)
    site.ends_as(site.push(AGAIN, REPOSITORY, "again"), "replicated")
    for tag in ("v1", "again"):
        assert set(site.held(REPOSITORY, tag).values()) == {AGAIN.digest}
    assert [len(site.clouds[name].imports(REPOSITORY)) for name in BOTH] == [3, 3]

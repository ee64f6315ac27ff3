"""More pushes at once than a target's ARM takes: none fails, the quota is used up, and a fresh push does not queue behind the others.

The clouds' time and the app's run many times as fast as the machine's; seconds and minutes here are theirs."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import Site, target_of
from tests.e2e.search import searched

SMALL, LARGE = 35, 1000
BUCKET, SECONDS_EACH, IMPORT_TAKES = 20, 3.0, 5.0
LIMITS = {"ReplicationWaiting": "259200", "ReplicationPatience": "3600", "ReplicationUnknownImport": "600", "ReplicationProbe": "30"}


def quota(digests: int) -> float:
    """Seconds that ARM's bucket takes for so many imports."""
    return (digests - BUCKET) * SECONDS_EACH


class Burst:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.china = site.clouds["china"]
        self.china.set_arm_writes(BUCKET, SECONDS_EACH)
        self.china.set_imports(latency_seconds=IMPORT_TAKES)

    def push(self, digests: int) -> list[str]:
        with self.site.unheard():
            images = [make_image(f"burst {number}") for number in range(digests)]
            for number, image in enumerate(images):
                self.site.put(image, f"burst/app{number}", "v1")
        events = [self.site.event(f"burst/app{number}", image.digest, "v1") for number, image in enumerate(images)]
        for first in range(0, digests, 100):
            assert self.site.deliver(*events[first : first + 100]).status == 202
        return [self.site.run_id(event["id"], f"burst/app{number}", "v1") for number, event in enumerate(events)]

    def fresh(self) -> str:
        return self.site.push(make_image("fresh"), "burst/fresh", "v1")

    def imported(self) -> int:
        return len([one for one in self.china.imports() if one["state"] == "succeeded"])

    def took(self) -> float:
        """Seconds from the first import's beginning to the last one's end."""
        rows = self.china.imports()
        return seconds(max(one["ended"] for one in rows)) - seconds(min(one["began"] for one in rows))

    def all_replicated(self, runs: list[str], within: float) -> None:
        eventually(self.imported, lambda done: done >= len(runs), within=within, pause=2)
        for run in runs:
            ended = eventually(lambda run=run: self.site.run(run), lambda told: told and told["state"] != "running", within=within)  # type: ignore[misc]
            assert ended is not None
            assert target_of(ended, "china")["outcome"] == "replicated", ended


def seconds(text: str) -> float:
    return datetime.fromisoformat(text[:26]).timestamp()


def bursting(folder: Path, scale: float) -> Iterator[Site]:
    yield from searched(Site(folder, 1, Path(__file__).parents[2], scale, **LIMITS))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from bursting(tmp_path / "site", 10)


def test_more_at_once_than_the_bucket_holds_all_arrive(site: Site) -> None:
    burst = Burst(site)
    runs = burst.push(SMALL)
    eventually(lambda: burst.china.arm_writes()["refused"], lambda refused: refused > 0)
    burst.all_replicated(runs, within=60)
    assert len(burst.china.imports()) == SMALL
    assert burst.china.arm_writes()["refused"] < 3 * SMALL
    site.until_quiet()


@pytest.mark.large
def test_a_thousand_at_once_take_hardly_longer_than_the_quota_allows(site: Site) -> None:
    burst = Burst(site)
    runs = burst.push(LARGE)
    eventually(burst.imported, lambda done: done >= LARGE / 3, within=600, pause=2)
    before, fresh = len(burst.china.imports()), burst.fresh()
    told = eventually(lambda: site.run(fresh), lambda run: run and run["state"] != "running", within=300, pause=1)
    assert told is not None
    overtook = [one["sourceImage"].partition("@")[0] for one in burst.china.imports()].index("burst/fresh") - before
    burst.all_replicated(runs, within=1500)
    took, refused = burst.took(), burst.china.arm_writes()["refused"]
    print(f"{took / 60:.1f} min of {quota(LARGE + 1) / 60:.1f}, {refused} refused, {overtook} others begun before the fresh one")
    assert took <= 1.2 * quota(LARGE + 1)
    assert overtook < LARGE / 10
    assert target_of(told, "china")["outcome"] == "replicated"

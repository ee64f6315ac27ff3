"""Imports that fail or only seem to end, replicas that lag, a source that answers nonsense: in the end every target has what it should."""

from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from devkit.local import faults
from devkit.local.images import make_image, make_index
from tests.e2e.eventually import eventually
from tests.e2e.running import CLIENTS, Json, Site
from tests.e2e.search import searched

IMAGE, INDEX = make_image("wrongly imported"), make_index("wrongly imported", ("amd64", "arm64"))
AT_CHINA = {
    "fails": faults.fails("blobs"),
    "nothing": faults.succeeds_broken("nothing"),
    "no_child": faults.succeeds_broken("no_child"),
    "later": faults.lands_late(1),
    "twice": faults.lands_twice(1),
}
AT_SOURCE = {"cut": faults.reset_in_body(100), "forged": faults.wrong_bytes(), "shortened": faults.truncated(100)}
NAMES = (*AT_CHINA, *AT_SOURCE, "stale", "storm")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With patience for two imports, of which ARM wants ten seconds to pass before it is asked about the first."""
    yield from searched(Site(tmp_path_factory.mktemp("imports"), ReplicationPatience="60", ReplicationWaiting="60"))


@pytest.fixture(scope="module")
def ended(site: Site) -> Iterator[Mapping[str, Json]]:
    """Runs, all at once, of which each met one trouble; every trouble was met."""
    source, china = site.clouds["source"], site.clouds["china"]
    for name, fault in AT_CHINA.items():
        china.impose(fault, on=faults.imports(f"imports/{name}@.*"), times=1, name=name)
    for name, fault in AT_SOURCE.items():  # the two importers, who have the app's token, ask first
        path = faults.manifests(f"imports/{name}")
        source.impose(fault, on=faults.registry("GET", path, identity="replication-pull"), skip=2, times=2, name=name)
    lagging = faults.registry("GET|HEAD", faults.manifests("imports/stale"), identity=CLIENTS["china"])
    china.impose(faults.stale_read(1.5), on=lagging, name="stale")
    storm = faults.arm("POST", "/subscriptions/.*/importImage", holding='"imports/storm@')
    china.impose(faults.status(429, retry_after=1), on=storm, times=3, name="storm")
    runs = {name: site.push(IMAGE, f"imports/{name}", "v1") for name in NAMES if name != "no_child"}
    runs["no_child"] = site.push_alone(INDEX, "imports/no_child", "v1")
    yield {name: site.ended(run) for name, run in runs.items()}
    assert [rule["id"] for cloud in (source, china) for rule in cloud.faults() if not rule["fired"]] == []
    source.behave()
    china.behave()


@pytest.mark.parametrize("name", NAMES)
def test_what_the_source_has_arrives_all_the_same(site: Site, ended: Mapping[str, Json], name: str) -> None:
    image = INDEX if name == "no_child" else IMAGE
    assert [target["state"] for target in ended[name]["targets"]] == ["replicated"] * 2, ended[name]
    eventually(partial(site.held, f"imports/{name}", "v1"), lambda held: set(held.values()) == {image.digest})


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("name, imports", [("fails", 2), ("nothing", 2), ("no_child", 2), ("twice", 1), ("storm", 1)])
def test_an_import_is_begun_anew_only_where_it_brought_nothing(site: Site, name: str, imports: int) -> None:
    began = site.clouds["china"].imports(f"imports/{name}")
    assert len(began) == imports
    assert [one["fault"] for one in began] == ([None] if name == "storm" else [name, *[None] * (imports - 1)])


@pytest.mark.usefixtures("ended")
def test_no_tag_is_put_before_all_that_it_needs(site: Site) -> None:
    """The import that left out a child had been over by then: the one that brought it came before the tag."""
    china = site.clouds["china"]
    (put,) = china.requests("imports/no_child", method="PUT")
    assert china.imports("imports/no_child")[-1]["ended"] <= put["at"]

"""Whatever a registry can hold arrives: what belongs to something else, what is nested, what is too large for one import. How often it was
imported is told by the clouds that did it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from devkit.local.images import Image, make_image
from tests import nasty
from tests.e2e.running import BOTH, Json, Site


@dataclass(frozen=True)
class Pushed:
    """`heard`: events told of what it lists as well. `imports`: what was imported to bring it: itself, unless told otherwise."""

    image: Image
    repository: str
    tag: str | None = "v1"
    heard: bool = True
    imports: tuple[Image, ...] | None = None

    @property
    def imported(self) -> list[str]:
        return [f"{self.repository}@{one.digest}" for one in (self.imports if self.imports is not None else (self.image,))]


IN_SIGNED, OF_SIGNED = "artifacts/signed", nasty.fallback_tag(nasty.SIGNED)
PUSHED = {
    "ten platforms": Pushed(nasty.TEN_PLATFORMS, "artifacts/platforms"),
    "indexes in indexes": Pushed(nasty.NESTED, "artifacts/nested"),
    "51 manifests": Pushed(nasty.INDEX_OF_51, "artifacts/large", heard=False, imports=nasty.INDEX_OF_51.children),
    "4 MiB": Pushed(nasty.LARGEST, "artifacts/largest", heard=False),
    "long names": Pushed(make_image("long", layers=0), nasty.LONGEST_REPOSITORY, nasty.LONGEST_TAG),
    "a tag like a digest": Pushed(make_image("digest-like", layers=0), "artifacts/like", nasty.LOOKS_LIKE_A_DIGEST),
    "a chart": Pushed(nasty.CHART, "artifacts/chart", "0.1.0"),
    "an empty config": Pushed(nasty.EMPTY_CONFIG, "artifacts/empty", None),
    "a subject below": Pushed(nasty.SUBJECT_IS_ITS_CHILD, "artifacts/inverted", heard=False),
    "signed": Pushed(nasty.SIGNED, IN_SIGNED),
    "its signature": Pushed(nasty.SIGNATURE, IN_SIGNED, None),
    "its child's": Pushed(nasty.SIGNATURE_OF_A_CHILD, IN_SIGNED, None),
    "its signature's": Pushed(nasty.SIGNATURE_OF_A_SIGNATURE, IN_SIGNED, None),
    "before its subject": Pushed(nasty.SIGNATURE_OF_WHAT_IS_NOT_THERE, IN_SIGNED, None),
    **{
        f"cosign's {what}": Pushed(make_image(f"cosign {what}", layers=0), IN_SIGNED, f"{OF_SIGNED}.{what}")
        for what in ("sig", "att", "sbom")
    },
    "children signed": Pushed(nasty.ONLY_ITS_CHILDREN_SIGNED, "artifacts/children", heard=False),
    "one child's": Pushed(nasty.CHILDREN_S_SIGNATURES[0], "artifacts/children", None),
    "the other child's": Pushed(nasty.CHILDREN_S_SIGNATURES[1], "artifacts/children", None),
    "a fallback tag": Pushed(nasty.FALLBACK, "artifacts/fallback", nasty.fallback_tag(nasty.SIGNED), heard=False),
    "it is its own fallback": Pushed(nasty.SIGNED, "artifacts/own-fallback", nasty.fallback_tag(nasty.SIGNED), heard=False),
}


@pytest.fixture(scope="module")
def runs(site: Site) -> Mapping[str, Json]:
    """All at once; each has ended."""
    begun = {name: (site.push if one.heard else site.push_alone)(one.image, one.repository, one.tag) for name, one in PUSHED.items()}
    return {name: site.ended(run) for name, run in begun.items()}


def test_everything_arrives(runs: Mapping[str, Json]) -> None:
    states = {name: [target["state"] for target in run["targets"]] for name, run in runs.items()}
    assert states == dict.fromkeys(runs, ["replicated"] * 2)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("name", PUSHED)
def test_it_is_whole_at_every_registry(site: Site, name: str) -> None:
    """By a GET of everything below it, hashed."""
    one = PUSHED[name]
    assert set(site.held(one.repository, one.tag or one.image.digest).values()) == {one.image.digest}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("target", BOTH)
@pytest.mark.parametrize("repository", sorted({one.repository for one in PUSHED.values()}))
def test_each_is_imported_once_and_what_it_lists_with_it(site: Site, target: str, repository: str) -> None:
    """Ten platforms are one import: what was pushed before them by digest has waited."""
    site.until_quiet()
    wanted = [source for one in PUSHED.values() if one.repository == repository for source in one.imported]
    assert sorted(one["sourceImage"] for one in site.clouds[target].imports(repository)) == sorted(wanted)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("target", BOTH)
def test_what_is_too_large_for_one_import_is_put_once_all_it_lists_is_there(site: Site, target: str) -> None:
    puts = site.clouds[target].requests("artifacts/large", method="PUT")
    assert [one["path"] for one in puts] == [f"/v2/artifacts/large/manifests/{one}" for one in (nasty.INDEX_OF_51.digest, "v1")]
    assert max(one["ended"] for one in site.clouds[target].imports("artifacts/large")) <= puts[0]["at"]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("target", BOTH)
def test_what_is_pushed_by_its_digest_alone_gets_no_tag(site: Site, target: str) -> None:
    assert site.clouds[target].requests("artifacts/empty", method="PUT") == []
    assert json.loads(site.ask(target, "GET", "/v2/artifacts/empty/tags/list").body)["tags"] == []


@pytest.mark.parametrize("target", BOTH)
@pytest.mark.parametrize("name", ["its signature", "its child's", "its signature's", "before its subject", "one child's"])
def test_referrers_do_not_wait_for_an_index_that_lists_them(site: Site, runs: Mapping[str, Json], name: str, target: str) -> None:
    """Nothing is looked for between the first look and the import."""
    history = site.instance(f"{runs[name]['instance']}~{target}")["historyEvents"]
    called = [one["FunctionName"] for one in history if one["EventType"] == "TaskCompleted"]
    assert called[:3] == ["authenticate_target", "look", "start_import"]


def test_a_retag_starts_no_import(site: Site) -> None:
    image = make_image("retagged", layers=0)
    site.ends_as(site.push(image, "artifacts/retagged", "v1"), "replicated")
    site.ends_as(site.push(image, "artifacts/retagged", "v2"), "replicated")
    assert [len(site.clouds[target].imports("artifacts/retagged")) for target in BOTH] == [1, 1]


def test_tags_of_one_digest_share_one_import(site: Site) -> None:
    image = make_image("shared", layers=0)
    with site.clouds["china"].slow_imports(2), site.clouds["usgov"].slow_imports(2):
        runs = [site.push(image, "artifacts/shared", tag) for tag in ("v1", "v1.2", "v1.2.3")]
        for run in runs:
            site.ends_as(run, "replicated")
    assert [len(site.clouds[target].imports("artifacts/shared")) for target in BOTH] == [1, 1]
    assert {tag: set(site.held("artifacts/shared", tag).values()) for tag in ("v1", "v1.2", "v1.2.3")} == {
        tag: {image.digest} for tag in ("v1", "v1.2", "v1.2.3")
    }

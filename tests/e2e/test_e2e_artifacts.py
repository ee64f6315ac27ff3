"""Whatever a registry can hold arrives: what belongs to something else, what is nested, what is too large for one import."""

from collections.abc import Mapping

import pytest

from devkit.local.images import Image, index_of, make_image, make_index
from tests.e2e.running import BOTH, Json, Site

PLATFORMS = make_index("ten platforms", [f"cpu{number}" for number in range(10)], layers=1)
LARGE = make_index("too large", [f"cpu{number}" for number in range(51)], layers=0)
INNER = make_index("inner", ("amd64", "arm64"), layers=0)
NESTED = index_of(INNER, make_image("outer", layers=0))
SIGNED = make_index("signed", ("amd64", "arm64"), layers=0)
OWN_CHILD = make_image("child of what it belongs to", layers=0, subject=SIGNED)
BIG = index_of(make_image("big", layers=0), annotations={"padding": "x" * (4 * 1024 * 1024 - 2000)})
LOOKS_LIKE_A_DIGEST = f"sha256-{'a' * 64}"
LONGEST = "/".join(["artifacts", *["n" * 59] * 4])[:230]


@pytest.fixture(scope="module")
def runs(site: Site) -> Mapping[str, Json]:
    """All at once; each has ended."""
    begun = {
        "platforms": site.push(PLATFORMS, "artifacts/platforms", "v1"),
        "nested": site.push(NESTED, "artifacts/nested", "v1"),
        "large": pushed_at_once(site, LARGE, "artifacts/large", "v1"),
        "big": site.push(BIG, "artifacts/big", "v1"),
        "longest": site.push(make_image("long", layers=0), LONGEST, "t" * 128),
        "digest-like": site.push(make_image("digest-like", layers=0), "artifacts/like", LOOKS_LIKE_A_DIGEST),
        "signed": site.push(SIGNED, "artifacts/signed", "v1"),
        "signature": site.push(make_image("signature", layers=0, subject=SIGNED), "artifacts/signed"),
        "of a child": site.push(make_image("signature", layers=0, subject=SIGNED.children[0]), "artifacts/signed"),
        "before its subject": site.push(make_image("early", layers=0, subject=make_image("not there")), "artifacts/signed"),
        "fallback": site.push(index_of(OWN_CHILD), "artifacts/signed", SIGNED.digest.replace(":", "-")),
        "cosign": site.push(make_image("cosign", layers=0), "artifacts/signed", f"{SIGNED.digest.replace(':', '-')}.sig"),
    }
    return {name: site.ended(run) for name, run in begun.items()}


def pushed_at_once(site: Site, image: Image, repository: str, tag: str) -> str:
    """The run of an index of whose children no event tells, so that nothing else brings them."""
    with site.unheard():
        site.put(image, repository, tag)
    event = site.event(repository, image.digest, tag)
    assert site.deliver(event).status == 202
    return site.run_id(event["id"], repository, tag)


def test_everything_arrives(runs: Mapping[str, Json]) -> None:
    states = {name: [target["state"] for target in run["targets"]] for name, run in runs.items()}
    assert states == dict.fromkeys(runs, ["replicated"] * 2)


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    "repository, reference, digest",
    [
        ("artifacts/platforms", "v1", PLATFORMS.digest),
        ("artifacts/nested", "v1", NESTED.digest),
        ("artifacts/large", "v1", LARGE.digest),
        ("artifacts/big", "v1", BIG.digest),
        ("artifacts/signed", "v1", SIGNED.digest),
        ("artifacts/signed", SIGNED.digest.replace(":", "-"), index_of(OWN_CHILD).digest),
        ("artifacts/like", LOOKS_LIKE_A_DIGEST, make_image("digest-like", layers=0).digest),
    ],
)
def test_it_is_whole_at_every_registry(site: Site, repository: str, reference: str, digest: str) -> None:
    """By a GET of everything below it, hashed."""
    assert set(site.held(repository, reference).values()) == {digest}


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("target", BOTH)
def test_ten_platforms_are_one_import(site: Site, target: str) -> None:
    site.until_quiet()
    assert [one["sourceImage"] for one in site.clouds[target].imports("artifacts/platforms")] == [f"artifacts/platforms@{PLATFORMS.digest}"]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("target", BOTH)
def test_what_is_too_large_for_one_import_is_imported_child_by_child_each_once(site: Site, target: str) -> None:
    began = sorted(one["sourceImage"] for one in site.clouds[target].imports("artifacts/large"))
    assert began == sorted(f"artifacts/large@{child.digest}" for child in LARGE.children)
    puts = [one["path"] for one in site.clouds[target].requests("artifacts/large", method="PUT")]
    assert puts == [f"/v2/artifacts/large/manifests/{LARGE.digest}", "/v2/artifacts/large/manifests/v1"]


@pytest.mark.usefixtures("runs")
def test_referrers_do_not_wait_for_an_index_that_lists_them(runs: Mapping[str, Json]) -> None:
    assert max(target["seconds"] for name in ("signature", "of a child") for target in runs[name]["targets"]) < 60


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

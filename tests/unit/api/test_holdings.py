"""What source and targets are said to hold, asked of local clouds; one target is not there at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.holdings import holdings
from api.status import gaps
from devkit.tls import TlsFiles
from registries.connections import Connections
from replication.limits import Limits
from replication.patterns import Filter, Pattern
from replication.prefixes import Prefixes
from replication.references import Digest, Repository, Tag
from replication.scope import Scope
from replication.settings import Settings
from replication.storesetting import SqliteFile
from replication.targets import Source, Target
from tests.devkit.cloud.running import Clouds, digest_of, image
from tests.unit.registries.live import ABSENT, asked_of, source_of, target_of
from tests.unit.registries.scripted import scripted

V1 = Tag("v1")


@asynccontextmanager
async def connected(source: Source, **targets: Target) -> AsyncIterator[Connections]:
    named = {name: replace(target, name=name) for name, target in targets.items()}
    here = Connections(Settings(source, named, Limits(), SqliteFile(Path("/not-asked"))))
    try:
        yield here
    finally:
        await here.close()


async def dead(tls: TlsFiles, target: Target) -> Target:
    """At a port where nobody listens any longer."""
    async with scripted(tls) as server:
        return replace(target, login_server=server.host)


def verdicts(answer: dict[str, Any]) -> dict[str, bool | None]:
    return {row["target"]: row["in_sync"] for row in answer["targets"]}


@pytest.mark.parametrize(
    "at_source, at_target, in_sync, message",
    [
        pytest.param(b"one", b"one", True, "the same at the source and at every target", id="same"),
        pytest.param(b"one", b"two", False, "differs in china", id="another"),
        pytest.param(b"one", None, False, "differs in china", id="not here"),
        pytest.param(None, b"one", False, "differs in china", id="only here"),
        pytest.param(None, None, True, "absent at the source and at every target", id="nowhere"),
    ],
)
async def test_a_tag_is_in_sync_where_it_means_the_same(
    clouds: Clouds, at_source: bytes | None, at_target: bytes | None, in_sync: bool, message: str
) -> None:
    app = f"holdings/{(at_source or b'none').decode()}-{(at_target or b'none').decode()}"
    digests = [
        None if layer is None else cloud.push_image(app, "v1", layer=layer)
        for cloud, layer in ((clouds.source, at_source), (clouds.target, at_target))
    ]
    async with connected(source_of(clouds.source), china=target_of(clouds.target)) as here:
        answer = await holdings(here, Repository(app), V1)
    assert answer == {
        "in_sync": in_sync,
        "message": message,
        "source": {"digest": digests[0], "failure": None},
        "targets": [{"target": "china", "in_sync": in_sync, "digest": digests[1], "failure": None, "filtered": None}],
    }


async def test_a_digest_is_asked_for_as_a_tag_is(clouds: Clouds) -> None:
    digest = Digest.parse(clouds.source.push_image("holdings/digest"))
    async with connected(source_of(clouds.source), china=target_of(clouds.target)) as here:
        assert (await holdings(here, Repository("holdings/digest"), digest))["in_sync"] is False
        assert (await holdings(here, Repository("holdings/digest"), ABSENT))["in_sync"] is True


async def test_a_target_that_does_not_answer_leaves_the_whole_open_and_hides_no_other(tls: TlsFiles, clouds: Clouds) -> None:
    digest = clouds.source.push_image("holdings/silent", "v1")
    target = target_of(clouds.target)
    async with connected(source_of(clouds.source), china=target, usgov=await dead(tls, target)) as here:
        differs = await holdings(here, Repository("holdings/silent"), V1)
        assert clouds.target.push_image("holdings/silent", "v1") == digest
        open_ = await holdings(here, Repository("holdings/silent"), V1)
    assert (differs["in_sync"], verdicts(differs)) == (False, {"china": False, "usgov": None})
    assert differs["message"] == "differs in china; no answer from usgov (unreachable)"
    assert (open_["in_sync"], verdicts(open_)) == (None, {"china": True, "usgov": None})
    assert open_["message"] == "no answer from usgov (unreachable)"
    assert open_["targets"][1]["failure"]["code"] == "unreachable"


async def test_a_target_keeps_it_at_another_place_or_not_at_all(clouds: Clouds) -> None:
    digest = clouds.source.push_image("holdings/placed", "v1")
    clouds.target.push_image("mirror/placed", "v1")
    placed = replace(target_of(clouds.target), scope=Scope(prefixes=Prefixes.parse({"holdings/": "mirror/"})))
    without = replace(target_of(clouds.target), scope=Scope(tags=Filter(exclude=(Pattern.parse("v*", "tag"),))))
    async with connected(source_of(clouds.source), china=placed, usgov=without) as here:
        answer = await holdings(here, Repository("holdings/placed"), V1)
    assert (answer["in_sync"], verdicts(answer)) == (True, {"china": True, "usgov": None})
    assert answer["message"] == "the same at the source and at every other target; left out of usgov (tag)"
    assert [(row["digest"], row["filtered"]) for row in answer["targets"]] == [(digest, None), (None, "tag")]


async def test_without_the_source_there_is_no_telling(clouds: Clouds) -> None:
    """Above all, a target that is empty is not in sync with a source that refuses."""
    wrong = "canary~Wrong8Q.password"
    async with connected(source_of(clouds.source, password=wrong), china=target_of(clouds.target)) as here:
        answer = await holdings(here, Repository("holdings/refused"), V1)
    assert (answer["in_sync"], verdicts(answer)) == (None, {"china": None})
    assert answer["message"] == "the source does not tell: source_denied"
    assert wrong not in str(answer)


async def test_a_media_type_that_is_left_out_is_told_by_whoever_has_it(clouds: Clouds) -> None:
    """It comes with the answers, so nobody is asked once more."""
    docker = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = image(b"layer", mediaType=docker)
    without = replace(target_of(clouds.target), scope=Scope(media_types=Filter(exclude=(Pattern.parse(docker, "media type"),))))
    clouds.source.push_image("holdings/docker")
    clouds.target.push_image("holdings/docker")
    assert clouds.source.push_manifest("holdings/docker", "v1", manifest, docker).status == 201
    async with connected(source_of(clouds.source), china=target_of(clouds.target), usgov=without) as here:
        answer = await holdings(here, Repository("holdings/docker"), V1)
        assert (answer["in_sync"], verdicts(answer)) == (False, {"china": False, "usgov": None})
        assert answer["message"] == "differs in china; left out of usgov (media_type)"
        assert clouds.target.push_manifest("holdings/docker", "only-here", manifest, docker).status == 201
        extra = await holdings(here, Repository("holdings/docker"), Tag("only-here"))
    assert [(row["in_sync"], row["digest"], row["filtered"]) for row in extra["targets"]] == [
        (False, digest_of(manifest), None),
        (None, None, "media_type"),
    ]
    asked = [one["method"] for one in asked_of(clouds.source, "/v2/holdings/docker/manifests/v1") if one["identity"] != "all"]
    assert asked == ["HEAD"]


def test_settings_that_nobody_reads_are_among_the_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ReplicationPatince", "60")
    listed: Any = SimpleNamespace(source_listing=object())
    assert [gap.partition(" ")[0] for gap in gaps(listed)] == ["ReplicationPatince"]
    listed.source_listing = None
    assert [gap.partition(" ")[0] for gap in gaps(listed)] == ["SourceListingIdentity", "ReplicationPatince"]

"""The data plane's client against the local clouds' registries."""

import json

import pytest

from registries.lists import Listed, Page
from registries.manifests import INDEX_MEDIA_TYPES, Manifest
from registries.registry import Found
from replication.failures import Refused
from replication.references import Digest, Repository, Tag
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Clouds, digest_of, image, index
from tests.unit.registries.live import ABSENT, asked_of, check_refusal, secret_of, source_client, source_of, target_client, target_of

V1 = Tag("v1")


async def test_a_tag_and_a_digest_are_resolved_without_counting_as_a_pull(clouds: Clouds) -> None:
    digest, app = clouds.source.push_image("registry/resolve", "v1"), Repository("registry/resolve")
    async with source_client(source_of(clouds.source)) as (registry, _):
        assert str(await registry.resolve(app, V1)) == digest
        assert await registry.resolve(app, Digest.parse(digest)) == Digest.parse(digest)
        assert await registry.resolve(app, Tag("v2")) is None
        assert await registry.resolve(app, ABSENT) is None
        assert await registry.resolve(Repository("registry/nowhere"), V1) is None
    assert {one["method"] for one in asked_of(clouds.source, "registry/resolve/manifests")} == {"HEAD"}


async def test_absence_is_proven_by_a_get_and_presence_by_a_head_alone(clouds: Clouds) -> None:
    digest, app = clouds.source.push_image("registry/proof", "v1"), Repository("registry/proof")
    async with source_client(source_of(clouds.source)) as (registry, _):
        assert str(await registry.resolve_with_proof(app, V1)) == digest
        assert await registry.resolve_with_proof(app, Tag("v2")) is None
        assert await registry.resolve_with_proof(app, ABSENT) is None
        assert await registry.resolve_with_proof(Repository("registry/nowhere-either"), V1) is None
    asked = [(one["method"], one["path"].rpartition("/")[2]) for one in asked_of(clouds.source, "registry/proof/manifests")]
    assert asked == [("HEAD", "v1"), ("HEAD", "v2"), ("GET", "v2"), ("HEAD", str(ABSENT)), ("GET", str(ABSENT))]


async def test_a_manifest_is_read_with_its_type_and_what_it_lists(clouds: Clouds) -> None:
    children = [clouds.source.push_image("registry/read", layer=layer) for layer in (b"amd64", b"arm64")]
    content = index(image(b"amd64"), image(b"arm64"))
    clouds.source.push_manifest("registry/read", "v1", content, OCI_INDEX)
    app = Repository("registry/read")
    async with source_client(source_of(clouds.source)) as (registry, _):
        read = await registry.manifest(app, Digest.parse(digest_of(content)))
        assert read == Manifest(Digest.parse(digest_of(content)), content, OCI_INDEX, tuple(map(Digest.parse, children)))
        child = await registry.manifest(app, Digest.parse(children[0]))
        assert child == Manifest.parse(image(b"amd64"), OCI_MANIFEST)
        assert await registry.manifest(app, ABSENT) is None


async def test_a_tag_is_moved_by_a_put_of_the_same_bytes(clouds: Clouds) -> None:
    app = Repository("registry/put")
    digest = Digest.parse(clouds.target.push_image("registry/put", "v1", layer=b"one"))
    other = Digest.parse(clouds.target.push_image("registry/put", "v2", layer=b"two"))
    async with target_client(target_of(clouds.target)) as (registry, _):
        manifest = await registry.manifest(app, digest)
        assert manifest is not None
        await registry.put_manifest(app, Tag("v2"), manifest)
        await registry.put_manifest(app, Tag("v2"), manifest)  # twice is as good as once
        assert await registry.resolve(app, Tag("v2")) == digest
        assert await registry.resolve(app, other) == other


async def test_a_put_whose_content_is_not_there_is_refused_for_now(clouds: Clouds) -> None:
    async with target_client(target_of(clouds.target)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.put_manifest(Repository("registry/empty"), V1, Manifest.parse(image(b"nobody has this"), OCI_MANIFEST))
    failure = check_refusal(refused, "transient", "manifest_refused")
    assert failure.said.startswith("400 MANIFEST_BLOB_UNKNOWN: ")
    assert failure.doing.startswith("put registry/empty:v1 into china (")


async def test_a_manifest_is_deleted_with_its_tags_and_once(clouds: Clouds) -> None:
    app = Repository("registry/delete")
    digest = Digest.parse(clouds.target.push_image("registry/delete", "v1"))
    clouds.target.push_image("registry/delete", "v2")
    async with target_client(target_of(clouds.target)) as (registry, _):
        assert await registry.lists.tags_of(app, digest) == {V1, Tag("v2")}
        assert await registry.delete_manifest(app, digest) is True
        assert await registry.resolve_with_proof(app, V1) is None
        assert await registry.lists.tags_of(app, digest) == set()
        assert await registry.delete_manifest(app, digest) is False


async def test_a_tag_is_taken_from_its_manifest_once(clouds: Clouds) -> None:
    app = Repository("registry/untag")
    digest = Digest.parse(clouds.target.push_image("registry/untag", "v1"))
    async with target_client(target_of(clouds.target)) as (registry, _):
        assert await registry.untag(app, V1) is True
        assert await registry.untag(app, V1) is False
        assert await registry.untag(Repository("registry/none"), V1) is False
        assert await registry.lists.manifest(app, digest) == Listed(digest, OCI_MANIFEST)
        assert await registry.find(app, V1, gone=True) is None
        assert await registry.find(app, digest, gone=True) == Found(digest, OCI_MANIFEST)


async def test_what_is_in_a_registry_is_listed_page_by_page(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registries.lists.PAGE", 2)
    app, layers = Repository("registry/listed"), (b"1", b"2", b"3")
    digests = sorted(Digest.parse(clouds.target.push_image("registry/listed", f"v{layer.decode()}", layer=layer)) for layer in layers)
    async with target_client(target_of(clouds.target)) as (registry, _):
        first = await registry.lists.manifests(app, None)
        last = await registry.lists.manifests(app, first.after)
        assert [one.digest for one in (*first.items, *last.items)] == digests
        assert {tag for one in (*first.items, *last.items) for tag in one.tags} == {Tag("v1"), Tag("v2"), Tag("v3")}
        assert (len(first.items), last.after) == (2, None)
        assert await registry.lists.count(app) == 3
        assert await registry.lists.count(Repository("registry/none")) == 0
        assert await registry.lists.manifests(Repository("registry/none"), None) == Page((), None)
        assert await registry.lists.manifest(app, Digest("0" * 64)) is None
        page = await registry.lists.repositories(None)
        found = list(page.items)
        while page.after is not None:
            page = await registry.lists.repositories(page.after)
            found += page.items
        assert app in found
        assert found == sorted(set(found))


async def test_referrers_are_told_of_a_subject_that_is_there_or_not(clouds: Clouds) -> None:
    app, digest = Repository("registry/referred"), Digest.parse(clouds.target.push_image("registry/referred", "v1"))
    signature = json.dumps(
        {**json.loads(image(b"layer")), "subject": {"mediaType": OCI_MANIFEST, "digest": str(digest), "size": 1}}
    ).encode()
    assert clouds.target.push_manifest("registry/referred", "signature", signature).status == 201
    async with target_client(target_of(clouds.target)) as (registry, _):
        (told,) = await registry.lists.referrers(app, digest)
        assert (str(told.digest), told.index) == (digest_of(signature), False)
        assert await registry.lists.referrers(app, Digest("0" * 64)) == ()


async def test_tags_are_listed_to_the_last_page(clouds: Clouds) -> None:
    digest, tags = clouds.target.push_image("registry/paged", "t000"), {Tag(f"t{number:03}") for number in range(205)}
    for tag in sorted(tags):
        assert clouds.target.push_manifest("registry/paged", str(tag), image(b"layer")).status == 201
    other = clouds.target.push_image("registry/paged", "unlike", layer=b"other")
    async with target_client(target_of(clouds.target)) as (registry, _):
        assert await registry.lists.tags_of(Repository("registry/paged"), Digest.parse(digest)) == tags
        assert await registry.lists.tags_of(Repository("registry/paged"), Digest.parse(other)) == {Tag("unlike")}
        assert await registry.lists.tags_of(Repository("registry/none"), Digest.parse(digest)) == set()
    assert len(asked_of(clouds.target, "registry/paged/_tags")) == 3 + 1


async def test_a_token_that_may_only_pull_is_told_so_at_the_first_thing_more(clouds: Clouds) -> None:
    digest = Digest.parse(clouds.source.push_image("registry/pull-only", "v1"))
    async with source_client(source_of(clouds.source)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.delete_manifest(Repository("registry/pull-only"), digest)
    failure = check_refusal(refused, "conflict", "source_right_missing")
    assert failure.said == "401 UNAUTHORIZED: authentication required"
    assert "The scope map of the token pull lacks content/delete on registry/pull-only" in failure.hint


async def test_a_principal_without_the_role_is_told_which_one_it_needs(clouds: Clouds) -> None:
    digest = Digest.parse(clouds.target.push_image("registry/role", "v1"))
    target = target_of(clouds.target, principal=1)
    async with target_client(target) as (registry, _):
        assert await registry.resolve(Repository("registry/role"), V1) == digest
        with pytest.raises(Refused) as refused:
            await registry.delete_manifest(Repository("registry/role"), digest)
    failure = check_refusal(refused, "conflict", "target_right_missing", secret_of(target))
    assert f"The role of the application {target.client_id} on contosotarget lacks" in failure.hint
    assert "Microsoft.ContainerRegistry/registries/artifacts/delete" in failure.hint


@pytest.mark.parametrize("media_type", INDEX_MEDIA_TYPES)
def test_children_are_listed_once_in_order_and_indexes_among_them_are_told(media_type: str) -> None:
    digests = [Digest(number * 64) for number in "123"]
    listed = [{"digest": str(digest), "mediaType": kind} for digest, kind in zip(digests, [OCI_MANIFEST, OCI_INDEX, None], strict=True)]
    manifest = Manifest.parse(json.dumps({"manifests": [*listed, listed[0]]}).encode(), media_type)
    assert manifest.children == tuple(digests)
    assert manifest.indexes == tuple(digests[1:])  # or may be one: what does not tell is looked at


@pytest.mark.parametrize("content", [b"{}", b'{"manifests": []}', b'{"manifests": null}'])
def test_an_index_may_be_empty(content: bytes) -> None:
    assert Manifest.parse(content, OCI_INDEX).children == ()

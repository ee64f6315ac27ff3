"""Codes of what an artifact, a lock or a policy keeps from being copied."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from devkit.local import faults
from registries.manifests import Manifest
from replication.failures import Failure
from replication.references import Digest, Repository, Tag
from tests.devkit.cloud.faulty import behaving
from tests.devkit.cloud.running import OCI_MANIFEST, Cloud, Clouds, digest_of, image
from tests.devkit.cloud.test_cloud_import_unknowns import answering, push_too_many
from tests.devkit.cloud.test_cloud_locks import lock
from tests.unit.registries.live import ABSENT, source_client, source_of, target_client, target_of
from tests.unit.registries.provoking import failed_import, provokes, refusal_of

V1 = Tag("v1")
OFF = {"export": True, "quarantine": False, "softDeleteDays": None}


@contextmanager
def policies(cloud: Cloud, **on: object) -> Iterator[None]:
    cloud.controls.set_registry(policies=on)
    try:
        yield
    finally:
        cloud.controls.set_registry(policies={name: OFF[name] for name in on})


async def imported(clouds: Clouds, repository: str, digest: str) -> Failure:
    return await failed_import(target_of(clouds.target), source_of(clouds.source), Repository(repository), digest)


async def put(clouds: Clouds, repository: str, content: bytes) -> Failure:
    async with target_client(target_of(clouds.target)) as (registry, _):
        return await refusal_of(registry.put_manifest(Repository(repository), V1, Manifest.parse(content, OCI_MANIFEST)))


@provokes("import_denied", "denied", "az acr update --name contososource --allow-exports true")
async def import_denied(clouds: Clouds) -> Failure:
    digest = clouds.source.push_image("provoked/export", "v1")
    with policies(clouds.source, export=False):
        return await imported(clouds, "provoked/export", digest)


@provokes("import_failed", "transient", "unless the source has lost it meanwhile")
async def import_failed(clouds: Clouds) -> Failure:
    """The words say that the manifest is unknown, which is not believed: the next look at the source tells."""
    failure = await imported(clouds, "provoked/lost", str(ABSENT))
    assert "manifest unknown" in failure.said
    return failure


@provokes("blobs_not_copied", "transient", "az acr show-endpoints --name contososource")
async def blobs_not_copied(clouds: Clouds) -> Failure:
    digest = clouds.source.push_image("provoked/blobs", "v1")
    with behaving(clouds.target) as control:
        control.impose(faults.fails("blobs"), on=faults.imports())
        return await imported(clouds, "provoked/blobs", digest)


@provokes("too_many_manifests", "conflict", "split the index")
async def too_many_manifests(clouds: Clouds) -> Failure:
    return await imported(clouds, "provoked/many", push_too_many(clouds.source, "provoked/many"))


@provokes("artifact_unsupported", "conflict", "leave it out by the target's filters")
async def artifact_unsupported(clouds: Clouds) -> Failure:
    digest = push_foreign(clouds.source, "provoked/foreign")
    with answering(clouds.target, foreignLayers="refused"):
        failure = await imported(clouds, "provoked/foreign", digest)
    assert "layers that are not to be distributed" in failure.hint
    return failure


def push_foreign(cloud: Cloud, repository: str) -> str:
    cloud.push_image(repository)
    manifest = json.loads(image(b"layer"))
    vendor = {"mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar", "digest": digest_of(b"theirs"), "size": 6}
    manifest["layers"].append({**vendor, "urls": ["https://vendor.example/layer"]})
    content = json.dumps(manifest).encode()
    assert cloud.push_manifest(repository, "v1", content).status == 201
    return digest_of(content)


@provokes("manifest_refused", "transient", "does a purge or retention policy run there?")
async def manifest_refused(clouds: Clouds) -> Failure:
    return await put(clouds, "provoked/partless", image(b"nobody has this"))


@provokes("locked", "conflict", "az acr repository update --name contosotarget --image provoked/locked:v1 --write-enabled true")
async def locked(clouds: Clouds) -> Failure:
    clouds.target.push_image("provoked/locked", "v1")
    clouds.target.push_image("provoked/locked", "v2", layer=b"other")
    lock(clouds.target, "provoked/locked/_tags/v1", writeEnabled=False)
    return await put(clouds, "provoked/locked", image(b"other"))


@provokes("read_locked", "conflict", "az acr repository update --name contosotarget --image provoked/unread:v1 --read-enabled true")
async def read_locked(clouds: Clouds) -> Failure:
    """A HEAD tells nothing but 405."""
    clouds.target.push_image("provoked/unread", "v1")
    lock(clouds.target, "provoked/unread/_tags/v1", readEnabled=False)
    async with target_client(target_of(clouds.target)) as (registry, _):
        return await refusal_of(registry.resolve(Repository("provoked/unread"), V1))


@provokes("quarantined", "conflict", "let the scanner pass it")
async def quarantined(clouds: Clouds) -> Failure:
    with policies(clouds.target, quarantine=True):
        digest = Digest.parse(clouds.target.push_image("provoked/quarantined", "v1"))
    async with target_client(target_of(clouds.target)) as (registry, _):
        return await refusal_of(registry.resolve(Repository("provoked/quarantined"), digest))


@provokes("soft_deleted", "conflict", "az acr manifest restore --registry contosotarget --name provoked/soft --digest sha256:")
async def soft_deleted(clouds: Clouds) -> Failure:
    digest = clouds.source.push_image("provoked/soft", "v1")
    clouds.target.push_image("provoked/soft", "v1")
    clouds.target.push_image("provoked/soft", "other", layer=b"so that the repository stays")
    with policies(clouds.target, softDeleteDays=7):
        assert clouds.target.registry("DELETE", f"/v2/provoked/soft/manifests/{digest}").status == 202
        by_import = await imported(clouds, "provoked/soft", digest)
        by_put = await put(clouds, "provoked/soft", image(b"layer"))
    assert by_put.code == by_import.code
    return by_import


@provokes("quota_reached", "denied", "az acr show-usage --name contosotarget")
async def quota_reached(clouds: Clouds) -> Failure:
    digest = clouds.source.push_image("provoked/full", "v1")
    with behaving(clouds.target) as control:
        control.impose(faults.fails("quota"), on=faults.imports())
        return await imported(clouds, "provoked/full", digest)


@provokes("disallowed", "conflict", "az acr repository show --name contososource")
async def disallowed(clouds: Clouds) -> Failure:
    """The pull token may not read the attributes that would tell why."""
    clouds.source.push_image("provoked/secretive", "v1")
    lock(clouds.source, "provoked/secretive/_tags/v1", readEnabled=False)
    async with source_client(source_of(clouds.source)) as (registry, _):
        return await refusal_of(registry.resolve(Repository("provoked/secretive"), V1))

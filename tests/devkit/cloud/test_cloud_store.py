"""What the registry's store does with more than a test pushes by HTTP: long chains, and contents that nobody asks for."""

from pathlib import Path

import pytest

from devkit.cloud.clock import Clock
from devkit.cloud.config.registry import RegistryConfig
from devkit.cloud.content.manifest import OCI_MANIFEST, Manifest
from devkit.cloud.content.store import Store
from devkit.cloud.content.view import StoredManifest
from devkit.cloud.database import Database
from devkit.cloud.registrysettings import RegistrySettings
from tests.devkit.cloud.running import image


@pytest.fixture
def store(tmp_path: Path) -> Store:
    database = Database(tmp_path / "cloud.db")
    config = RegistryConfig.from_json({"id": "/registries/contoso", "loginServer": "localhost", "tokens": []})
    return Store(database, Clock(database, 1), RegistrySettings(database, config))


def put(store: Store, subject: Manifest | None = None) -> Manifest:
    refers = {} if subject is None else {"subject": {"mediaType": OCI_MANIFEST, "digest": subject.digest, "size": 1}}
    manifest = Manifest.parse(image(b"layer", **refers), OCI_MANIFEST)
    store.put_manifest("team/app", manifest)
    return manifest


def test_a_chain_of_referrers_may_be_longer_than_the_stack(store: Store) -> None:
    chain = [put(store)]
    for _ in range(1100):
        chain.append(put(store, chain[-1]))
    assert store.delete_manifest("team/app", chain[0].digest) == [one.digest for one in chain]
    assert not store.has_repository("team/app")


def test_contents_are_not_read_to_be_counted_or_deleted(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = put(store)
    digests = {first.digest, put(store, first).digest}
    monkeypatch.setattr(StoredManifest, "of", None)
    created, updated = store.span("team/app")
    assert created <= updated
    assert store.counts("team/app")[:2] == (2, 0)
    deleted, tags = store.delete_repository("team/app")
    assert (set(deleted), tags) == (digests, [])

"""A local cloud with a key vault, and the app's managed identities beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from devkit.local.ports import free_ports
from replication.vaultsecret import VaultSecret
from tests.devkit.cloud.running import Cloud, MakeClouds

VAULT_AUDIENCE = "https://vault.azure.net"
READS = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
SYSTEM, POWERLESS = (f"6f1e2d3c-0000-4000-8000-00000000003{place}" for place in (1, 2))
HEADER = "canary-identity-header"


@contextmanager
def vaulted(make: MakeClouds, **secrets: str) -> Iterator[Cloud]:
    """Its log tells none of `secrets`, which are by their names with `_` for `-`."""
    cloud = make("vaulted", vault={"name": "contoso-kv", "secrets": {name.replace("_", "-"): one for name, one in secrets.items()}})
    cloud.config["ports"] |= dict(zip(("vault", "identity"), free_ports(2), strict=True))
    identities = [
        {"clientId": SYSTEM, "assigned": "system", "actions": [READS]},
        {"clientId": POWERLESS, "actions": []},
    ]
    cloud.config["managedIdentity"] = {"header": HEADER, "identities": identities}
    with cloud.serving(HEADER, *secrets.values()) as made:
        yield made


def app_service(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the platform tells the app of its identities."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{cloud.config['ports']['identity']}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", HEADER)


def kept_in(cloud: Cloud, name: str, version: str | None = None) -> VaultSecret:
    return VaultSecret(vault=f"localhost:{cloud.config['ports']['vault']}", name=name, version=version, audience=VAULT_AUDIENCE)

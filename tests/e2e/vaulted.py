"""A stack whose credentials lie in a key vault of the source's cloud, where they are rotated while the app runs."""

import json
import secrets
from pathlib import Path

from devkit.local.ports import free_ports
from tests.devkit.cloud.proving import Certificate
from tests.e2e.running import CLIENTS, Site

PULL, CHINA, USGOV = "replication-pull", "ChinaClientSecret", "UsgovCertificate"
PASSWORDS = ("SourceACRPullTokenPassword", "SourceACRPullTokenPassword2")
NAMES = {PASSWORDS[0]: "pull-1", PASSWORDS[1]: "pull-2", CHINA: "china-client-secret", USGOV: "usgov-certificate"}
RIGHT = "Microsoft.KeyVault/vaults/secrets/getSecret/action"
IDENTITY = "6f1e2d3c-0000-4000-8000-000000000041"


class Vaulted(Site):
    """China takes a client secret, US Government a certificate, the source either of two passwords. What is rotated leaves nothing of
    the old."""

    def __init__(self, folder: Path, **pauses: str) -> None:
        super().__init__(folder, **pauses)
        source, settings = self.stack.clouds["source"].settings, self.stack.app_settings
        vault, identity = free_ports(2)
        header, self._certificate = secrets.token_urlsafe(24), Certificate.make()
        china, usgov = json.loads(settings["ReplicationTargets"])
        del usgov["clientSecretSetting"]
        usgov["clientCertificateSetting"] = USGOV
        settings |= {name: f"https://localhost:{vault}/secrets/{secret}" for name, secret in NAMES.items()}
        settings |= {
            "ReplicationTargets": json.dumps([china, usgov]),
            "SourceCAFile": str(self.ends.ca),
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity}/msi/token",
            "IDENTITY_HEADER": header,
        }
        self.secrets["the identity's header"] = header
        first = self.secrets[f"source/{PULL}"], secrets.token_urlsafe(24), self.secrets["china/client-secret"], self._pem(self._certificate)
        for setting, value in zip(NAMES, first, strict=True):
            self._held(setting, value)
        source["vault"] = {"name": "contoso-kv", "secrets": {NAMES[setting]: value for setting, (value,) in self.kept.items()}}
        identities = [{"clientId": IDENTITY, "assigned": "system", "actions": [RIGHT]}]
        source["managedIdentity"] = {"header": header, "identities": identities}
        source["ports"] |= {"vault": vault, "identity": identity}
        (pull,) = [token for token in source["registry"]["tokens"] if token["name"] == PULL]
        pull["passwords"] = {"password2": {"value": first[1]}}
        self.stack.clouds["usgov"].settings["principals"][0]["certificates"] = [self._certificate.pem]

    def rotate_secret(self) -> None:
        """The old one opens nothing from then on, nor does any token that it has opened."""
        cloud, client = self.clouds["china"], CLIENTS["china"]
        (known,) = next(app["secrets"] for app in cloud.apps() if app["clientId"] == client)
        value = secrets.token_urlsafe(24)
        cloud.set_secret(client, known["id"], value)
        self._put(CHINA, value)
        cloud.revoke(client)

    def rotate_certificate(self) -> None:
        """Its cloud is started again for that, which knows the new one alone."""
        child, self._certificate = self.stack.clouds["usgov"], Certificate.make()
        child.settings["principals"][0]["certificates"] = [self._certificate.pem]
        self._put(USGOV, self._pem(self._certificate))
        child.restart()
        self.clouds["usgov"].revoke(CLIENTS["usgov"])

    def rotate_password(self, slot: int) -> None:
        """1 or 2."""
        value = secrets.token_urlsafe(24)
        self.clouds["source"].set_password(PULL, f"password{slot}", value)
        self._put(PASSWORDS[slot - 1], value)

    def _put(self, setting: str, value: str) -> None:
        self._held(setting, value)
        self.clouds["source"].set_vault_secret(NAMES[setting], value)

    def _held(self, setting: str, value: str) -> None:
        """For the search and for the judge."""
        self.kept.setdefault(setting, []).append(value)
        self.secrets[f"{setting}, number {len(self.kept[setting])}"] = value.splitlines()[5] if "-----BEGIN" in value else value

    @staticmethod
    def _pem(certificate: Certificate) -> str:
        return certificate.both.decode()

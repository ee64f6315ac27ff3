"""Who the three clouds are: what is the same on every machine and needs no secret."""

import uuid
from dataclasses import dataclass

ACR_AUDIENCE = "https://containerregistry.azure.net"
RIGHTS = "Microsoft.ContainerRegistry/registries"
PERSON = "developer"  # the token of people and judges: every right
PULL_TOKEN = "replication-pull"  # noqa: S105 - a name; the app's own, narrower one (docs/decisions.md, 1.4)


@dataclass(frozen=True, slots=True)
class CloudFacts:
    """What never changes about a cloud. Ids are made from names: the same on every machine."""

    name: str
    registry: str
    arm_audience: str
    login_suffix: str

    @property
    def tenant_id(self) -> str:
        return self._id("tenant")

    @property
    def client_id(self) -> str:
        """Of the service principal that the app is, in a target cloud."""
        return self._id("replication")

    @property
    def registry_id(self) -> str:
        return f"/subscriptions/{self._id('subscription')}/resourceGroups/images/providers/{RIGHTS}/{self.registry}"

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{what}.{self.name}.cloud.localhost"))


SOURCE = CloudFacts("source", "contoso", "https://management.azure.com", "azurecr.io")
TARGETS = (
    CloudFacts("china", "contosocn", "https://management.chinacloudapi.cn", "azurecr.cn"),
    CloudFacts("usgov", "contosousgov", "https://management.core.usgovcloudapi.net", "azurecr.us"),
)
CLOUDS = (SOURCE, *TARGETS)

"""Who the clouds are, the source and up to eight targets: what is the same on every machine and needs no secret."""

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
    azure: str = "public"  # whose names its tokens carry: devkit/cloud/config/azureclouds.py

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
# In the order in which they are taken. acr.md 4.1: audiences and suffixes of the first two are public; those of the others are told by
# their own metadata endpoints, so the names here are made up.
TARGETS = (
    CloudFacts("china", "contosocn", "https://management.chinacloudapi.cn", "azurecr.cn", "china"),
    CloudFacts("usgov", "contosousgov", "https://management.core.usgovcloudapi.net", "azurecr.us", "usGovernment"),
    CloudFacts("bleu", "contosofr", "https://management.bleu.example", "azurecr.bleu.example"),
    CloudFacts("delos", "contosode", "https://management.delos.example", "azurecr.delos.example"),
    CloudFacts("govsg", "contososg", "https://management.govsg.example", "azurecr.govsg.example"),
    CloudFacts("usnat", "contosonat", "https://management.usnat.example", "azurecr.usnat.example"),
    CloudFacts("ussec", "contososec", "https://management.ussec.example", "azurecr.ussec.example"),
    CloudFacts("hub", "contosohub", "https://management.hub.example/5f6b1b2c-0000-4000-8000-000000000000", "azurecr.hub.example"),
)
TARGETS_AT_FIRST, MOST_TARGETS = 2, len(TARGETS)


def clouds_of(targets: int) -> tuple[CloudFacts, ...]:
    """The source, then the first so many targets: 1 to 8."""
    assert 1 <= targets <= MOST_TARGETS, targets
    return (SOURCE, *TARGETS[:targets])

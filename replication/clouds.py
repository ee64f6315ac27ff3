"""Azure's clouds: where each authenticates, manages resources, and names its registries.

Sources: azure-identity's AzureAuthorityHosts; azure-core's get_arm_endpoints; `audience` of azure-containerregistry's client. An authority
that azure-identity does not know must not be discovered at run time: a spoofed answer would say where the secret goes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    authority: str  # https URL
    resource_manager: str  # https URL
    arm_audience: str
    acr_audience: str
    login_server_suffix: str


CLOUDS: Mapping[str, Cloud] = {
    "public": Cloud(
        authority="https://login.microsoftonline.com",
        resource_manager="https://management.azure.com",
        arm_audience="https://management.azure.com",
        acr_audience="https://containerregistry.azure.net",
        login_server_suffix="azurecr.io",
    ),
    "china": Cloud(
        authority="https://login.chinacloudapi.cn",
        resource_manager="https://management.chinacloudapi.cn",
        arm_audience="https://management.chinacloudapi.cn",
        acr_audience="https://management.chinacloudapi.cn",
        login_server_suffix="azurecr.cn",
    ),
    "usgov": Cloud(
        authority="https://login.microsoftonline.us",
        resource_manager="https://management.usgovcloudapi.net",
        arm_audience="https://management.core.usgovcloudapi.net",  # not the host that it is used at
        acr_audience="https://management.usgovcloudapi.net",
        login_server_suffix="azurecr.us",
    ),
}

# What the C# sample calls them (AzureEnvironment.FromName), and the Azure CLI.
ENVIRONMENT_NAMES: Mapping[str, str] = {
    "azureglobalcloud": "public",
    "azurecloud": "public",
    "azurechinacloud": "china",
    "azureusgovernment": "usgov",
}


def name_of(cloud: Cloud) -> str:
    """A known one's, whatever audience the target has; of another, the host that it signs in at."""
    known = (name for name, one in CLOUDS.items() if replace(cloud, acr_audience=one.acr_audience) == one)
    return next(known, cloud.authority.removeprefix("https://"))

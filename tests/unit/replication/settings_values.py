"""Settings that are right, to be spoilt by tests."""

import json
from typing import Any

GROUP = "/subscriptions/6f1e2d3c-0000-4000-8000-000000000001/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries"
GUID = "6f1e2d3c-0000-4000-8000-000000000002"
PULL_PASSWORD = "Pull8Q~aB3.dE5_fG7hJ9kL1mN2pQ4rS6tU8vW0xYz"
CLIENT_SECRET = "Clnt8Q~bC4.eF6_gH8jK0lM2nP3qR5sT7uV9wX1yZa"
CLOUD = {
    "authority": "https://login.sovereign.example",
    "resourceManager": "https://management.sovereign.example/",
    "armAudience": "https://arm.sovereign.example",
    "acrAudience": "https://acr.sovereign.example",
    "loginServerSuffix": "azurecr.sovereign.example",
}
SOURCE = {
    "SourceACRResourceId": f"{GROUP}/contoso",
    "SourceACRPullTokenName": "replication-pull",
    "SourceACRPullTokenPassword": PULL_PASSWORD,
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
}
SAMPLE = {  # what the C# sample is configured with, and the one setting that it lacked
    "TargetAzureEnvironmentName": "AzureChinaCloud",
    "TargetAzureServicePrincipalClientId": GUID,
    "TargetAzureServicePrincipalClientKey": CLIENT_SECRET,
    "TargetAzureServicePrincipalTenantId": GUID,
    "TargetACRResourceId": f"{GROUP}/contosocn",
    **SOURCE,
}


def target(**changed: Any) -> dict[str, Any]:
    right = {
        "name": "china",
        "cloud": "china",
        "registry": f"{GROUP}/contosocn",
        "tenantId": GUID,
        "clientId": GUID,
        "clientSecretSetting": "ChinaSecret",
    }
    return {**right, **changed}


def listed(*targets: object, **changed: str) -> dict[str, str]:
    """`ReplicationTargets` with these."""
    return {**SOURCE, "ReplicationTargets": json.dumps(targets), "ChinaSecret": CLIENT_SECRET, **changed}

"""What the app is told: its settings, as local.settings.json and in Azure as application settings."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from devkit.local.clouds import ACR_AUDIENCE, PULL_TOKEN, SOURCE, CloudFacts
from devkit.local.layout import Layout

# Seconds. Azure's own would make a person wait for minutes; these are long enough to be seen, or as short as they can be.
PAUSES_FOR_A_PERSON = MappingProxyType(
    {
        "ReplicationSettle": "5",
        "ReplicationDeleteDelay": "5",
        "ReplicationRecheck": "15",
        "ReplicationPatience": "300",
        "ReplicationProbe": "5",
        "ReplicationUntaggedWait": "20",
        "ReplicationUnknownImport": "20",
    }
)
SHORT_PAUSES = MappingProxyType(
    {
        "ReplicationSettle": "2",
        "ReplicationDeleteDelay": "2",
        "ReplicationRecheck": "3",
        "ReplicationPatience": "20",
        "ReplicationProbe": "1",
        "ReplicationUntaggedWait": "5",
        "ReplicationUnknownImport": "5",
    }
)


def app_settings(layout: Layout, pauses: Mapping[str, str]) -> dict[str, str]:
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "TASK_HUB_NAME": "MultiCloudPublishLocal",
        "SSL_CERT_FILE": str(layout.tls.ca),
        "ReplicationStore": f"sqlite://{layout.ledger}",
        "SourceACRResourceId": SOURCE.registry_id,
        "SourceACRLoginServer": f"localhost:{layout.ports.clouds[SOURCE.name]['registry']}",
        "SourceACRPullTokenName": PULL_TOKEN,
        "SourceACRPullTokenPassword": layout.secrets[f"source/{PULL_TOKEN}"],
        "ReplicationTargets": json.dumps([_target(facts, layout) for facts in layout.targets]),
        **{secret_setting(facts): layout.secrets[f"{facts.name}/client-secret"] for facts in layout.targets},
        **pauses,
    }


def secret_setting(facts: CloudFacts) -> str:
    return f"{facts.name.capitalize()}ClientSecret"


def _target(facts: CloudFacts, layout: Layout) -> dict[str, Any]:
    ports = layout.ports.clouds[facts.name]
    return {
        "name": facts.name,
        "cloud": {
            "authority": f"https://localhost:{ports['entra']}",
            "resourceManager": f"https://localhost:{ports['arm']}",
            "armAudience": facts.arm_audience,
            "acrAudience": ACR_AUDIENCE,
            "loginServerSuffix": facts.login_suffix,
        },
        "registry": facts.registry_id,
        "loginServer": f"localhost:{ports['registry']}",
        "tenantId": facts.tenant_id,
        "clientId": facts.client_id,
        "clientSecretSetting": secret_setting(facts),
    }

"""The registry as ARM shows it: Registries - Get, api-version 2025-11-01 (acr.md 5)."""

from typing import Any

from devkit.cloud.config import CloudConfig
from devkit.cloud.config.registry import RegistryConfig

DAYS = 7  # Azure's default, shown while a policy is off


def registry_resource(config: CloudConfig, now: RegistryConfig) -> dict[str, Any]:
    """How it is set up now; what this cloud does not imitate is shown as off."""
    policies, data = now.policies, config.ports.data
    days = policies.soft_delete_days
    return {
        "id": config.registry_id,
        "name": config.registry_id.rpartition("/")[2],
        "type": "Microsoft.ContainerRegistry/registries",
        "location": "local",
        "sku": {"name": now.sku, "tier": now.sku},
        "properties": {
            "loginServer": config.login_server,
            "provisioningState": "Succeeded",
            "adminUserEnabled": False,
            "anonymousPullEnabled": now.anonymous_pull,
            "roleAssignmentMode": now.role_mode,
            "publicNetworkAccess": "Enabled",
            "networkRuleBypassOptions": "AzureServices",
            "dataEndpointEnabled": data is not None,
            "dataEndpointHostNames": [] if data is None else [f"127.0.0.1:{data}"],
            "encryption": {"status": _status(not now.referrers_api)},
            "policies": {
                "quarantinePolicy": {"status": _status(policies.quarantine)},
                "trustPolicy": {"type": "Notary", "status": "disabled"},
                "retentionPolicy": {"days": DAYS, "status": "disabled"},
                "exportPolicy": {"status": _status(policies.export)},
                "azureADAuthenticationAsArmPolicy": {"status": _status(policies.arm_tokens)},
                "softDeletePolicy": {"retentionDays": days or DAYS, "status": _status(days is not None)},
            },
        },
    }


def _status(on: bool) -> str:
    return "enabled" if on else "disabled"

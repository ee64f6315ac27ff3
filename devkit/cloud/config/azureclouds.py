"""What differs from one of Azure's clouds to another in the names that tokens carry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AzureCloud:
    name: str  # in ARM's metadata
    authorities: tuple[str, ...]  # hosts, the current name first; a local cloud stands in for them at its own address
    exchange_audience: str  # of federated assertions, unless the application says another (acr.md 4.1)
    vault_audience: str  # functions-platform.md 3.4


AZURE_CLOUDS = {
    "public": AzureCloud(
        "AzureCloud",
        ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
        "api://AzureADTokenExchange",
        "https://vault.azure.net",
    ),
    "china": AzureCloud(
        "AzureChinaCloud",
        ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
        "api://AzureADTokenExchangeChina",
        "https://vault.azure.cn",
    ),
    "usGovernment": AzureCloud(
        "AzureUSGovernment",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
        "api://AzureADTokenExchangeUSGov",
        "https://vault.usgovcloudapi.net",
    ),
}


def azure_cloud(name: str) -> AzureCloud:
    """Raises `ValueError`."""
    if name not in AZURE_CLOUDS:
        raise ValueError(f"azureCloud is one of {', '.join(AZURE_CLOUDS)}")
    return AZURE_CLOUDS[name]

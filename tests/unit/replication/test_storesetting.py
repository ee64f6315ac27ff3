"""The setting ReplicationStore, and the account of AzureWebJobsStorage where it is not set."""

from pathlib import Path

import pytest

from replication.mistakes import InvalidSettings, Mistakes
from replication.secret import Secret
from replication.storesetting import SqliteFile, Store, TableAccount, TableConnection, parse_store

KEYED = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=a2V5==;EndpointSuffix=core.windows.net"
SIGNED = "TableEndpoint=https://contoso.table.core.windows.net/;SharedAccessSignature=sv=2026&sig=a%2B;"
ENDPOINT = "https://contoso.table.core.chinacloudapi.cn"
CLIENT = "6f1e2d3c-0000-4000-8000-000000000002"


def parsed(values: dict[str, str]) -> Store | None:
    mistakes = Mistakes()
    place = parse_store(values, mistakes)
    mistakes.raise_if_any()
    return place


@pytest.mark.parametrize(
    "values, place",
    [
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}, TableConnection(Secret("UseDevelopmentStorage=true"))),
        ({"AzureWebJobsStorage": KEYED}, TableConnection(Secret(KEYED))),
        ({"AzureWebJobsStorage": SIGNED, "ReplicationStore": ""}, TableConnection(Secret(SIGNED))),
        ({"AzureWebJobsStorage": KEYED, "AzureWebJobsStorage__accountName": "other"}, TableConnection(Secret(KEYED))),
        ({"AzureWebJobsStorage__tableServiceUri": f"{ENDPOINT}/"}, TableAccount(ENDPOINT, None)),
        ({"AzureWebJobsStorage__tableServiceUri": ENDPOINT, "AzureWebJobsStorage__clientId": CLIENT}, TableAccount(ENDPOINT, CLIENT)),
        ({"AzureWebJobsStorage__accountName": "contoso"}, TableAccount("https://contoso.table.core.windows.net", None)),
        ({"AzureWebJobsStorage": KEYED, "ReplicationStore": "Ledger", "Ledger": SIGNED}, TableConnection(Secret(SIGNED))),
        ({"ReplicationStore": "Ledger", "Ledger__tableServiceUri": ENDPOINT, "Ledger__clientId": CLIENT}, TableAccount(ENDPOINT, CLIENT)),
        ({"AzureWebJobsStorage": KEYED, "ReplicationStore": ENDPOINT}, TableAccount(ENDPOINT, None)),
        ({"ReplicationStore": "sqlite:///home/me/a b#c.db"}, SqliteFile(Path("/home/me/a b#c.db"))),
    ],
)
def test_what_it_may_be(values: dict[str, str], place: Store) -> None:
    assert parsed(values) == place


@pytest.mark.parametrize(
    "values, setting, wrong",
    [
        ({}, "AzureWebJobsStorage", "is missing"),
        ({"AzureWebJobsStorage": "contoso"}, "AzureWebJobsStorage", "is not a storage account's connection string"),
        ({"AzureWebJobsStorage": "AccountName=contoso;AccountKey="}, "AzureWebJobsStorage", "is not a storage account's connection string"),
        ({"AzureWebJobsStorage": "@Microsoft.KeyVault(SecretUri=https://v)"}, "AzureWebJobsStorage", "is not a storage account's"),
        ({"AzureWebJobsStorage__tableServiceUri": "http://contoso"}, "AzureWebJobsStorage__tableServiceUri", "is not an https URL"),
        ({"AzureWebJobsStorage__accountName": "evil.example/"}, "AzureWebJobsStorage__accountName", "is not the name of"),
        ({"ReplicationStore": KEYED}, "ReplicationStore", "is neither a URL nor the name of a setting"),
        ({"ReplicationStore": "S3cretKey"}, "ReplicationStore", "names a setting that is missing"),
        ({"ReplicationStore": "https://user:S3cretKey@contoso"}, "ReplicationStore", "is not the https URL of a table service"),
        ({"ReplicationStore": f"{ENDPOINT}?sig=S3cretKey"}, "ReplicationStore", "is not the https URL of a table service"),
        ({"ReplicationStore": "http://127.0.0.1:10002/devstoreaccount1"}, "ReplicationStore", "is not the https URL of a table service"),
        ({"ReplicationStore": "sqlite://ledger.db"}, "ReplicationStore", "names no file by its whole path"),
        ({"ReplicationStore": "sqlite:///"}, "ReplicationStore", "names no file by its whole path"),
    ],
)
def test_what_it_may_not_be(values: dict[str, str], setting: str, wrong: str) -> None:
    with pytest.raises(InvalidSettings) as invalid:
        parsed(values)
    (mistake,) = invalid.value.mistakes
    assert (mistake.setting, mistake.wrong[: len(wrong)]) == (setting, wrong)
    assert "S3cretKey" not in str(invalid.value)

"""Where the app keeps what it has to remember: the setting `ReplicationStore`.

Empty, it is the storage account of `AzureWebJobsStorage`, in whichever of the two forms the host takes that (Functions, "Connections"): a
connection string, or an identity and the account's endpoints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from replication.mistakes import Mistakes
from replication.secret import Secret
from replication.texts import SETTING_NAME, is_https_url

SETTING = "ReplicationStore"
HOSTS_OWN = "AzureWebJobsStorage"
ENDPOINT_EXAMPLE = "https://contoso.table.core.windows.net"
CONNECTION_EXAMPLE = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=…;EndpointSuffix=core.windows.net"
SQLITE = "sqlite://"

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_PARTS = re.compile(r"([A-Za-z]+=[^;]*)(;[A-Za-z]+=[^;]*)*;?")


@dataclass(frozen=True, slots=True)
class SqliteFile:
    path: Path


@dataclass(frozen=True, slots=True)
class TableAccount:
    """Reached by the app's managed identity: the system-assigned one, or the user-assigned one of `client_id`."""

    endpoint: str
    client_id: str | None


@dataclass(frozen=True, slots=True)
class TableConnection:
    """A connection string, with the account's key or a shared access signature in it."""

    connection: Secret


Store = SqliteFile | TableAccount | TableConnection


def parse_store(values: Mapping[str, str], mistakes: Mistakes) -> Store | None:
    """`sqlite:///a/path`, the https URL of an account's table service, or the name of a setting like `AzureWebJobsStorage`, which is also
    what counts where nothing is set. None after a mistake."""
    text = values.get(SETTING) or HOSTS_OWN
    if text.startswith(SQLITE):
        path = text.removeprefix(SQLITE)
        if path.startswith("/") and not path.endswith("/") and "\x00" not in path:
            return SqliteFile(Path(path))
        mistakes.add(SETTING, "names no file by its whole path", "sqlite:///home/me/replication.db")
        return None
    if "://" in text:
        if is_https_url(text):
            return TableAccount(text.rstrip("/"), _client_id(values, HOSTS_OWN))
        mistakes.add(SETTING, "is not the https URL of a table service, without a query", ENDPOINT_EXAMPLE)
        return None
    if not SETTING_NAME.fullmatch(text):
        mistakes.add(SETTING, "is neither a URL nor the name of a setting; a connection string goes into a setting of its own", HOSTS_OWN)
        return None
    return _connection(text, values, mistakes)


def _connection(name: str, values: Mapping[str, str], mistakes: Mistakes) -> Store | None:
    """The setting of that name counts before those that begin with it, as at the host."""
    if connection := values.get(name):
        if _is_connection_string(connection):
            return TableConnection(Secret(connection))
        mistakes.add(name, "is not a storage account's connection string", CONNECTION_EXAMPLE)
    elif endpoint := values.get(f"{name}__tableServiceUri"):
        if is_https_url(endpoint):
            return TableAccount(endpoint.rstrip("/"), _client_id(values, name))
        mistakes.add(f"{name}__tableServiceUri", "is not an https URL", ENDPOINT_EXAMPLE)
    elif account := values.get(f"{name}__accountName"):  # of the public cloud: elsewhere the host wants the endpoints as well
        if _ACCOUNT.fullmatch(account):
            return TableAccount(f"https://{account}.table.core.windows.net", _client_id(values, name))
        mistakes.add(f"{name}__accountName", "is not the name of a storage account", "contoso")
    elif name == HOSTS_OWN:
        mistakes.add(HOSTS_OWN, "is missing", CONNECTION_EXAMPLE)
    else:  # it may be no name but a key
        mistakes.add(SETTING, "names a setting that is missing", HOSTS_OWN)
    return None


def _is_connection_string(text: str) -> bool:
    if text.lower() == "usedevelopmentstorage=true":
        return True
    if not _PARTS.fullmatch(text):
        return False
    parts = [part.partition("=") for part in text.split(";")]
    names = {name.lower() for name, _, value in parts if value}
    return {"accountname", "accountkey"} <= names or {"tableendpoint", "sharedaccesssignature"} <= names


def _client_id(values: Mapping[str, str], name: str) -> str | None:
    return values.get(f"{name}__clientId") or None

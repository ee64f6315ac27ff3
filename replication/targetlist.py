"""`ReplicationTargets`: a JSON list of targets. No secret is in it: `clientSecretSetting` is the name of the setting that holds one."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from replication.clouds import CLOUDS, Cloud
from replication.mistakes import Mistakes
from replication.secret import Secret
from replication.targets import RegistryId, Target
from replication.texts import GUID_EXAMPLE, LOGIN_SERVER, REGISTRY_EXAMPLE, SETTING_NAME, TARGET_NAME, is_guid, is_https_url

SETTING = "ReplicationTargets"
CLOUD_FIELDS = {
    "authority": "https://login.chinacloudapi.cn",
    "resourceManager": "https://management.chinacloudapi.cn",
    "armAudience": "https://management.chinacloudapi.cn",
    "acrAudience": "https://containerregistry.azure.net",
    "loginServerSuffix": "azurecr.cn",
}
FIELDS = {"name", "cloud", "registry", "loginServer", "tenantId", "clientId", "clientSecretSetting"}
FIELD_NAME = re.compile(r"[A-Za-z]{1,30}")
MOST = 100


def parse_targets(values: Mapping[str, str], mistakes: Mistakes) -> list[Target]:
    try:
        listed = json.loads(values[SETTING])
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        mistakes.add(SETTING, f"is not JSON{where}", '[{"name": "china", "cloud": "china", …}]')
        return []
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST:
        mistakes.add(SETTING, f"is not a JSON list of 1 to {MOST} targets", '[{"name": "china", "cloud": "china", …}]')
        return []
    parsed = [_Parser(number, one, values, mistakes).target() for number, one in enumerate(listed)]
    targets = [target for target in parsed if target is not None]
    names = [target.name for target in targets]
    for name in sorted({name for name in names if names.count(name) > 1}):
        mistakes.add(SETTING, f"has two targets of the name {name!r}", "china-east, china-north")
    return targets


class _Parser:
    """Of one entry of the list."""

    def __init__(self, number: int, value: Any, values: Mapping[str, str], mistakes: Mistakes) -> None:
        self._where = f"{SETTING}[{number}]"
        self._value = value
        self._values = values
        self._mistakes = mistakes

    def target(self) -> Target | None:
        before = len(self._mistakes)
        if not isinstance(self._value, dict):
            self._mistakes.add(self._where, "is not an object", '{"name": "china", "cloud": "china", …}')
            return None
        for unknown in sorted(self._value.keys() - FIELDS):
            self._unknown("", unknown, sorted(FIELDS))
        name = self._text("name", "china")
        if name and not TARGET_NAME.fullmatch(name):
            self._wrong("name", "must be 1 to 32 of a-z, 0-9 and '-'", "china")
        cloud, registry = self._cloud(), self._registry()
        login_server = self._login_server(cloud, registry)
        tenant_id, client_id = self._guid("tenantId"), self._guid("clientId")
        secret_setting = self._text("clientSecretSetting", "ChinaClientSecret")
        secret = self._secret(secret_setting)
        if len(self._mistakes) > before or cloud is None or registry is None:
            return None
        return Target(
            name=name,
            cloud=cloud,
            registry=registry,
            login_server=login_server,
            tenant_id=tenant_id,
            client_id=client_id,
            secret_setting=secret_setting,
            secret=Secret(secret),
        )

    def _cloud(self) -> Cloud | None:
        given = self._value.get("cloud")
        if isinstance(given, str) and given in CLOUDS:
            return CLOUDS[given]
        if not isinstance(given, dict):
            self._wrong(
                "cloud", "must be the name of a cloud or an object that describes one", f"{', '.join(CLOUDS)} or {json.dumps(CLOUD_FIELDS)}"
            )
            return None
        texts = {field: given.get(field) for field in CLOUD_FIELDS}
        for field, text in texts.items():
            if not isinstance(text, str) or not (LOGIN_SERVER.fullmatch(text) if field == "loginServerSuffix" else is_https_url(text)):
                self._wrong(f"cloud.{field}", "is missing" if text is None else "is not valid", CLOUD_FIELDS[field])
        for unknown in sorted(given.keys() - CLOUD_FIELDS):
            self._unknown("cloud.", unknown, CLOUD_FIELDS)
        names = [field.name for field in fields(Cloud)]  # in the order of CLOUD_FIELDS
        return Cloud(**dict(zip(names, (str(text).rstrip("/") for text in texts.values()), strict=True)))

    def _registry(self) -> RegistryId | None:
        text = self._text("registry", REGISTRY_EXAMPLE)
        if not text:
            return None
        try:
            return RegistryId.parse(text)
        except ValueError as error:
            self._wrong("registry", f"is {error}", REGISTRY_EXAMPLE)
            return None

    def _login_server(self, cloud: Cloud | None, registry: RegistryId | None) -> str:
        given = self._value.get("loginServer")
        if given is None:
            return f"{registry.name.lower()}.{cloud.login_server_suffix}" if cloud and registry else ""
        if not isinstance(given, str) or not LOGIN_SERVER.fullmatch(given):
            self._wrong("loginServer", "is not a login server (a host name, without https:// or a path)", "contosocn.azurecr.cn")
        return str(given)

    def _guid(self, field: str) -> str:
        text = self._text(field, GUID_EXAMPLE)
        if text and not is_guid(text):
            self._wrong(field, "is not a GUID", GUID_EXAMPLE)
        return text

    def _secret(self, setting: str) -> str:
        if not setting:
            return ""
        if not SETTING_NAME.fullmatch(setting):
            self._wrong("clientSecretSetting", "must be the name of a setting, not the secret itself", "ChinaClientSecret")
            return ""
        if not self._values.get(setting):
            self._wrong("clientSecretSetting", "names a setting that is missing or empty", "ChinaClientSecret, and a setting of that name")
        return self._values.get(setting, "")

    def _text(self, field: str, example: str) -> str:
        text = self._value.get(field)
        if not isinstance(text, str) or not text:
            self._wrong(field, "is missing" if text in (None, "") else "is not a text", example)
            return ""
        return text

    def _unknown(self, within: str, name: str, known: Iterable[str]) -> None:
        """Shown if it could be the name of a field."""
        self._wrong(f"{within}{name if FIELD_NAME.fullmatch(name) else '…'}", "is not known", ", ".join(known))

    def _wrong(self, field: str, wrong: str, example: str) -> None:
        self._mistakes.add(f"{self._where}.{field}", wrong, example)

"""One entry of `ReplicationTargets`: where the target is, who signs in, what it is to hold."""

import json
from collections.abc import Mapping
from dataclasses import fields as fields_of
from dataclasses import replace

from replication.claims import Claim
from replication.clouds import CLOUDS, Cloud
from replication.credentialfields import CREDENTIAL_FIELDS, absolute_path, parse_credential, parse_source_token
from replication.fields import Fields
from replication.limitsettings import parse_target_limits
from replication.loginservers import without_default_port, wrong_login_server
from replication.scopefields import SCOPE_FIELDS, parse_scope
from replication.targets import Egress, RegistryId, Target
from replication.texts import (
    CA_FILE_EXAMPLE,
    GUID_EXAMPLE,
    LOGIN_SERVER,
    PROXY_EXAMPLE,
    PROXY_WRONG,
    REGISTRY_EXAMPLE,
    TARGET_NAME,
    is_guid,
    is_https_origin,
    is_https_url,
    is_proxy,
)

CLOUD_FIELDS = {
    "authority": "https://login.chinacloudapi.cn",
    "resourceManager": "https://management.chinacloudapi.cn",
    "armAudience": "https://management.chinacloudapi.cn",
    "acrAudience": "https://containerregistry.azure.net",
    "loginServerSuffix": "azurecr.cn",
}
RESERVED = "source"
ADDRESSES = {"authority", "resourceManager"}  # which requests go to: a path would be left out
DEFAULT_SCOPE = "/.default"  # which is put behind an audience, here as in the SDKs
PLACE_FIELDS = {"name", "cloud", "registry", "loginServer", "tenantId", "clientId", "acrAudience", "caFile", "proxy", "limits"}
FIELDS = {*PLACE_FIELDS, *CREDENTIAL_FIELDS, *SCOPE_FIELDS}


def parse_target(fields: Fields, values: Mapping[str, str]) -> tuple[Target | None, Claim | None]:
    """No target when anything is wrong, and no claim when it is not known to what."""
    before = fields.mistakes_so_far
    fields.only(FIELDS)
    name = fields.text("name", "china")
    if name and not TARGET_NAME.fullmatch(name):
        fields.wrong("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first", "china")
    if name == RESERVED:
        fields.wrong("name", "is what the source is called in figures", "china")
    cloud, registry = _cloud(fields), _registry(fields)
    login_server = _login_server(fields, cloud, registry)
    tenant_id, client_id = _guid(fields, "tenantId"), _guid(fields, "clientId")
    credential, source_token = parse_credential(fields, values), parse_source_token(fields, values)
    scope, egress, limits = parse_scope(fields), _egress(fields), parse_target_limits(fields)
    claim = None
    if TARGET_NAME.fullmatch(name or "") and registry is not None and login_server:  # a wrong name may be anything, a secret too
        claim = Claim(name=name, registry=registry, login_server=login_server, prefixes=scope.prefixes)
    if fields.mistakes_so_far > before or cloud is None or registry is None or credential is None:
        return None, claim
    target = Target(
        name=name,
        cloud=cloud,
        registry=registry,
        login_server=login_server,
        tenant_id=tenant_id,
        client_id=client_id,
        credential=credential,
        scope=scope,
        egress=egress,
        source_token=source_token,
        limits=limits,
    )
    return target, claim


def _cloud(fields: Fields) -> Cloud | None:
    """With the target's own `acrAudience`, if it has one: which one a registry takes is its own policy, not its cloud's."""
    audience = fields.value.get("acrAudience")
    if audience is not None and (wrong := _wrong_part("acrAudience", audience)):
        fields.wrong("acrAudience", wrong, CLOUD_FIELDS["acrAudience"])
    cloud = _described_cloud(fields)
    return cloud if cloud is None or audience is None else replace(cloud, acr_audience=str(audience).rstrip("/"))


def _described_cloud(fields: Fields) -> Cloud | None:
    given = fields.value.get("cloud")
    if isinstance(given, str) and given in CLOUDS:
        return CLOUDS[given]
    example = f"{', '.join(CLOUDS)} or {json.dumps(CLOUD_FIELDS)}"
    if not isinstance(given, dict):
        fields.wrong("cloud", "must be the name of a cloud or an object that describes one", example)
        return None
    parts = fields.object("cloud", example)
    texts = {field: given.get(field) for field in CLOUD_FIELDS}
    for field, text in texts.items():
        if wrong := _wrong_part(field, text):
            parts.wrong(field, wrong, CLOUD_FIELDS[field])
    parts.only(CLOUD_FIELDS)
    names = [field.name for field in fields_of(Cloud)]  # in the order of CLOUD_FIELDS
    return Cloud(**dict(zip(names, (str(text).rstrip("/") for text in texts.values()), strict=True)))


def _wrong_part(field: str, given: object) -> str | None:
    """Of a cloud. None where it is right."""
    if given is None:
        return "is missing"
    if not isinstance(given, str):
        return "is not valid"
    if field == "loginServerSuffix":
        return None if LOGIN_SERVER.fullmatch(given) else "is not valid"
    if field in ADDRESSES:
        return None if is_https_origin(given) else "has a path" if is_https_url(given) else "is not valid"
    if given.endswith(DEFAULT_SCOPE):
        return f"ends in {DEFAULT_SCOPE}: an audience is named without it"
    return None if is_https_url(given) else "is not valid"


def _registry(fields: Fields) -> RegistryId | None:
    text = fields.text("registry", REGISTRY_EXAMPLE)
    if not text:
        return None
    try:
        return RegistryId.parse(text)
    except ValueError as error:
        fields.wrong("registry", f"is {error}", REGISTRY_EXAMPLE)
        return None


def _login_server(fields: Fields, cloud: Cloud | None, registry: RegistryId | None) -> str:
    given = fields.value.get("loginServer")
    if given is None:
        return f"{registry.name.lower()}.{cloud.login_server_suffix}" if cloud and registry else ""
    if cloud is not None and (wrong := wrong_login_server(given, cloud)):
        fields.wrong("loginServer", wrong, f"contosocn.{cloud.login_server_suffix}")
    return without_default_port(str(given))


def _guid(fields: Fields, field: str) -> str:
    text = fields.text(field, GUID_EXAMPLE)
    if text and not is_guid(text):
        fields.wrong(field, "is not a GUID", GUID_EXAMPLE)
    return text


def _egress(fields: Fields) -> Egress:
    proxy = fields.value.get("proxy")
    if proxy is not None and not is_proxy(proxy):
        fields.wrong("proxy", PROXY_WRONG, PROXY_EXAMPLE)
    return Egress(ca_file=absolute_path(fields, "caFile", CA_FILE_EXAMPLE), proxy=proxy)

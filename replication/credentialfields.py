"""The fields of a target that say how the app signs in, and by which token of the source ARM copies. Secrets are never in them: they name
the settings that hold one."""

from collections.abc import Mapping

from replication.credential import ClientCertificate, ClientSecret, Credential, FederatedToken
from replication.fields import Fields
from replication.secret import Secret
from replication.targets import SourceToken
from replication.texts import (
    CA_FILE_WRONG,
    DATE_EXAMPLE,
    SETTING_NAME,
    end_of_day,
    is_absolute_path,
    wrong_secret,
    wrong_token_name,
)
from replication.vaultsecret import URI_EXAMPLE, SecretSource, held_in

WAYS = {  # exactly one
    "clientSecretSetting": "ChinaClientSecret",
    "clientCertificateSetting": "ChinaCertificate",
    "federatedTokenFile": "/var/run/secrets/azure/tokens/azure-identity-token",
}
OF_A_SECRET = {"clientSecretExpires"}
OF_A_CERTIFICATE = {"clientCertificatePasswordSetting", "sendCertificateChain"}
OF_THE_SOURCE = {"sourceTokenName", "sourceTokenPasswordSetting", "sourceTokenPassword2Setting"}
CREDENTIAL_FIELDS = {*WAYS, *OF_A_SECRET, *OF_A_CERTIFICATE, *OF_THE_SOURCE}
PEM_PARTS = ("-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----")


def parse_credential(fields: Fields, values: Mapping[str, str]) -> Credential | None:
    """None after some mistakes; all of them are told."""
    first, *others = [way for way in WAYS if way in fields.value] or [""]
    for way in others:
        fields.wrong(way, f"is set beside {first}: a target has one credential", f"{first} alone")
    for needless in sorted(OF_A_CERTIFICATE & fields.value.keys()) if first != "clientCertificateSetting" else ():
        fields.wrong(needless, "is set without clientCertificateSetting", f"clientCertificateSetting: {WAYS['clientCertificateSetting']}")
    if OF_A_SECRET & fields.value.keys() and first != "clientSecretSetting":
        fields.wrong("clientSecretExpires", "is set without clientSecretSetting", f"clientSecretSetting: {WAYS['clientSecretSetting']}")
    match first:
        case "clientSecretSetting":
            setting, secret = named_secret(fields, first, WAYS[first], values)
            return ClientSecret(setting=setting, secret=secret, expires=_expires(fields))
        case "clientCertificateSetting":
            return _certificate(fields, values)
        case "federatedTokenFile":
            return FederatedToken(file=fields.text(first, WAYS[first]) and (absolute_path(fields, first, WAYS[first]) or ""))
    fields.wrong("clientSecretSetting", "is missing", f"{WAYS['clientSecretSetting']} (or {' and '.join(list(WAYS)[1:])})")
    return None


def _expires(fields: Fields) -> float | None:
    """Nobody but the settings can tell: Entra tells it to administrators alone."""
    if "clientSecretExpires" not in fields.value:
        return None
    end = end_of_day(fields.value["clientSecretExpires"])
    if end is None:
        fields.wrong("clientSecretExpires", "is no date", DATE_EXAMPLE)
    return end


def _certificate(fields: Fields, values: Mapping[str, str]) -> ClientCertificate:
    setting, pem = named_secret(fields, "clientCertificateSetting", WAYS["clientCertificateSetting"], values)
    if isinstance(pem, Secret) and pem.reveal() and not pem.is_reference and not all(part in pem.reveal() for part in PEM_PARTS):
        fields.wrong(
            "clientCertificateSetting", "names a setting that holds no PEM of a certificate with its private key", " … ".join(PEM_PARTS)
        )
    password_setting, password = None, None
    if "clientCertificatePasswordSetting" in fields.value:
        password_setting, password = named_secret(fields, "clientCertificatePasswordSetting", "ChinaCertificatePassword", values)
    chain = fields.value.get("sendCertificateChain", False)
    if not isinstance(chain, bool):
        fields.wrong("sendCertificateChain", "is neither true nor false", "true")
    return ClientCertificate(setting=setting, pem=pem, password_setting=password_setting, password=password, send_chain=chain is True)


def parse_source_token(fields: Fields, values: Mapping[str, str]) -> SourceToken | None:
    """None: ARM copies by the app's own pull token."""
    if not OF_THE_SOURCE & fields.value.keys():
        return None
    name = fields.text("sourceTokenName", "china-pull")
    if name and (wrong := wrong_token_name(name)):
        fields.wrong("sourceTokenName", wrong, "china-pull")
    setting, password = named_secret(fields, "sourceTokenPasswordSetting", "ChinaPullTokenPassword", values)
    second_setting, second = None, None
    if "sourceTokenPassword2Setting" in fields.value:
        second_setting, second = named_secret(fields, "sourceTokenPassword2Setting", "ChinaPullTokenPassword2", values)
    return SourceToken(name=name, password=password, setting=setting, second=second, second_setting=second_setting)


def named_secret(fields: Fields, field: str, example: str, values: Mapping[str, str]) -> tuple[str, SecretSource]:
    """The name of a setting, and what that holds or names; empty after a mistake."""
    setting = fields.text(field, example)
    if setting and not SETTING_NAME.fullmatch(setting):
        fields.wrong(field, "must be the name of a setting, not the secret itself", example)
        return "", Secret("")
    if setting and not values.get(setting):
        fields.wrong(field, "names a setting that is missing or empty", f"{example}, and a setting of that name")
    if field != "clientCertificateSetting" and (wrong := wrong_secret(values.get(setting) or "")):  # a PEM ends with its line
        fields.wrong(field, f"names a setting that {wrong}", example)
    try:
        return setting, held_in(values, setting)
    except ValueError as error:
        fields.wrong(field, f"names a setting that {error}", URI_EXAMPLE)
        return setting, Secret("")


def absolute_path(fields: Fields, field: str, example: str) -> str | None:
    """None where it is left out, and after a mistake."""
    given = fields.value.get(field)
    if given is not None and not is_absolute_path(given):
        fields.wrong(field, CA_FILE_WRONG, example)
        return None
    return given

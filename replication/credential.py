"""How the app proves to a target's Entra who it is: one of three ways."""

from dataclasses import dataclass

from replication.vaultsecret import SecretSource, VaultSecret


def origin_of(source: SecretSource, setting: str) -> str:
    """Where an operator puts another one."""
    return f"{source}, which the setting {setting} names" if isinstance(source, VaultSecret) else f"the setting {setting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """`setting` holds or names `secret`. `expires`: seconds since 1970, where the settings tell."""

    setting: str
    secret: SecretSource
    expires: float | None = None

    kind = "client secret"

    @property
    def origin(self) -> str:
        return origin_of(self.secret, self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """`setting` holds or names `pem`, a certificate with its private key (RSA), and maybe those above it; a key vault may also keep it as
    PKCS #12. `send_chain`: they are sent too, so that Entra can trust the subject's name and issuer rather than one thumbprint."""

    setting: str
    pem: SecretSource
    password_setting: str | None = None
    password: SecretSource | None = None
    send_chain: bool = False

    kind = "certificate"

    @property
    def origin(self) -> str:
        return origin_of(self.pem, self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedToken:
    """A file that somebody else renews, such as a projected service account token: read each time that Entra is asked."""

    file: str

    kind = "federated token"

    @property
    def origin(self) -> str:
        return f"the file {self.file}"


Credential = ClientSecret | ClientCertificate | FederatedToken

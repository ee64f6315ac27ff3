"""How the app proves to a target's Entra who it is: one of three ways."""

from dataclasses import dataclass

from replication.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """`setting` holds `secret`. `expires`: seconds since 1970, where the settings tell."""

    setting: str
    secret: Secret
    expires: float | None = None

    kind = "client secret"

    @property
    def origin(self) -> str:
        return f"the setting {self.setting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """`setting` holds `pem`, a certificate with its private key (RSA), and maybe those above it. `send_chain`: they are sent too, so that
    Entra can trust the subject's name and issuer rather than one thumbprint."""

    setting: str
    pem: Secret
    password_setting: str | None = None
    password: Secret | None = None
    send_chain: bool = False

    kind = "certificate"

    @property
    def origin(self) -> str:
        return f"the setting {self.setting}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedToken:
    """A file that somebody else renews, such as a projected service account token: read each time that Entra is asked."""

    file: str

    kind = "federated token"

    @property
    def origin(self) -> str:
        return f"the file {self.file}"


Credential = ClientSecret | ClientCertificate | FederatedToken

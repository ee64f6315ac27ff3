"""Every byte that the app's clients send over TLS in this process, by whatever library and after whatever redirect: each request with a
credential goes to a host that a wire, a source or a target was made for, and each credential where it belongs."""

import base64
import json
import re
import ssl
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlsplit
from weakref import WeakKeyDictionary

import pytest

from registries.keyvaults import KeyVaults
from registries.wire import Wire
from replication.credential import ClientSecret
from replication.secret import Secret
from replication.storesetting import TableConnection
from replication.targets import Listing, Source, SourceToken, Target
from replication.vaultsecret import SecretSource, VaultSecret

HOST = re.compile(rb"^Host: ([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)
CREDENTIAL = re.compile(
    rb"^Authorization: |(?:^|&)(?:client_secret|client_assertion|access_token|refresh_token)=", re.MULTILINE | re.IGNORECASE
)
BASIC = re.compile(rb"^Authorization: Basic (\S+)\r\n", re.MULTILINE | re.IGNORECASE)
TELLING = 16  # characters; what is shorter, as tests call a password, may stand anywhere
TOKEN = re.compile(rb"(client_assertion=)?eyJ[\w-]{8,}\.(eyJ[\w-]{8,})\.[\w-]+")


class Outgoing:
    def __init__(self) -> None:
        self.strays: list[str] = []
        self._known: set[str] = set()  # hosts that a client was made for
        self._managers: set[str] = set()  # ARM, which is handed the pull password with an import
        self._pulls: set[str] = set()  # such passwords
        self._listed: set[str] = set()  # audiences by which sources are listed
        self._sources: set[str] = set()
        self._authorities: set[str] = set()  # who take assertions: a certificate's, and federated tokens
        self._secrets: dict[str, set[str]] = defaultdict(set)  # the authorities of client secrets
        self._audiences: dict[str, set[str]] = defaultdict(set)  # the hosts that take Entra's tokens for them
        self._named: dict[VaultSecret, list[Callable[[str], object]]] = defaultdict(list)
        self._hosts: WeakKeyDictionary[ssl.SSLObject, str] = WeakKeyDictionary()  # who was asked last over it

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        for made, learn in (
            (Wire, self.wire),
            (TableConnection, self.table),
            (Source, self.source),
            (SourceToken, self.source_token),
            (Target, self.target),
            (Listing, self.listing),
            (VaultSecret, self.vault),
        ):
            patch.setattr(made, "__init__", _followed(made.__init__, learn))
        read = KeyVaults.read

        async def told(vaults: KeyVaults, secret: VaultSecret) -> Secret:
            value = await read(vaults, secret)
            for learn in self._named[secret]:
                learn(value.reveal())
            return value

        patch.setattr(KeyVaults, "read", told)
        write = ssl.SSLObject.write

        def noted(connection: ssl.SSLObject, data: Any) -> int:
            taken = write(connection, data)
            if not connection.server_side:
                self._hosts[connection] = self.judge(bytes(data[:taken]), self._hosts.get(connection, ""))
            return taken

        patch.setattr(ssl.SSLObject, "write", noted)

    def judge(self, sent: bytes, before: str) -> str:
        """A piece of what is sent: a request begins with its headers, else the one to `before` goes on. Answers its host."""
        found = HOST.search(sent)
        host = found[1].decode() if found else before
        if CREDENTIAL.search(sent) and host not in self._known:
            self.strays.append(f"a credential went to {host}, which no client was made for")
        plain = b" ".join([sent, *(base64.b64decode(one) for one in BASIC.findall(sent))])
        for secret in {*self._secrets, *self._pulls}:
            homes = self._secrets.get(secret, set()) | (self._sources | self._managers if secret in self._pulls else set())
            if len(secret) >= TELLING and host not in homes and any(form.encode() in plain for form in (secret, quote_plus(secret))):
                self.strays.append(f"a secret of {sorted(homes)} went to {host}")
        for token in TOKEN.finditer(sent):
            audience = str(json.loads(base64.urlsafe_b64decode(token[2] + b"==")).get("aud"))
            homes = {audience} | self._audiences.get(audience, set()) | (self._sources if audience in self._listed else set())
            if host not in (self._authorities if token[1] else homes):
                self.strays.append(f"a token for {audience} went to {host}")
        return host

    def wire(self, wire: Wire) -> None:
        self._known.add(wire._host)

    def source(self, source: Source) -> None:
        self._known.add(source.login_server)
        self._sources.add(source.login_server)
        self.source_token(source.token)

    def table(self, table: TableConnection) -> None:
        self._known.update(re.findall("TableEndpoint=https?://([^/;]+)", table.connection.reveal()))

    def listing(self, listing: Listing) -> None:
        self._listed.add(listing.audience)

    def source_token(self, token: SourceToken) -> None:
        for _, password in token.slots:
            self._learn(password, self._pulls.add)

    def vault(self, secret: VaultSecret) -> None:
        self._known.add(secret.vault)
        self._audiences[secret.audience].add(secret.vault)

    def _learn(self, source: SecretSource, learn: Callable[[str], object]) -> None:
        """Of a vault's, the value is learnt when it is read."""
        if isinstance(source, VaultSecret):
            self._named[source].append(learn)
        else:
            learn(source.reveal())

    def target(self, target: Target) -> None:
        authority, manager = _host(target.cloud.authority), _host(target.cloud.resource_manager)
        self._known |= {target.login_server, authority, manager}
        self._managers.add(manager)
        self._authorities.add(authority)
        self._audiences[target.cloud.arm_audience].add(manager)
        self._audiences[target.cloud.acr_audience].add(target.login_server)
        if isinstance(target.credential, ClientSecret):
            self._learn(target.credential.secret, lambda secret: self._secrets[secret].add(authority))


def _followed(init: Any, learn: Any) -> Any:
    def both(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        learn(self)

    return both


def _host(url: str) -> str:
    return urlsplit(url).netloc

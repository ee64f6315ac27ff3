"""What left the app's process: every connection, every name that was looked up, and every request with its headers and its body. Judged by
the settings that the process was started with: nobody else is called, and each credential goes where it belongs."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.forms import in_base64, names_in

HOOKS = Path(__file__).parent / "noted"
TOKEN = re.compile(rb"eyJ[\w-]{8,}\.(eyJ[\w-]{8,})\.[\w-]+")
HOST = re.compile(rb"^Host: ([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)
AUTHORIZATION = re.compile(rb"^Authorization: ([^\r\n]+)\r\n", re.MULTILINE | re.IGNORECASE)
ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):\d+")
SELF = {"localhost", "127.0.0.1"}
ACR_AUDIENCE = "https://containerregistry.azure.net"
VAULT_AUDIENCE = "https://vault.azure.net"


@dataclass(frozen=True, slots=True)
class Left:
    """Of one process. `streams`: what was sent over each TLS connection."""

    settings: Mapping[str, str]
    connected: set[str]
    looked_up: set[str]
    streams: list[bytes]


class Notes:
    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self._folder = folder

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(HOOKS), "NOTES_OF_EGRESS": str(self._folder)}

    def left(self) -> Iterator[Left]:
        """Of every process, from the first."""
        for file in sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime):
            notes = [json.loads(line) for line in file.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
            starts = [number for number, note in enumerate(notes) if "settings" in note]  # a host that starts anew keeps its process id
            assert starts[0] == 0
            for start, end in pairwise([*starts, len(notes)]):
                yield _left(notes[start]["settings"], notes[start:end])


def _left(settings: Mapping[str, str], notes: Sequence[Mapping[str, Any]]) -> Left:
    streams: dict[int, bytearray] = {}
    for note in notes:
        if "stream" in note:
            streams.setdefault(note["stream"], bytearray()).extend(bytes.fromhex(note["sent"]))
    return Left(
        settings,
        {note["connect"] for note in notes if "connect" in note},
        {note["lookup"] for note in notes if "lookup" in note},
        [bytes(stream) for stream in streams.values()],
    )


class Judge:
    """By settings as they were written down: a credential's home is where it may go, and all homes are whom the app may call."""

    def __init__(self, settings: Mapping[str, str], own: str, kept: Mapping[str, Sequence[str]] | None = None) -> None:
        """`own`: the address of the app itself, which it calls to start its instances. `kept`: what the vault has held where a setting
        names one of its secrets."""
        self._known = {f"localhost:{address.rpartition(':')[2]}" for address in ADDRESS.findall(json.dumps(dict(settings)))} | {own}
        self._own = own
        self._source = settings.get("SourceACRLoginServer", "")
        self._lists = bool(settings.get("SourceListingIdentity"))
        try:
            self._targets: list[Mapping[str, Any]] = json.loads(settings["ReplicationTargets"])
        except ValueError:
            self._targets = []
        managers = {_host(target["cloud"]["resourceManager"]) for target in self._targets}
        passwords = ("SourceACRPullTokenPassword", "SourceACRPullTokenPassword2")
        homes = dict.fromkeys(passwords, {settings.get("SourceACRLoginServer", "")} | managers)
        for target in self._targets:
            if name := target.get("clientSecretSetting"):
                homes[name] = {_host(target["cloud"]["authority"])}
        self._vaults = {_host(value) for value in settings.values() if "/secrets/" in value}
        named = [name for name in settings if re.search("Password|Secret|Certificate|Storage|IDENTITY_HEADER", name)]
        held = {name: [settings[name]] for name in named if settings[name] and _host(settings[name]) not in self._vaults}
        values = [(name, value) for name, known in {**held, **(kept or {})}.items() for value in known]
        self._secrets = {f"{name} ({number})" if name in (kept or {}) else name: value for number, (name, value) in enumerate(values)}
        self._homes = {told: homes.get(name, set()) for told, (name, _) in zip(self._secrets, values, strict=True)}
        pulls = [f"{settings.get('SourceACRPullTokenName')}:{value}" for name, value in values if name in passwords]
        self._pull = [form for pull in pulls for form in in_base64(pull.encode())]

    def strays(self, left: Left) -> Iterator[str]:
        """One sentence for each thing that went where it does not belong."""
        for name in left.looked_up - SELF:
            yield f"the address of {name} was looked up"
        for address in left.connected:
            if f"localhost:{address.rpartition(':')[2]}" not in self._known or address.rpartition(":")[0] not in SELF:
                yield f"{address} was called, which no setting names"
        for stream in left.streams:
            yield from self._in_stream(stream)

    def _in_stream(self, stream: bytes) -> Iterator[str]:
        hosts = {host.decode() for host in HOST.findall(stream)}
        for host in hosts - self._known:
            yield f"{host} was asked, which no setting names"
        for name in names_in(stream, self._secrets):
            if not hosts <= self._homes.get(name, set()):
                yield f"{name} went to {', '.join(hosts)}"
        for token in TOKEN.finditer(stream):
            claims = json.loads(base64.urlsafe_b64decode(token[1] + b"=="))
            if not hosts <= self._homes_of(claims):
                yield f"a token for {claims['aud']} went to {', '.join(hosts)}"
        for value in AUTHORIZATION.findall(stream):
            if not (TOKEN.search(value) or any(form in value for form in self._pull)):
                yield f"something else than a token or the pull password went to {', '.join(hosts)}"

    def _homes_of(self, claims: Mapping[str, Any]) -> set[str]:
        """Of a registry's token that registry alone; of an Entra token, ARM or registry of the target of that tenant, by its audience."""
        audience, issuer = str(claims["aud"]), f"{claims['iss']} {claims.get('tid')}"
        homes = {audience} & self._known
        if audience == VAULT_AUDIENCE:
            homes |= self._vaults
        if audience == ACR_AUDIENCE and self._lists and not any(target["tenantId"] in issuer for target in self._targets):
            homes.add(self._source)
        for target in self._targets:
            cloud = target["cloud"]
            if target["tenantId"] in issuer:
                homes |= {_host(cloud["resourceManager"])} if audience == cloud["armAudience"] else set()
                homes |= {target["loginServer"]} if audience == cloud["acrAudience"] else set()
            if audience.startswith(f"{cloud['authority']}/"):  # an assertion that a certificate has signed
                homes.add(_host(cloud["authority"]))
        return homes


def _host(url: str) -> str:
    return urlsplit(url).netloc

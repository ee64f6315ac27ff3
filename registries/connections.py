"""What is kept between calls: one set of clients for the settings in force. Settings are read anew at each call, so a corrected one is
used by the next; an unchanged one finds its connections and tokens warm."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from registries.arm import TargetImports
from registries.armclient import ArmClient
from registries.credentials import EntraCredential
from registries.entratokens import EntraTokens
from registries.heldsecrets import HeldSecrets
from registries.listing import listing_registry
from registries.manifests import KeptManifests
from registries.registry import Registry
from registries.source import SourceTokens, source_registry
from registries.target import target_registry
from registries.wire import Wire
from replication.failures import Failure, Refused, said
from replication.mistakes import InvalidSettings
from replication.settings import Settings
from replication.targets import Target


@dataclass(frozen=True, slots=True)
class TargetConnection:
    target: Target
    wire: Wire
    credential: EntraCredential
    registry: Registry
    tokens: EntraTokens
    imports: TargetImports


class Connections:
    """Belongs to one event loop, as HTTP sessions do."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.kept = KeptManifests()
        self._wire = Wire(settings.source.login_server, settings.source.egress)
        self.source: Registry
        self.source_tokens: SourceTokens
        self.secrets = HeldSecrets(settings.source.vault_client_id, settings.source.egress)
        self.source, self.source_tokens = source_registry(settings.source, self._wire, secrets=self.secrets)
        self._listing: Registry | None = None
        if settings.source.listing is not None:
            self._listing = listing_registry(settings.source, settings.source.listing, self._wire)
        self._targets = {name: self._connect(target) for name, target in settings.targets.items()}

    @property
    def source_listing(self) -> Registry | None:
        """The source as an identity that may list reads it; None when the settings name none, and then tags there stay unknown."""
        return self._listing

    @property
    def targets(self) -> Mapping[str, TargetConnection]:
        return self._targets

    def target(self, name: str) -> TargetConnection:
        """Raises `Refused` for one that the settings no longer name."""
        if (found := self._targets.get(name)) is None:
            words = said(f"the settings name no target {name!r}, only {', '.join(self._targets)}")
            raise Refused(
                _settings_failure(f"find target {name}", words, "Put the target back into ReplicationTargets, or terminate this run.")
            )
        return found

    async def close(self) -> None:
        await self._wire.close()
        await self.secrets.close()
        for one in self._targets.values():
            await one.wire.close()
            await one.imports.close()

    def _connect(self, target: Target) -> TargetConnection:
        wire, credential = Wire(target.login_server, target.egress), EntraCredential(target, self.secrets)
        arm, source = ArmClient(target, credential), self.settings.source
        registry, tokens = target_registry(target, wire, credential, arm.soft_deletes)
        here, pull = self.source, self.source_tokens
        if target.source_token is not None:
            here, pull = source_registry(source, self._wire, target.source_token, secrets=self.secrets)
        imports = TargetImports(target, source, arm, here=here, there=registry, pull=pull)
        return TargetConnection(target, wire, credential, registry, tokens, imports)


_current: tuple[object, Connections] | None = None


def connections() -> Connections:
    """For the settings of this moment, on the running loop. Raises `Refused` when the settings are invalid."""
    global _current  # noqa: PLW0603 - the process's one set of connections
    loop = asyncio.get_running_loop()
    key = (loop, frozenset(os.environ.items()))
    if _current is not None and _current[0] == key:
        return _current[1]
    invalid = None
    try:
        made = Connections(Settings.parse(os.environ))
    except InvalidSettings as error:
        invalid = said(f"{len(error.mistakes)} mistakes, first: {error.mistakes[0]}")  # a custom status has room for a few
    if invalid is not None:
        hint = "Correct the app's settings (GET /api/status lists every mistake); runs that wait go on by themselves."
        raise Refused(_settings_failure("read the settings", invalid, hint))
    _current = (key, made)
    return made


def _settings_failure(doing: str, words: str, hint: str) -> Failure:
    return Failure(kind="denied", code="settings_invalid", doing=doing, said=words, hint=hint)

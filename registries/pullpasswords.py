"""The passwords of a token of the source: up to two, of which one may be generated anew while the other opens."""

import time
from collections.abc import Sequence

from registries.heldsecrets import HeldSecrets
from replication.failures import Failure, Refused
from replication.secret import Secret
from replication.targets import SourceToken

CERTAIN = 300.0  # seconds for which a password that the source took is handed on without asking again


class PullPasswords:
    def __init__(self, token: SourceToken, secrets: HeldSecrets) -> None:
        self._slots = token.slots
        self._secrets = secrets
        self._taken: tuple[Secret, float] | None = None  # the last that the source took, and when, on the monotonic clock

    async def read(self, doing: str) -> tuple[list[Secret], Failure | None]:
        """The last that the source took first; and why a slot could not be read. Raises `Refused` when none can be."""
        found: list[Secret] = []
        trouble: Failure | None = None
        for setting, source in self._slots:
            try:
                found.append(await self._secrets.value(source, setting, doing))
            except Refused as refused:
                trouble = trouble or refused.failure
        if not found and trouble is not None:
            raise Refused(trouble)
        taken = None if self._taken is None else self._taken[0]
        return sorted(dict.fromkeys(found), key=lambda one: one != taken), trouble

    async def renewed(self, refused: Sequence[Secret]) -> list[Secret]:
        """What is in the places of those that were refused, if it is something else."""
        found = [await self._secrets.renewed(source, one) for _, source in self._slots for one in refused]
        return [one for one in dict.fromkeys(found) if one is not None and one not in refused]

    def take(self, password: Secret) -> None:
        """The source took it."""
        self._taken = (password, time.monotonic())

    async def certain(self, doing: str) -> Secret | None:
        """The one that there is, or the one of several that the source took lately. Raises `Refused` when none can be read."""
        found, _ = await self.read(doing)
        if len(self._slots) == 1 and isinstance(self._slots[0][1], Secret):
            return found[0]
        lately = self._taken is not None and time.monotonic() - self._taken[1] < CERTAIN
        return found[0] if lately and self._taken is not None and found[0] == self._taken[0] else None

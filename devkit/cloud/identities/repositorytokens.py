"""The registry's tokens as they stand now: what the settings file says, and what the control API has changed since.

Of a password only its SHA-256 is kept. A change to a token's passwords or status in the settings file undoes the changes made to it."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from devkit.cloud import times
from devkit.cloud.clock import Clock
from devkit.cloud.config.identities import RepositoryToken
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept


class Token:
    def __init__(self, database: Database, clock: Clock, configured: RepositoryToken) -> None:
        self.configured = configured
        self._clock = clock
        passwords = {slot: _kept(one.value, one.expiry) for slot, one in configured.passwords.items()}
        self._state = Kept(database, f"token-{configured.name}", {"status": configured.status, "passwords": passwords})

    @property
    def enabled(self) -> bool:
        return bool(self._state.get()["status"] == "enabled")

    def set_status(self, status: str) -> None:
        self._state.set({**self._state.get(), "status": status})

    def accepts(self, password: str) -> bool:
        """Either of the two, until it expires."""
        now, sha256 = self._clock.wall(), _sha256(password)
        valid = [one for one in map(self._in_force, self._passwords.values()) if one and (one["expiry"] is None or now < one["expiry"])]
        return any(hmac.compare_digest(one["sha256"], sha256) for one in valid)

    def set_password(self, slot: str, value: str | None, expiry: float | None, *, after: float = 0.0) -> None:
        """Without a value it keeps the one it has. A new one takes the place of the old `after` seconds from now: one that is generated
        again may take 60 s to reach every replica (acr.md 3 [D]). Raises `ValueError`."""
        known = self._passwords.get(slot)
        if value is None and known is None:
            raise ValueError(f"value: there is no {slot} yet, so it needs one")
        if value is None and known is not None:
            made = {**known, "expiry": expiry}
        else:
            made = _kept(value or "", expiry, created=self._clock.text())
        if value is not None and after > 0:
            made |= {"effective": self._clock.now() + after, "before": known and self._in_force(known)}
        self._set_passwords({**self._passwords, slot: made})

    def remove_password(self, slot: str) -> bool:
        """Whether there was one."""
        passwords = self._passwords
        removed = passwords.pop(slot, None)
        self._set_passwords(passwords)
        return removed is not None

    def to_json(self) -> dict[str, Any]:
        """No secret."""
        passwords = [
            {"name": slot, "expiry": _shown(one["expiry"]), "creationTime": one["created"]} for slot, one in sorted(self._passwords.items())
        ]
        rights = self.configured.rights.by_pattern
        repositories = {pattern: sorted(rights[pattern]) for pattern in sorted(rights)}
        return {
            "name": self.configured.name,
            "status": self._state.get()["status"],
            "scopeMap": self.configured.scope_map,
            "repositories": repositories,
            "passwords": passwords,
        }

    def _in_force(self, password: dict[str, Any]) -> dict[str, Any] | None:
        """What every replica knows by now."""
        effective = password.get("effective")
        if effective is None or self._clock.now() >= effective:
            return password
        before: dict[str, Any] | None = password["before"]
        return before

    @property
    def _passwords(self) -> dict[str, dict[str, Any]]:
        passwords: dict[str, dict[str, Any]] = self._state.get()["passwords"]
        return dict(passwords)

    def _set_passwords(self, passwords: dict[str, dict[str, Any]]) -> None:
        self._state.set({**self._state.get(), "passwords": passwords})


class RepositoryTokens:
    def __init__(self, database: Database, clock: Clock, configured: Iterable[RepositoryToken]) -> None:
        self._tokens = {token.name: Token(database, clock, token) for token in configured}

    def find(self, name: str) -> Token | None:
        return self._tokens.get(name)

    def to_json(self) -> list[dict[str, Any]]:
        return [token.to_json() for token in self._tokens.values()]


def _kept(value: str, expiry: float | None, created: str | None = None) -> dict[str, Any]:
    return {"sha256": _sha256(value), "expiry": expiry, "created": created}


def _sha256(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()


def _shown(expiry: float | None) -> str | None:
    return None if expiry is None else times.rfc3339(int(expiry * 1e9), digits=3)

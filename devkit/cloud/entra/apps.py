"""The tenant's principals as they stand now: what the settings file says, and what the control API has changed since.

Of a secret only its SHA-256 is kept. A change to the settings file undoes the changes made to that application, but no revocation."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, Literal

from devkit.cloud import times
from devkit.cloud.clock import Clock
from devkit.cloud.config import Principal
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept


class Apps:
    def __init__(self, database: Database, clock: Clock, principals: Iterable[Principal]) -> None:
        self._clock = clock
        self._apps = {principal.client_id.lower(): App(database, clock, principal) for principal in principals}

    def find(self, client_id: str) -> "App | None":
        return self._apps.get(client_id.lower())

    def to_json(self) -> list[dict[str, Any]]:
        return [app.to_json() for app in self._apps.values()]


class App:
    def __init__(self, database: Database, clock: Clock, principal: Principal) -> None:
        self.principal = principal
        self._clock = clock
        secrets = {secret.id: _kept_secret(secret.value, secret.expires) for secret in principal.secrets}
        self._state = Kept(database, f"app-{principal.client_id}", {"secrets": secrets, "disabled": False})
        self._revocations = Kept(database, f"app-revocations-{principal.client_id}", 0)

    @property
    def disabled(self) -> bool:
        """Gets no new token. Those it has go on until they expire ("Access tokens in the Microsoft identity platform")."""
        return bool(self._state.get()["disabled"])

    @disabled.setter
    def disabled(self, value: bool) -> None:
        self._state.set({**self._state.get(), "disabled": value})

    @property
    def generation(self) -> int:
        """A token carries the one it was issued in; of an older one, it is revoked."""
        return int(self._revocations.get())

    def revoke(self) -> None:
        """All tokens issued until now."""
        self._revocations.set(self.generation + 1)

    def try_secret(self, value: str) -> Literal["right", "expired", "wrong"]:
        found = [secret for secret in self._secrets.values() if hmac.compare_digest(secret["sha256"], _sha256(value))]
        if not found:
            return "wrong"
        now = self._clock.wall()
        return "right" if any(secret["expires"] is None or now < secret["expires"] for secret in found) else "expired"

    def set_secret(self, name: str, value: str | None, expires: float | None) -> None:
        """Without a value it keeps the one it has. Raises `ValueError`."""
        known = self._secrets.get(name)
        if value is None and known is None:
            raise ValueError(f"value: there is no secret {name} yet, so it needs one")
        sha256 = known["sha256"] if value is None and known else _sha256(value or "")
        self._set_secrets({**self._secrets, name: {"sha256": sha256, "expires": expires}})

    def remove_secret(self, name: str) -> bool:
        """Whether there was one."""
        secrets = self._secrets
        removed = secrets.pop(name, None)
        self._set_secrets(secrets)
        return removed is not None

    def to_json(self) -> dict[str, Any]:
        secrets = [{"id": name, "expires": _shown(secret["expires"])} for name, secret in self._secrets.items()]
        return {"clientId": self.principal.client_id, "disabled": self.disabled, "revocations": self.generation, "secrets": secrets}

    @property
    def _secrets(self) -> dict[str, dict[str, Any]]:
        secrets: dict[str, dict[str, Any]] = self._state.get()["secrets"]
        return secrets

    def _set_secrets(self, secrets: dict[str, dict[str, Any]]) -> None:
        self._state.set({**self._state.get(), "secrets": secrets})


def _kept_secret(value: str, expires: float | None) -> dict[str, Any]:
    return {"sha256": _sha256(value), "expires": expires}


def _sha256(value: str) -> str:
    return hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()


def _shown(expires: float | None) -> str | None:
    return None if expires is None else times.rfc3339(int(expires * 1e9), digits=3)

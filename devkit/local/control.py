"""The control API of a local cloud (docs/decisions.md, 1.2): what was asked of it, and how it is told to behave."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import quote, urlsplit

Row = dict[str, Any]
PATIENCE = 45.0  # seconds for one answer: a webhook has 30 for its handshake


class ControlRefused(Exception):
    """What the cloud said of a request that it does not take."""


class CloudControl:
    """Threads may share it: a connection is made for each request. Methods raise `ControlRefused`, and OSError when nobody listens."""

    def __init__(self, url: str, key: str) -> None:
        self._address = urlsplit(url)
        self._key = key

    # What happened

    def imports(self, repository: str | None = None) -> list[Row]:
        """Oldest first, each with the `fault` that befell it."""
        return [one for one in self.get("imports") if repository in (None, one["sourceImage"].partition("@")[0].partition(":")[0])]

    def events(self, subject: str | None = None) -> list[Row]:
        """Oldest first."""
        return [one for one in self.get("events") if subject in (None, one["subject"])]

    def requests(self, repository: str | None = None, *, method: str = "", status: int = 0, fault: str | None = None) -> list[Row]:
        """What the cloud was asked by anybody, oldest first; since its last start."""
        return [
            one
            for one in self.get("requests")
            if (repository is None or f"/{repository}/" in one["path"])
            and one["method"] in (method or one["method"],)
            and one["status"] in (status or one["status"],)
            and (fault is None or one["fault"] == fault)
        ]

    # How it behaves

    def set_imports(self, *, latency_seconds: float | None = None, bytes_per_second: float | None = None) -> Row:
        """Of those that begin from now on; what is None stays."""
        return self._put("imports", {"latencySeconds": latency_seconds, "bytesPerSecond": bytes_per_second})

    @contextmanager
    def slow_imports(self, seconds: float) -> Iterator[None]:
        """Those that begin meanwhile take that long at least."""
        assert self.set_imports(latency_seconds=seconds)["latencySeconds"] == seconds
        try:
            yield
        finally:
            self.set_imports(latency_seconds=0)

    def subscription(self) -> Row:
        subscription: Row = self.get("event-subscription")
        return subscription

    def subscribe(self, endpoint: str | None, **more: Any) -> Row:
        """None ends the subscription: what happens from then on makes no event. `more`: its other properties, in camelCase."""
        subscription: Row = self.send("PUT", "event-subscription", {"endpoint": endpoint, **more})
        return subscription

    @contextmanager
    def unheard(self, endpoint: str) -> Iterator[None]:
        """What happens meanwhile makes no event; `endpoint` is subscribed again afterwards."""
        self.subscribe(None)
        try:
            yield
        finally:
            self.subscribe(endpoint)

    def clock(self) -> Row:
        """`{"now", "scale", "skewSeconds"}`."""
        clock: Row = self.get("clock")
        return clock

    def set_clock(self, *, scale: float | None = None, skew_seconds: float | None = None, advance_seconds: float | None = None) -> Row:
        """What is None stays."""
        return self._put("clock", {"scale": scale, "skewSeconds": skew_seconds, "advanceSeconds": advance_seconds})

    def unknowns(self) -> dict[str, str]:
        switches: dict[str, str] = self.get("unknowns")
        return switches

    def set_unknowns(self, **answers: str) -> None:
        """By their names in camelCase."""
        self._put("unknowns", answers)

    # Events made to order, and what chance does to them

    def publish(self, repository: str, **more: Any) -> list[Row]:
        """Of nothing that happened; `more`: action, tag, digest, copies, connectedRegistry, locations, overrides, without."""
        events: list[Row] = self.send("POST", "events", {"repository": repository, **more})
        return events

    def dead_letters(self) -> list[Row]:
        letters: list[Row] = self.get("dead-letters")
        return letters

    def set_event_chaos(
        self, *, duplicates: float = 0, drop: float = 0, reorder: float = 0, delay_seconds: float = 0, seed: int = 0
    ) -> Row:
        """Shares and seconds, of events published from now on; what is left out is off."""
        value = {"duplicates": duplicates, "drop": drop, "reorder": reorder, "delaySeconds": delay_seconds, "seed": seed}
        return self._put("event-chaos", value)

    def event_chaos(self) -> Row:
        """With how many were `doubled`, `delayed` and `dropped` so far."""
        chaos: Row = self.get("event-chaos")
        return chaos

    # Credentials

    def apps(self) -> list[Row]:
        apps: list[Row] = self.get("apps")
        return apps

    def disable(self, client_id: str, disabled: bool = True) -> Row:
        """A disabled application gets no new token."""
        return self._put(f"apps/{client_id}", {"disabled": disabled})

    def set_secret(self, client_id: str, name: str, value: str | None = None, *, expires_in_seconds: float | None = None) -> Row:
        """A new one, or another end for one that is there; without a number it never expires."""
        return self._put(f"apps/{client_id}/secrets/{name}", {"value": value, "expiresInSeconds": expires_in_seconds})

    def remove_secret(self, client_id: str, name: str) -> None:
        self.send("DELETE", f"apps/{client_id}/secrets/{name}")

    def revoke(self, client_id: str) -> None:
        """Every Entra token that it was given until now."""
        self.send("POST", f"apps/{client_id}/revocation")

    def tokens(self) -> list[Row]:
        """Of the registry, without their passwords."""
        return list(self.get("tokens"))

    def disable_token(self, name: str, disabled: bool = True) -> Row:
        return self._put(f"tokens/{quote(name)}", {"status": "disabled" if disabled else "enabled"})

    def set_password(
        self,
        token: str,
        slot: str,
        value: str | None = None,
        *,
        expires_in_seconds: float | None = None,
        after_seconds: float | None = None,
    ) -> Row:
        """A new password, or another end for one that is there. Until `after_seconds` have passed, the old one is the one that counts."""
        given = {"value": value, "expiresInSeconds": expires_in_seconds, "afterSeconds": after_seconds}
        return self._put(f"tokens/{quote(token)}/passwords/{slot}", given)

    def remove_password(self, token: str, slot: str) -> None:
        self.send("DELETE", f"tokens/{quote(token)}/passwords/{slot}")

    def set_registry(self, **changed: Any) -> Row:
        """Its `policies`, `anonymousPull`, `referrersApi`, `rateLimits`: docs/decisions.md, 1.1."""
        return dict(self.send("PUT", "registry", changed))

    def set_arm_writes(self, size: int | None, seconds_each: float = 0.1) -> Row:
        """ARM's bucket of writes, full from now on; None: it has no bottom. The answer has how many it has `refused` since."""
        return dict(self.send("PUT", "arm-writes", {"size": size, "secondsEach": seconds_each}))

    def arm_writes(self) -> Row:
        return dict(self.get("arm-writes"))

    def soft_deleted(self) -> list[Row]:
        """What can be restored: docs/decisions.md, 1.2."""
        return list(self.get("soft-deleted"))

    def restore(self, repository: str, digest: str | None = None) -> list[Row]:
        """One of them, or all of a repository: what is restored."""
        return list(self.send("POST", "soft-deleted", {"repository": repository, "digest": digest}))

    def vault(self) -> list[Row]:
        """The latest version of each secret, without its value."""
        secrets: list[Row] = self.get("vault")
        return secrets

    def set_vault_secret(self, name: str, value: str | None = None, *, enabled: bool | None = None) -> None:
        """A new version, and whether the latest may be read; brings a deleted one back."""
        self._put(f"vault/{name}", {"value": value, "enabled": enabled})

    def delete_vault_secret(self, name: str) -> None:
        self.send("DELETE", f"vault/{name}")

    # Faults

    def impose(
        self,
        fault: Mapping[str, Any],
        *,
        on: Mapping[str, Any],
        skip: int = 0,
        times: int | None = None,
        chance: float | None = None,
        seed: int | None = None,
        name: str | None = None,
    ) -> str:
        """The rule's id, which is `name` if it is given. `fault` and `on`: `devkit.local.faults`."""
        more = {"id": name, "skip": skip, "times": times, "chance": chance, "seed": seed, "fault": fault}
        rule: Row = self.send("POST", "faults", {**on, **{key: value for key, value in more.items() if value is not None}})
        return str(rule["id"])

    def faults(self) -> list[Row]:
        """The rules in their order, each with `matched`, `fired`, `landed` and `last`."""
        rules: list[Row] = self.get("faults")
        return rules

    def fired(self, rule: str) -> int:
        return self._count(rule, "fired")

    def landed(self, rule: str) -> int:
        """How many effects that it held back have come, or have come once more; of stale reads, how many were not told the truth."""
        return self._count(rule, "landed")

    def lift(self, rule: str) -> None:
        self.send("DELETE", f"faults/{quote(rule, safe='')}")

    def behave(self) -> None:
        """No rule is left, and the cloud is up."""
        self.send("DELETE", "faults")
        self.up()

    def down(self, how: Literal["refuses", "resets"] = "refuses", seconds: float | None = None) -> None:
        """All its ports but the control port; for so long, or until it is told to be up."""
        self._put("outage", {"how": how, "seconds": seconds})

    def up(self) -> None:
        self._put("outage", {"how": "up"})

    def outage(self) -> Row:
        """`{"how": "refuses"|"resets"|"up", "secondsLeft", "cut"}`."""
        outage: Row = self.get("outage")
        return outage

    # Anything

    def get(self, what: str) -> Any:
        return self.send("GET", what)

    def send(self, method: str, what: str, value: Any = None) -> Any:
        """`what` follows `/control/`."""
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=PATIENCE)
        try:
            body = None if value is None else json.dumps(value).encode()
            connection.request(method, f"/control/{what}", body=body, headers={"x-control-key": self._key})
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ControlRefused(f"{method} {what}: {response.status} {answer.get('error')}")
        return answer

    def _put(self, what: str, value: Mapping[str, Any]) -> Row:
        answer: Row = self.send("PUT", what, {name: one for name, one in value.items() if one is not None})
        return answer

    def _count(self, rule: str, name: str) -> int:
        found = [one for one in self.faults() if one["id"] == rule]
        if not found:
            raise ControlRefused(f"there is no rule {rule!r}")
        return int(found[0][name])

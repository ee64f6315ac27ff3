"""The one event subscription of the registry's topic, and how far its creation is (acr.md 1.4).

A webhook has to prove that it wants events first. Until then they wait; once its handshake has failed there is no subscription, so nothing
is kept for it, as in Azure. A function's resource id proves itself."""

from collections.abc import Mapping
from typing import Any, Literal

from devkit.cloud.clock import Clock
from devkit.cloud.config.events import EventSubscription
from devkit.cloud.database import Database
from devkit.cloud.kept import Kept

State = Literal["Creating", "AwaitingManualAction", "Succeeded", "Failed"]

MANUAL_WITHIN = 600  # seconds for the GET of the validation URL


class Subscription:
    def __init__(self, database: Database, clock: Clock, configured: EventSubscription | None, *, name: str) -> None:
        self._clock = clock
        self._name = name
        self._kept = Kept(database, "event-grid-subscription", None if configured is None else dict(configured.said))
        self._progress = Kept(database, "event-grid-subscription-progress", None)
        self._settings = self._parsed()

    @property
    def settings(self) -> EventSubscription | None:
        return self._settings

    @property
    def matching(self) -> EventSubscription | None:
        """For which events are kept."""
        return None if self.state == "Failed" else self._settings

    @property
    def delivering(self) -> EventSubscription | None:
        return self._settings if self.state == "Succeeded" else None

    @property
    def state(self) -> State | None:
        settings, progress = self._settings, self._progress.get()
        if settings is None:
            return None
        if settings.destination == "azurefunction":
            return "Succeeded"
        if progress is None or progress["of"] != settings.said:
            return "Creating"
        if progress["state"] == "AwaitingManualAction" and self._clock.now() > progress["until"]:
            return "Failed"
        state: State = progress["state"]
        return state

    def set(self, value: Mapping[str, Any]) -> None:
        """What `value` leaves out stays as it is; with an endpoint of null nothing is kept or sent. Raises `ValueError`."""
        said = {**(self._kept.get() or {}), **value}
        if said.get("endpoint") is not None:
            try:
                EventSubscription.from_json(said, name=self._name)
            except KeyError as error:
                raise ValueError(f"the event subscription lacks {error}") from None
            except (TypeError, AttributeError) as error:
                raise ValueError(f"the event subscription is not as docs/decisions.md, 1.1 says: {error}") from None
        self._kept.set(said)
        self._progress.set(None)  # every change of a webhook is validated anew
        self._settings = self._parsed()

    def proceed(self, state: State, *, code: str, why: str | None = None) -> None:
        """How the handshake that sent `code` went."""
        settings = self._settings
        if settings is not None:
            until = self._clock.now() + MANUAL_WITHIN
            self._progress.set({"of": dict(settings.said), "state": state, "code": code, "until": until, "why": why})

    def awaits(self, code: str) -> bool:
        """Whether the handshake that sent `code` is under way."""
        settings, progress = self._settings, self._progress.get()
        if settings is None or progress is None or progress["of"] != settings.said:
            return False
        return self.state in {"Creating", "AwaitingManualAction"} and bool(progress["code"] == code)

    def validated_by_hand(self, code: str) -> bool:
        """The validation URL was fetched. False if it is too late, or another's."""
        if not self.awaits(code):
            return False
        self.proceed("Succeeded", code=code)
        return True

    def to_json(self) -> dict[str, Any]:
        if self._settings is None:
            return {"endpoint": None}
        said = {**self._settings.to_json(), "provisioningState": self.state}
        progress = self._progress.get()
        return said | ({"why": progress["why"]} if self.state == "Failed" and progress else {})

    def _parsed(self) -> EventSubscription | None:
        said = self._kept.get()
        return EventSubscription.from_json(said, name=self._name) if said and said.get("endpoint") else None

"""Events made to order: what cannot be caused here, and what nobody should ever send (acr.md 1.1, 1.2)."""

import copy
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from devkit.cloud.config.reading import text
from devkit.cloud.content.manifest import OCI_MANIFEST
from devkit.cloud.eventgrid.events import Action, Cause, RegistryEvents


@dataclass(frozen=True, slots=True)
class Order:
    action: Action
    target: Mapping[str, Any]
    copies: int  # the same envelope again, as Event Grid delivers it
    connected_registry: str | None
    locations: tuple[str, ...]  # of replicas: each tells of the push itself
    overrides: Mapping[str, Any]  # merged into the event, level by level
    without: tuple[str, ...]  # paths such as data.request.host

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Raises `KeyError` or `ValueError`."""
        known = {"action", "repository", "tag", "digest", "copies", "connectedRegistry", "locations", "overrides", "without"}
        if unknown := value.keys() - known:
            raise ValueError(f"an event is made of {', '.join(sorted(known))}: there is no {', '.join(sorted(unknown))}")
        action, copies, overrides = value.get("action", "push"), value.get("copies", 1), value.get("overrides") or {}
        if action not in {"push", "delete"}:
            raise ValueError("action is push or delete")
        if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= 1_000:
            raise ValueError("copies is a number from 1 to 1000")
        if not isinstance(overrides, dict):
            raise ValueError("overrides is an object, merged into the event")
        digest = text({"digest": f"sha256:{'0' * 64}", **value}, "digest")
        target: dict[str, Any] = {"mediaType": OCI_MANIFEST, "digest": digest, "repository": text(value, "repository")}
        if action == "push":
            target |= {"size": 1_609, "length": 1_609} | ({"tag": text(value, "tag")} if "tag" in value else {})
        return cls(
            action=action,
            target=target,
            copies=copies,
            connected_registry=None if value.get("connectedRegistry") is None else text(value, "connectedRegistry"),
            locations=_texts(value, "locations"),
            overrides=overrides,
            without=_texts(value, "without"),
        )


def _texts(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Raises `ValueError`."""
    texts = value.get(name) or []
    if not isinstance(texts, list) or not all(isinstance(one, str) and one for one in texts):
        raise ValueError(f"{name} is a list of texts")
    return tuple(texts)


def forge(order: Order, events: RegistryEvents, login_server: str) -> list[dict[str, Any]]:
    """In the order in which they are published."""
    made = events.event(order.action, order.target, Cause(login_server, "PUT" if order.action == "push" else "DELETE", "docker/27"))
    if order.connected_registry is not None:
        _from_connected_registry(made, order.connected_registry)
    shapes = [_from_replica(made, location, login_server) for location in order.locations] or [made]
    for shape in shapes:
        _merge(shape, order.overrides)
        for path in order.without:
            _remove(shape, path)
    return [shape for shape in shapes for _ in range(order.copies)]


def _from_connected_registry(event: dict[str, Any], name: str) -> None:
    """acr.md 1.1: no request, a topic of its own, another version of the data."""
    event["topic"] = f"{event['topic']}/connectedRegistries/{name}"
    event["dataVersion"] = "2.0"
    event["data"]["connectedRegistry"] = {"name": name}
    del event["data"]["request"]


def _from_replica(event: Mapping[str, Any], location: str, login_server: str) -> dict[str, Any]:
    """acr.md 1.1, 1.2: an event of its own, with the replica's location and regional name."""
    name, _, domain = login_server.partition(".")
    replica = copy.deepcopy(dict(event))
    replica["id"] = str(uuid.uuid4())
    replica["data"] |= {"id": str(uuid.uuid4()), "location": location}
    if "request" in replica["data"]:
        replica["data"]["request"]["host"] = f"{name}.{location}.geo.{domain}" if domain else f"{location}.geo.{login_server}"
    return replica


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _remove(event: dict[str, Any], path: str) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        event = event.get(parent, {})
        if not isinstance(event, dict):
            return
    event.pop(name, None)

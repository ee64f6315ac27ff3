"""The page of a registry: its repositories, what happened last, and the faults that are imposed on it."""

import json
from typing import Any

from aiohttp import web

from devkit.cloud.pages.frame import Page, page_of
from devkit.cloud.pages.markup import Html, element, facts, joined, table
from devkit.cloud.pages.show import moment, repository_link, size, state
from devkit.cloud.parts import Parts

LAST = 20  # events, and imports


def overview(parts: Parts, request: web.Request) -> Page:
    config, clock = parts.config, parts.clock.to_json()
    subscription = parts.eventgrid.to_json()
    skew = f", {clock['skewSeconds']:g} s off" if clock["skewSeconds"] else ""
    about = [
        ("cloud", config.name),
        ("login server", config.login_server),
        ("resource id", config.registry_id),
        ("time", joined([moment(clock["now"]), f", × {clock['scale']:g}{skew}"])),
        ("events go to", _endpoint(subscription)),
        ("outage", _outage(parts.faults.outage.to_json())),
    ]
    sections = [_faults(parts), _repositories(parts, request), _events(parts), _imports(parts)]
    return Page(config.registry_id.rpartition("/")[2], [facts(about), *filter(None, sections)])


def _endpoint(subscription: dict[str, Any]) -> object:
    """Without its query, which may hold a key: so it is answered by the control API too."""
    if subscription["endpoint"] is None:
        return "nobody"
    return element("span", subscription["endpoint"], " ", state(subscription.get("provisioningState", "")))


def _outage(outage: dict[str, Any]) -> object:
    if outage["how"] == "up":
        return None
    left = "" if outage["secondsLeft"] is None else f", for {outage['secondsLeft']:.0f} s"
    return element("span", f"every port but this one {outage['how']}{left}", class_="bad")


def _faults(parts: Parts) -> Html | None:
    """The rules in force. What a rule looks for in a body may be a secret."""
    rules = parts.faults.book.to_json()
    rows = [
        [
            rule["id"],
            f"{rule['service']} {rule.get('method') or ''}",
            rule.get("path") or "",
            element("code", json.dumps(rule["fault"], ensure_ascii=False)),
            rule["matched"],
            rule["fired"],
            moment(rule["last"]),
        ]
        for rule in rules
    ]
    return table("Faults", ["rule", "service", "path", "fault", "matched", "fired", "last"], rows) if rules else None


def _repositories(parts: Parts, request: web.Request) -> Html:
    names, more = page_of(request, "after", parts.store.repositories, str)
    rows = []
    for name in names:
        manifests, tags, updated = parts.store.counts(name)
        rows.append([repository_link(name), tags, manifests, moment(updated)])
    return table("Repositories", ["name", "tags", "manifests", "changed"], rows, more=more)


def _events(parts: Parts) -> Html:
    """The newest first."""
    rows = [
        [
            moment(event["published"]),
            event["eventType"].removeprefix("Microsoft.ContainerRegistry."),
            event["subject"],
            state(event["state"]),
            event["attempts"],
            event["lastOutcome"] or event["lastStatus"] or "",
            event["reason"] or "",
            moment(event["due"]),
        ]
        for event in reversed(parts.eventgrid.queue.to_json(LAST))
    ]
    head = ["published", "event", "subject", "delivery", "attempts", "last answer", "reason", "next"]
    return table("Last events", head, rows)


def _imports(parts: Parts) -> Html:
    """The newest first."""
    rows = [
        [
            moment(one["began"]),
            one["sourceImage"],
            state(one["state"]),
            moment(one["ended"]),
            size(one["bytes"]),
            f"{one['error']['code']}: {one['error']['message']}" if one["error"] else "",
        ]
        for one in reversed(parts.importer.operations.to_json(LAST))
    ]
    return table("Last imports", ["began", "from", "state", "ended", "copied", "error"], rows)

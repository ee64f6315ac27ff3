"""What one event is made of, apart from what is done with it: inputs, answers, pauses and outputs of its orchestrations, out of the
histories, and the requests of each step. The floor of the CPU's figure goes through all that again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.pipeline.bearers import Bearers
from bench.pipeline.counting import calls_of, requests_since
from devkit.host.clock import moment_of
from devkit.local.clouds import PULL_TOKEN
from devkit.local.images import MANIFEST
from registries.armclient import API
from registries.manifests import ACCEPT
from tests.e2e.running import Json, Site

AGENT = "azsdk-python-multi-cloud-publish-bench Python/3.11.0 (Linux-0.0.0-x86_64-with-glibc2.00)"  # as long as the app's
Asked = list[list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Event:
    """That was replicated. `run`: its instance."""

    run: str
    repository: str
    tag: str
    digest: str


def asked_in(site: Site, event: Event, since: datetime) -> Asked:
    """`{side, method, path}` of the requests of each step. The stack has one target, and nothing else happened there."""
    (target,) = [name for name in site.registries if name != "source"]
    calls = calls_of(site, f"{event.run}~{target}")
    asked: Asked = [[] for _ in calls]
    for one in requests_since(site, since):
        (number,) = [number for number, call in enumerate(calls) if call.begin <= one.at <= call.end]
        path = one.path.replace(event.digest, "{digest}").replace(f"/manifests/{event.tag}", "/manifests/{tag}")
        path = path.replace(site.registries[target].registry_id, "")  # a URL's path has it, of each target its own
        asked[number].append({"side": one.side, "method": one.method, "path": path + (f"?api-version={API}" if one.side == "ARM" else "")})
    return asked


def shape_of(site: Site, event: Event, asked: Asked) -> dict[str, Any]:
    """`pauses`: after each answer, in seconds; None where there was none."""
    target = next(name for name in site.registries if name != "source")
    whole, one = site.instance(event.run), site.instance(f"{event.run}~{target}")
    answers: list[Any] = []
    pauses: list[float | None] = []
    for row in one["historyEvents"]:
        if row["EventType"] == "TaskCompleted":
            answers.append(row["Result"])
            pauses.append(None)
        if row["EventType"] == "TimerCreated":
            pauses[-1] = (moment_of(row["FireAt"]) - moment_of(row["Timestamp"])) / timedelta(seconds=1)
    return {
        "event": json.loads(whole["input"]),
        "first": next(row["Result"] for row in whole["historyEvents"] if row["EventType"] == "TaskCompleted"),
        "run": json.loads(one["input"]),
        "answers": answers,
        "pauses": pauses,
        "outcome": one["output"],
        "ended": whole["output"],
        "requests": asked,
        "media_type": MANIFEST,
    }


def sides_of(site: Site, repository: str) -> dict[str, Any]:
    """Where and with which headers the sides of each target of a running stack are asked; of ARM the body of an import as well."""
    bearers, plain = Bearers(site, repository), {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    source = _registry(site, "source", bearers, plain)
    sides = {}
    for target in json.loads(site.stack.app_settings["ReplicationTargets"]):
        arm = {
            "url": f"{target['cloud']['resourceManager']}{target['registry']}",
            "headers": {**plain, "Authorization": bearers.of_arm(target), "Content-Type": "application/json", "Accept": "*/*"},
            "body": _import(site, repository),
        }
        sides[target["name"]] = {"source": source, "target": _registry(site, target["name"], bearers, plain), "ARM": arm}
    return sides


def _registry(site: Site, name: str, bearers: Bearers, plain: dict[str, str]) -> Json:
    headers = {**plain, "Authorization": bearers.of_registry(name), "Accept": ACCEPT}
    return {"url": f"https://{site.registries[name].login_server}", "headers": headers}


def _import(site: Site, repository: str) -> Json:
    password = site.stack.app_settings["SourceACRPullTokenPassword"]
    return {
        "source": {
            "registryUri": site.ends.source.login_server,
            "sourceImage": f"{repository}@{{digest}}",
            "credentials": {"username": PULL_TOKEN, "password": password},
        },
        "targetTags": [],
        "untaggedTargetRepositories": [repository],
        "mode": "Force",
    }


def same_steps(app: Json, floor: Json) -> bool:
    """Whether two histories of an instance have the same events, in number and kind."""
    return kinds(app["historyEvents"]) == kinds(floor["historyEvents"])


def kinds(rows: Sequence[Json]) -> list[str]:
    return [row["EventType"] for row in rows]

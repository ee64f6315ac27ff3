"""An instance's history as a test reads it."""

from typing import Any

from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.end import canonical, difference
from tests.devkit.host.running import Host

QUIET = {Kind.ORCHESTRATOR_STARTED, Kind.ORCHESTRATOR_COMPLETED}


def events(host: Host, instance: str, *kinds: Kind) -> list[dict[str, Any]]:
    return [each for each in host.history(instance) if not kinds or each["EventType"] in kinds]


def story(host: Host, instance: str) -> list[str]:
    """Kinds and names in their order, without the bounds of episodes: how many messages share one is chance."""
    kept = [each for each in host.history(instance) if each["EventType"] not in QUIET]
    return [" ".join(filter(None, (Kind(each["EventType"]).name, each.get("Name")))) for each in kept]


def different(host: Host, instance: str, twin: str, child: str = "") -> str:
    """Nothing if two instances, or their children, have the same history but for their ids, times and the order of what has none; else
    where they differ. `child`: what the id of one has behind its parent's."""

    def lines(parent: str) -> list[str]:
        return sorted(line.replace(parent, "ID") for line in canonical(host.history(f"{parent}{child}")))

    return difference(lines(twin), lines(instance))


def episodes(host: Host, instance: str) -> list[list[str]]:
    """The story, cut at the beginning of each episode."""
    cut: list[list[str]] = []
    for each in host.history(instance):
        if each["EventType"] == Kind.ORCHESTRATOR_STARTED:
            cut.append([])
        elif each["EventType"] != Kind.ORCHESTRATOR_COMPLETED:
            cut[-1].append(" ".join(filter(None, (Kind(each["EventType"]).name, each.get("Name")))))
    return cut

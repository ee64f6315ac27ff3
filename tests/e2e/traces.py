"""Traces as two write them: the app's spans as a collector received them, and the Durable extension's, which the host keeps in a file."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from tests.e2e.eventually import eventually
from tests.e2e.otlp import Receiver, Span
from tests.e2e.running import Json, Site


@dataclass(frozen=True)
class Trace:
    app: list[Span]
    host: list[Json]

    @classmethod
    def so_far(cls, site: Site, collector: Receiver, trace: str) -> Self:
        return cls(
            [one for one in collector.spans() if one.trace == trace], [one for one in written(site, DURABLE) if one["trace"] == trace]
        )

    @property
    def parents(self) -> dict[str, str | None]:
        return {one.span: one.parent for one in self.app} | {one["span"]: one["parent"] for one in self.host}

    def ancestors(self, span: str) -> list[str]:
        parents, found = self.parents, [span]
        while (above := parents.get(found[-1])) is not None:
            found.append(above)
        return found


DURABLE, APP = "DurableTask.Core", "multi-cloud-publish"


def written(site: Site, scope: str) -> list[Json]:
    lines = (site.ends.state / "host/spans.jsonl").read_text().splitlines()
    return [one for one in map(json.loads, lines) if one["scope"] == scope]


def whole_trace(site: Site, collector: Receiver, run: str) -> Trace:
    """Once the orchestration has ended, and all that the app has written of it here has come to the collector."""

    def ended() -> Trace | None:
        whole = [one for one in written(site, DURABLE) if one["attributes"]["durabletask.task.instance_id"] == run]
        trace = next((one["trace"] for one in whole if one["kind"] == "server" and one["name"].startswith("orchestration:")), None)
        if trace is None:
            return None
        here = Trace.so_far(site, collector, trace)
        return here if {one["span"] for one in written(site, APP) if one["trace"] == trace} <= {one.span for one in here.app} else None

    found = eventually(ended, bool)
    assert found is not None
    return found


def as_text(trace: Trace) -> str:
    """A task's two spans (client, and server below it) are one line; so are a step's requests, in no order. Timers are left out, and who of
    the targets reads the source's manifest for both."""
    below: dict[str | None, list[tuple[str, str, str]]] = defaultdict(list)
    for task in trace.host:
        if not task["name"].endswith(":timer"):
            below[task["parent"]].append((task["start"], task["name"].partition("@")[0], task["span"]))
    steps = {one.parent: one for one in trace.app if one.kind == "internal"}
    assert len(steps) == len([one for one in trace.app if one.kind == "internal"]), "two steps for one activity"

    def asked(step: Span) -> str:
        requests = [one for one in trace.app if (one.kind, one.parent) == ("client", step.span)]
        told = [f"{one.name} {one.attributes['replication.service']} {one.attributes['http.response.status_code']}" for one in requests]
        return ", ".join(sorted(one for one in told if (step.name, one[:3]) != ("verify_digest", "GET")))

    def lines(span: str, name: str, depth: int) -> Iterator[str]:
        server = [child for _, child_name, child in below[span] if child_name == name]
        at = server[0] if server else span
        step = steps.get(at)
        yield f"{' ' * depth}{name}{f' > {step.name}: {asked(step)}' if step else ''}\n"
        for _, child_name, child in sorted(below[at]):
            yield from lines(child, child_name, depth + 1)

    (root,) = [one for one in trace.app if one.name == "on_image_event"]
    return "on_image_event\n" + "".join(text for _, name, child in below[root.span] for text in lines(child, name, 1))

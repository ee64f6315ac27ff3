"""What clouds and host have written down themselves, read beside them: what is under way, and what has been.

Each has a clock of its own, which runs `scale` times as fast as the machine's; moments are handed out by the machine's, in seconds since
the epoch, so that they can be compared."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.aftermath import FOREVER, Past
from tests.chaos.moments import Clock, cloud_clock, host_clock, reading
from tests.e2e.running import Site

RUN = "replicate_image_event"
OPEN = "status NOT IN ('Completed', 'Failed', 'Terminated', 'Canceled')"
SOURCE_INCOMPLETE = '"state": "waiting: source_incomplete"'


@dataclass(frozen=True, slots=True)
class Told:
    """An event, or the run that came of it."""

    repository: str
    tag: str | None
    digest: str | None
    action: str
    began: float = 0.0
    ended: float | None = None  # None: under way
    instance: str = ""
    outcomes: Sequence[Mapping[str, Any]] = field(default=())


@dataclass(frozen=True, slots=True)
class Import:
    repository: str
    digest: str
    operation: str
    began: float
    ended: float | None


class Records:
    def __init__(self, site: Site) -> None:
        self._host = site.ends.app.database
        self._clouds = {name: site.ends.state / "clouds" / name / "cloud.db" for name in site.clouds}
        self.targets = [registry.name for registry in site.ends.targets]

    # What is under way

    def queued(self) -> list[Told]:
        """Events that have not come through yet."""
        with reading(self._clouds["source"]) as database:
            rows = database.execute("SELECT body FROM deliveries WHERE state = 'pending'").fetchall()
        events = [json.loads(body) for (body,) in rows]
        return [_told(event["data"]["target"], event["data"]["action"]) for event in events]

    def running(self) -> list[Told]:
        return [run for run in self.runs(OPEN) if run.ended is None]

    def load(self) -> int:
        """Steps that wait for their turn, or are being done."""
        with reading(self._host) as database:
            ((steps,),) = database.execute("SELECT count(*) FROM activity").fetchall()
        return int(steps)

    def backlog(self) -> int:
        """Events that have not come through, and runs that have not ended; those that wait for the source's own are none."""
        waiting = self._count("source", "SELECT count(*) FROM deliveries WHERE state = 'pending'")
        with reading(self._host) as database:
            rows = database.execute(f"SELECT id, name, custom_status FROM instance WHERE {OPEN}").fetchall()
        parts = [(instance.rpartition("~")[0], SOURCE_INCOMPLETE in (status or "")) for instance, name, status in rows if name != RUN]
        idle = {run for run, incomplete in parts if incomplete} - {run for run, incomplete in parts if not incomplete}
        return waiting + sum(1 for instance, name, _ in rows if name == RUN and instance not in idle)

    def importing(self) -> int:
        return sum(self._count(target, "SELECT count(*) FROM operations WHERE state = 'running'") for target in self.targets)

    def active(self) -> int:
        """Instances that have not ended, of all kinds; but those that wait for what the source's own index lacks, which may be for days,
        and the runs that have nothing else to wait for."""
        with reading(self._host) as database:
            rows = database.execute(f"SELECT id, name, custom_status FROM instance WHERE {OPEN}").fetchall()
        waiting = [instance for instance, _, status in rows if SOURCE_INCOMPLETE in (status or "")]
        parts = [instance for instance, name, _ in rows if name != RUN]
        idle = set(waiting) | {run for part in waiting if (run := part.rpartition("~")[0])}
        busy = {part.rpartition("~")[0] for part in parts if part not in waiting}
        return sum(1 for instance, _, _ in rows if instance not in idle or instance in busy)

    # What has been

    def runs(self, which: str = "1") -> list[Told]:
        with reading(self._host) as database:
            clock = host_clock(database)
            statement = f"SELECT id, status, input, output, created, updated FROM instance WHERE name = ? AND {which}"
            rows = database.execute(statement, (RUN,)).fetchall()
        return [_run(row, clock) for row in rows]

    def broken(self) -> list[str]:
        """Instances in which a bug threw."""
        with reading(self._host) as database:
            rows = database.execute("SELECT id, output FROM instance WHERE status = 'Failed'").fetchall()
        return [f"{instance}: {output}" for instance, output in rows]

    def deliveries(self) -> Mapping[str, int]:
        """Events by the state of their delivery."""
        with reading(self._clouds["source"]) as database:
            return dict(database.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())

    def imports(self, target: str) -> list[Import]:
        with reading(self._clouds[target]) as database:
            clock = cloud_clock(database)
            rows = database.execute("SELECT id, source_image, began, ended FROM operations").fetchall()
        return [_import(row, clock) for row in rows]

    def extra_imports(self, target: str) -> int:
        """Of what had been begun before, into the same repository, and did not fail."""
        with reading(self._clouds[target]) as database:
            statement = "SELECT count(*) - count(DISTINCT source_image) FROM operations WHERE state = 'succeeded'"
            ((extra,),) = database.execute(statement).fetchall()
        return int(extra)

    def deletions(self) -> list[tuple[str, str, float]]:
        """Repository, digest and moment of each manifest that the source has lost."""
        with reading(self._clouds["source"]) as database:
            clock = cloud_clock(database)
            rows = database.execute("SELECT repository, digest, until FROM manifests WHERE until IS NOT NULL").fetchall()
        return [(repository, digest, clock(until)) for repository, digest, until in rows]

    def past(self, cloud: str) -> Past:
        """All that its registry has ever held, by the machine's clock."""
        with reading(self._clouds[cloud]) as database:
            clock, found = cloud_clock(database), Past()
            tags = database.execute("SELECT repository, name, since, until, digest FROM tags ORDER BY since").fetchall()
            manifests = database.execute("SELECT repository, digest, since, until, content FROM manifests ORDER BY since").fetchall()
        for repository, name, since, until, digest in tags:
            found.tags.setdefault((repository, name), []).append((clock(since), _end(until, clock), digest))
        for repository, digest, since, until, content in manifests:
            found.manifests.setdefault((repository, digest), []).append((clock(since), _end(until, clock)))
            if digest not in found.children and (listed := json.loads(content).get("manifests")):
                found.children[digest] = tuple(child["digest"] for child in listed)
        return found

    def covered(self) -> dict[str, list[tuple[float, float]]]:
        """When an event or a run of a repository was under way."""
        with reading(self._clouds["source"]) as database:
            clock = cloud_clock(database)
            statement = "SELECT body, published, attempted, state FROM deliveries WHERE state IN ('pending', 'delivered')"
            rows = database.execute(statement).fetchall()
        found: dict[str, list[tuple[float, float]]] = {}
        for body, published, attempted, state in rows:
            repository = json.loads(body)["data"]["target"]["repository"]
            found.setdefault(repository, []).append((clock(published), _end(attempted if state == "delivered" else None, clock)))
        for run in self.runs():
            found.setdefault(run.repository, []).append((run.began, FOREVER if run.ended is None else run.ended))
        return found

    def works(self) -> dict[str, dict[str, Any]]:
        """What each target's part of a run is about, by instance."""
        with reading(self._host) as database:
            rows = database.execute("SELECT id, input FROM instance WHERE name = 'publish_to_target'").fetchall()
        return {instance: _unwrapped(given)["work"] for instance, given in rows}

    def steps(self, *names: str) -> Iterator[tuple[str, str, float, float]]:
        """Instance, name, begin and end of each time that one of these activities ran, in the order in which they ended."""
        with reading(self._host) as database:
            clock = host_clock(database)
        wanted = {f"activity:{name}" for name in names}
        with self._host.with_name("spans.jsonl").open() as lines:
            for line in lines:
                if line.startswith('{"name": "activity:') and line.endswith("\n") and (span := json.loads(line))["name"] in wanted:
                    instance = span["attributes"]["durabletask.task.instance_id"]
                    yield instance, span["name"].partition(":")[2], clock(span["start"]), clock(span["end"])

    def unanswered(self) -> list[tuple[str, str, str, float]]:
        """Target, repository, digest and moment of each `start_import` of which the host has no result; ask while it is dead."""
        statement = "SELECT activity.input, history.event FROM activity JOIN history ON history.id = activity.id WHERE activity.name = ?"
        with reading(self._host) as database:
            clock = host_clock(database)
            rows = database.execute(statement, ("start_import",)).fetchall()
        found: dict[str, float] = {}
        for given, event in rows:
            scheduled = json.loads(event)
            if scheduled.get("Name") == "start_import":
                found[given] = max(found.get(given, 0.0), clock(scheduled["Timestamp"]))
        works = [(_unwrapped(given), moment) for given, moment in found.items()]
        return [(work["target"], work["repository"], work["digest"], moment) for work, moment in works]

    def _count(self, cloud: str, statement: str) -> int:
        with reading(self._clouds[cloud]) as database:
            ((number,),) = database.execute(statement).fetchall()
        return int(number)


def _end(moment: float | None, clock: Clock) -> float:
    return FOREVER if moment is None else clock(moment)


def _told(target: Mapping[str, Any], action: str) -> Told:
    return Told(target["repository"], target.get("tag"), target.get("digest"), action)


def _run(row: Sequence[Any], clock: Clock) -> Told:
    instance, status, given, output, created, updated = row
    event = _unwrapped(given)["event"]
    ended = clock(updated) if status in ("Completed", "Failed", "Terminated", "Canceled") else None
    outcomes = (json.loads(output) or {}).get("outcomes", ()) if output and status == "Completed" else ()
    return Told(event["repository"], event["tag"], event["digest"], event["action"], clock(created), ended, instance, outcomes)


def _import(row: Sequence[Any], clock: Clock) -> Import:
    operation, image, began, ended = row
    repository, _, digest = image.partition("@")
    return Import(repository, digest, operation, clock(began), None if ended is None else clock(ended))


def _unwrapped(text: str) -> dict[str, Any]:
    """An input, which may be JSON in JSON."""
    value = json.loads(text)
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found

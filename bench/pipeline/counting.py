"""What one event makes: the app's requests as the clouds recorded them, each put to the step in whose time it fell, and the steps as the
histories have them. For a stack with one target, on which nothing else happens."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from devkit.host.clock import moment_of
from tests.e2e.running import Json, Site

CHECKS = ("check_import", "verify_digest")
REASONS: Mapping[tuple[str, str, str], str] = {
    ("look", "source", "HEAD"): "what the tag means at the source, or whether the digest is there (rule 1)",
    ("look", "source", "GET"): "absence needs the registry's own code (rule 8); or the bytes of what was pushed by its digest",
    ("look", "target", "HEAD"): "what the target holds there (rule 1)",
    ("look", "target", "GET"): "absence needs the registry's own code (rule 8); or the tags on a digest, before it goes",
    ("start_import", "ARM", "POST"): "the import (rule 2)",
    ("start_import", "source", "GET"): "what an index lists: ARM takes no more than 50",
    ("check_import", "ARM", "GET"): "how the import stands, no sooner than ARM said (rule 5)",
    ("verify_digest", "target", "HEAD"): "whether it has arrived, each child of an index too; or what the tag means after the PUT (rule 8)",
    ("verify_digest", "source", "GET"): "what an index lists, read from the source's bytes",
    ("move_tag", "source", "GET"): "what the tag means right before the PUT, and the bytes (rule 2)",
    ("move_tag", "target", "PUT"): "the tag (rule 2)",
    ("delete_artifact", "source", "HEAD"): "whether the source has it again, right before the DELETE (rule 2)",
    ("delete_artifact", "source", "GET"): "absence needs the registry's own code (rule 8)",
    ("delete_artifact", "target", "DELETE"): "the deletion",
}


@dataclass(frozen=True, slots=True)
class Call:
    """Of an activity. `check`: of how an import stands, by ARM or by the target; a verify_digest after a move_tag looks at the tag."""

    name: str
    answer: Mapping[str, Any]
    begin: datetime
    end: datetime
    check: bool


@dataclass(frozen=True, slots=True)
class Request:
    at: datetime
    cloud: str
    side: str
    method: str
    path: str
    status: int
    connection: str
    step: str

    @property
    def reason(self) -> str:
        return REASONS.get((self.step, self.side, self.method), "")


@dataclass(frozen=True, slots=True)
class Made:
    """`waits`: looks for somebody else's import of what was pushed by its digest."""

    requests: Sequence[Request]
    calls: Sequence[Call]
    waits: int

    @property
    def checks(self) -> int:
        return sum(call.check for call in self.calls) - self.waits

    @property
    def asked_arm(self) -> int:
        return sum(call.name == "check_import" for call in self.calls)

    @property
    def connections(self) -> int:
        return len({request.connection for request in self.requests})

    @property
    def ledger(self) -> int:
        """Requests to Table storage (ledger/tables.py): an insert for a claim, a read and a write for each change of a row."""
        claims = [call for call in self.calls if call.name == "start_import" and "generation" in call.answer]
        begun = [call for call in claims if call.answer["state"] == "running"]
        return len(claims) + 4 * len(begun)  # it was started, and has ended


def requests_since(site: Site, since: datetime, calls: Sequence[Call] = ()) -> list[Request]:
    """The app's, in their order."""
    return sorted(chain.from_iterable(_requests(site, name, calls, since) for name in site.clouds), key=lambda one: one.at)


def made_by(site: Site, runs: Sequence[str], since: datetime) -> Made:
    """`runs` have ended, and are all that ran since then."""
    calls = list(chain.from_iterable(calls_of(site, instance) for run in runs for instance in instances_of(site, run)))
    return Made(requests_since(site, since, calls), calls, sum(_waits(site, run) for run in runs))


def instances_of(site: Site, run: str) -> list[str]:
    return [run, *(f"{run}~{name}" for name in site.registries if name != "source")]


def calls_of(site: Site, instance: str) -> list[Call]:
    """Those of an instance's last generation; none when there is no such instance."""
    ended = [one for one in site.instance(instance).get("historyEvents", ()) if one["EventType"] == "TaskCompleted"]
    names = [one["FunctionName"] for one in ended]
    return [_call(one, check=one["FunctionName"] in CHECKS and names[place - 1] != "move_tag") for place, one in enumerate(ended)]


def _call(row: Json, *, check: bool) -> Call:
    answer = row.get("Result") or {}
    return Call(row["FunctionName"], answer, moment_of(row["ScheduledTime"]), moment_of(row["Timestamp"]), check)


def _waits(site: Site, run: str) -> int:
    """Looks for what an index may bring come before any import, and only where no tag was pushed."""
    total = 0
    for instance in instances_of(site, run)[1:] if ":-~" in run else ():
        names = [call.name for call in calls_of(site, instance)]
        total += names[: names.index("start_import") if "start_import" in names else len(names)].count("verify_digest")
    return total


def _requests(site: Site, cloud: str, calls: Sequence[Call], since: datetime) -> list[Request]:
    return [_request(cloud, one, calls) for one in site.clouds[cloud].requests() if _ours(one) and moment_of(one["at"]) >= since]


def _ours(row: Json) -> bool:
    """The app's: azure-core names itself, the clouds' own copier does not."""
    return str(row["agent"]).startswith("azsdk-python")


def _request(cloud: str, row: Json, calls: Sequence[Call]) -> Request:
    at = moment_of(row["at"])
    side = {"arm": "ARM", "entra": "Entra"}.get(row["service"]) or ("source" if cloud == "source" else "target")
    steps = [call.name for call in calls if call.begin <= at <= call.end]
    step = next((name for name in steps if (name, side, row["method"]) in REASONS), steps[0] if steps else "?")
    return Request(at, cloud, side, row["method"], row["path"], row["status"], row["connection"], step)


def counted(names: Sequence[str]) -> str:
    """`2 look, 1 move_tag`."""
    return ", ".join(f"{many} {name}" for name, many in Counter(names).items())

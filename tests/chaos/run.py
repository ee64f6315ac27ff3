"""One run: the site, what is done to it and what befalls it, quiet, and the judge's word."""

import json
import resource
import secrets
import shutil
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devkit.local.child import ROOT
from devkit.local.clouds import RIGHTS
from devkit.local.ports import free_ports
from tests.chaos.accidents import Disaster, accidents
from tests.chaos.aftermath import deviations, left_alone
from tests.chaos.hands import Hands
from tests.chaos.inventory import take
from tests.chaos.judge import Difference, compare
from tests.chaos.plan import Operation, plan
from tests.chaos.provoked import Provoker
from tests.chaos.quiet import until_quiet
from tests.chaos.races import KILLED, counted
from tests.chaos.reader import Reader
from tests.chaos.records import Records
from tests.chaos.report import Report
from tests.chaos.source import Source
from tests.chaos.weather import IMPORTS_LAST, LATEST, PAUSES, TOKENS_LAST, set_events, set_weather
from tests.e2e.eventually import eventually
from tests.e2e.plainhttp import Answer
from tests.e2e.running import Site
from tests.e2e.search import leaks

BUSIEST = 24  # steps that wait for their turn: then nothing more is done to the source for a moment
MOST = 45  # events and runs under way, of which many only settle: the same
FEW = 10  # runs and events: then the weather calms, or when it has been long enough
CALM_WITHIN = 120.0  # seconds
REST = 0.05  # seconds
NOTED = 500  # operations; the notes of every byte that leaves the app would be gigabytes in a longer run
WITHIN = 1800.0  # seconds, for a reconciliation
TOLD_EACH = 100  # operations
SERVICES = ("registry", "registry's tokens", "arm", "arm's looks", "entra")  # as the weather names them
# Seconds by the machine's clock, which is the app's: what refuses a token that it got less than a minute ago is taken for a missing right.
REFRESH_LASTS = 65.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    seed: int
    operations: int
    targets: int
    scale: float
    dropped: float
    unkind: str
    folder: Path


class Chaos:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._began = time.monotonic()
        self._operations = plan(options.seed, options.operations)
        self._seconds: dict[str, float] = {}
        self._rules: dict[str, Sequence[Mapping[str, Any]]] = {}  # each cloud's faults, with their counts
        self._places = [options.folder / f"site-{options.seed}{part}" for part in ("", "-egress")]
        self._clear()
        unkind = ("--unkind", options.unkind, "--seed", str(options.seed)) if options.unkind else ()
        self.site = Site(self._places[0], options.targets, ROOT, options.scale, unkind, **PAUSES)
        if options.operations > NOTED:
            for name in self.site.notes.environment:
                del self.site.stack.host.environment[name]
        if options.dropped:
            give_listing(self.site)
        for cloud in self.site.stack.clouds.values():
            cloud.settings["imports"]["latencySeconds"] = IMPORTS_LAST
            cloud.settings["lifetimes"] = {
                "entraSeconds": TOKENS_LAST,
                "refreshSeconds": REFRESH_LASTS * options.scale,
                "accessSeconds": TOKENS_LAST,
            }
        kinds = Counter(operation.kind for operation in self._operations)
        self._report = Report(
            seed=options.seed, operations=options.operations, targets=options.targets, dropped=options.dropped, kinds=kinds
        )

    def run(self) -> Report:
        site, options, report = self.site, self._options, self._report
        with site.stack:
            self._took("start")
            records = Records(site)
            hands = Hands(site.ends.source, site.ends.ca, Source())
            reader = Reader(site.ends.targets, site.ends.ca, hands, records)
            disaster = Disaster(site, records, accidents(options.seed, options.operations, records.targets))
            reader.start()
            provoked = Provoker(site, hands, records).all(disaster)
            self._took("provoked")
            for name, cloud in site.clouds.items():
                set_weather(cloud, name, options.seed)
            set_events(site.clouds["source"], options.seed, options.dropped)
            disaster.start()
            for operation in self._operations:
                if operation.number % TOLD_EACH == 0:
                    print(f"operation {operation.number} of {options.operations}", file=sys.stderr, flush=True)
                disaster.reached(operation.number)
                self._do(operation, hands, records)
            disaster.finish()
            self._took("operations")
            self._calm(records)
            report.never_quiet = until_quiet(records, options.scale)
            if options.dropped and not report.never_quiet:
                report.reconciled = self._reconcile()
                report.never_quiet = until_quiet(records, options.scale)
            self._took("quiet")
            report.seen = reader.stop()
            report.differences = self._judge(hands.source)
            self._took("judge")
            self._count(records, disaster, provoked)
            site.stack.host.kill()  # what it has not written whole is searched too
            report.secrets = leaks(site)
        report.strays = site.strays()
        self._took("search")
        own, theirs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        cpu = {"CPU of clouds and host": theirs.ru_utime + theirs.ru_stime, "CPU of all else": own.ru_utime + own.ru_stime}
        report.seconds = {**self._seconds, **cpu}
        if not report.troubles():
            self._clear()
        return report

    def _clear(self) -> None:
        """What lies there is kept where something went wrong, until the same seed runs again."""
        for place in self._places:
            shutil.rmtree(place, ignore_errors=True)

    def _do(self, operation: Operation, hands: Hands, records: Records) -> None:
        for step in operation.steps:
            hands.do(step)
        while records.load() > BUSIEST or records.backlog() > MOST:
            time.sleep(REST)

    def _calm(self, records: Records) -> None:
        """Nothing fails any more, once most of what was done has gone through it and what was held back has landed: some runs have pauses
        before them that have doubled many times."""
        deadline = time.monotonic() + CALM_WITHIN
        while records.backlog() > FEW and time.monotonic() < deadline:
            time.sleep(REST)
        time.sleep(LATEST / self._options.scale)
        self._rules = {name: cloud.faults() for name, cloud in self.site.clouds.items()}
        for cloud in self.site.clouds.values():
            cloud.behave()

    def _reconcile(self) -> str:
        """The app's own, once: how it ended."""
        site = self.site
        answer: Answer = site.app.send("POST", "/api/reconcile", {"x-functions-key": site.ends.app.key}, b"{}")
        assert answer.status == 202, answer
        instance: str = answer.json()["instance"]
        eventually(lambda: site.instance(instance)["runtimeStatus"], lambda status: status not in ("Pending", "Running"), within=WITHIN)
        return f"instance {instance}: {site.instance(instance)['output']}"

    def _judge(self, source: Source) -> list[Difference]:
        site = self.site
        wanted = take(site.ends.source, site.ends.ca)
        model = {name: set(one.manifests) for name, one in source.repositories.items() if one.manifests}
        assert {name: set(one.manifests) for name, one in wanted.items()} == model, "the source does not hold what was done to it"
        assert all(wanted[name].tags == source.of(name).tags for name in model), "the source's tags are not what was done to them"
        untagged = {key for key, meanings in source.meanings.items() if meanings[-1].untagged and not self._options.dropped}
        targets = site.ends.targets
        return [one for target in targets for one in compare(wanted, take(target, site.ends.ca), target.name, untagged)]

    def _count(self, records: Records, disaster: Disaster, provoked: int) -> None:
        report, site = self._report, self.site
        report.faults, report.calls = fault_counts(self._rules)
        chaos = site.clouds["source"].event_chaos()
        report.events = {**records.deliveries(), **{name: chaos[name] for name in ("doubled", "delayed", "dropped")}}
        report.races = counted(records, self._rules)
        report.races.chance[KILLED], report.races.provoked[KILLED] = disaster.caught, provoked
        report.accidents = dict(disaster.done)
        source, covered, end = records.past("source"), records.covered(), time.time()
        found = [one for name in records.targets for one in deviations(source, records.past(name), name, end)]
        report.deviations = Counter(one.kind for one in found)
        report.longest = {kind: max(one.lasted for one in found if one.kind == kind) for kind in report.deviations}
        report.alone = [f"{one}, {seconds:.2f} s of it with no run under way" for one, seconds in left_alone(found, covered)]
        imports = [one for target in records.targets for one in records.imports(target)]
        report.imports = len(imports)
        report.extra_imports = sum(records.extra_imports(target) for target in records.targets)
        runs = records.runs()
        report.runs, report.broken = len(runs), records.broken()
        report.outcomes = Counter(outcome["outcome"] for run in runs for outcome in run.outcomes)
        report.failures = list(unexplained(runs))

    def _took(self, what: str) -> None:
        """A part of it is over."""
        now = time.monotonic()
        print(f"{what}: {now - self._began:.0f} s", file=sys.stderr, flush=True)
        self._seconds[what], self._began = now - self._began, now


def give_listing(site: Site) -> None:
    """Reconciliation needs to list the source, as a managed identity of the app may, and to remove what no event told of."""
    (port,), header = free_ports(1, beside=[port for port, _ in site.stack.ports]), secrets.token_urlsafe(32)
    settings, source = site.stack.app_settings, site.stack.clouds["source"].settings
    targets = [{**target, "extras": "remove"} for target in json.loads(settings["ReplicationTargets"])]
    identity = {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{port}/msi/token", "IDENTITY_HEADER": header}
    settings |= {"ReplicationTargets": json.dumps(targets), "SourceListingIdentity": "system", **identity}
    site.secrets["the header of the managed identity"] = header
    may = [f"{RIGHTS}/read", f"{RIGHTS}/pull/read"]
    source["managedIdentity"] = {"header": header, "identities": [{"clientId": str(uuid.uuid4()), "assigned": "system", "actions": may}]}
    source["ports"]["identity"] = port


def fault_counts(rules: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[dict[str, int], dict[str, int]]:
    """How often each kind has fired; and how many calls of the app there were, by their service, as the first rule of each has counted
    them, with those of them that failed."""
    fired, calls = Counter[str](), Counter[str]()
    for rule in (rule for told in rules.values() for rule in told):
        service, _, kind = rule["id"].partition(": ")
        fired[rule["id"]] += rule["fired"]
        if service in SERVICES:
            calls[service] += rule["matched"] if kind == "429" else 0
            calls[f"{service}, failed"] += 0 if kind.startswith("stale") else rule["fired"]
    return {name: count for name, count in fired.items() if count}, dict(calls)


def unexplained(runs: Sequence[Any]) -> Iterator[str]:
    """All faults pass, so nothing may fail, but for what the source's own index lacks."""
    for run in runs:
        for outcome in run.outcomes:
            failure = outcome.get("failure") or {}
            if outcome["outcome"] == "failed" and failure.get("code") != "source_incomplete":
                yield f"{run.instance} to {outcome['target']}: {failure.get('code')}: cannot {failure.get('doing')}: {failure.get('said')}"

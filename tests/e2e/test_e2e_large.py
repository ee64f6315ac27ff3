"""An index of 1,001 manifests at two targets. Times, requests and memory are printed, for whoever looks; what would grow with the index is
judged: each history, each input, and what is asked of whom."""

import time
from dataclasses import dataclass, field

import pytest

from bench.pipeline.process import Process
from tests import nasty
from tests.e2e.running import BOTH, Json, Site

pytestmark = pytest.mark.large

REPOSITORY, PATIENCE = "large/index", 500.0  # seconds
MOST_EVENTS = 500  # of a history (DESIGN.md, rule 5)
ASKED_PER_CHILD = 8  # twice what is needed: two looks, an import, the verification of the whole; a cloud remembers 10,000 requests


@dataclass
class Watched:
    """What the import of the children looked like from outside, one moment after the other."""

    longest: dict[str, int] = field(default_factory=dict)  # events seen, by the generation's first moment
    longest_input: int = 0  # characters
    digests: int = 0  # in one input
    states: list[str] = field(default_factory=list)

    def see(self, instance: Json) -> None:
        history = instance.get("historyEvents") or []
        if history:
            began = str(history[0]["Timestamp"])
            self.longest[began] = max(self.longest.get(began, 0), len(history))
            inputs = [str(one.get("Input")) for one in history]
            self.longest_input = max(self.longest_input, *map(len, inputs))
            self.digests = max(self.digests, *(given.count("sha256:") for given in inputs))
        state = (instance.get("customStatus") or {}).get("state")
        if state and state not in self.states:
            self.states.append(state)


def test_an_index_of_1001_manifests_arrives_page_by_page(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    index, host = nasty.index_of_1001(), Process.of(site.stack)
    asked_before = {name: len(site.clouds[name].get("requests")) for name in BOTH}
    cpu, began = host.cpu(), time.monotonic()
    run = site.push_alone(index, REPOSITORY, "v1")
    pushed = time.monotonic()
    watched, resident = {name: Watched() for name in BOTH}, list[float]()
    while site.instance(run)["runtimeStatus"] in ("Pending", "Running"):
        assert time.monotonic() < began + PATIENCE, {name: one.states for name, one in watched.items()}
        for name, one in watched.items():
            if (child := site.instance_if_any(f"{run}~{name}~{index.digest[7:19]}")) is not None:
                one.see(child)
        resident.append(host.resident())
        time.sleep(0.2)
    took, cpu = time.monotonic() - pushed, host.cpu() - cpu
    site.ends_as(run, "replicated")
    asked = {name: len(site.clouds[name].get("requests")) - asked_before[name] for name in BOTH}

    quarter = len(resident) // 4
    early, late = max(resident[quarter : 2 * quarter]), max(resident[-quarter:])
    with capsys.disabled():
        print(f"\n1,001 manifests at two targets: pushed in {pushed - began:.1f} s, there after {took:.1f} s more, {cpu:.1f} s CPU")
        for name, one in watched.items():
            histories = f"{len(one.longest)} generations of at most {max(one.longest.values())} events"
            print(f"{name}: {asked[name]} requests, {histories}, inputs of at most {one.longest_input} characters")
        print(f"resident at most {early:.0f} MiB in the second quarter, {late:.0f} in the last")
    assert set(site.held(REPOSITORY, "v1").values()) == {index.digest}
    for name in BOTH:
        imports = site.clouds[name].imports(REPOSITORY)
        assert sorted(one["sourceImage"] for one in imports) == sorted(f"{REPOSITORY}@{child.digest}" for child in index.children)
        puts = [one["path"].rpartition("/")[2] for one in site.clouds[name].requests(REPOSITORY, method="PUT")]
        assert puts == [index.digest, "v1"]
        assert asked[name] < ASKED_PER_CHILD * len(index.children)
        assert max(watched[name].longest.values()) < MOST_EVENTS
        assert watched[name].digests == 1  # that of the index: what it lists travels by position
        assert [state for state in watched[name].states if " of " in state][-1] == "importing page 21 of 21"
        assert {state.partition(" of ")[2] for state in watched[name].states} <= {"", "21"}
    assert late < 1.1 * early

"""Random programs by the real SDK and by the host's half of an episode: the same numbers, or a rule that says why not.

A failure names its program: `python -m tests.devkit.host.programs --kind ... --seed ... --programs 1` shows it."""

import logging
from secrets import randbelow

import pytest

from devkit.host.durable import rules
from tests.devkit.host.programs.judged import AGREES, NESTED, Judged, judged
from tests.devkit.host.programs.program import KINDS, Kind

SMOOTH = ("no failures", "failures, only task_any")  # of these host and SDK agree without exception
QUICK, MANY = 45, 2000


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of failed instances, each with its line."""
    caplog.set_level(logging.CRITICAL, "devkit.host")


def run(kind: Kind, programs: int) -> list[Judged]:
    seed = randbelow(10**9)
    runs = list(judged(kind, range(seed, seed + programs)))
    failures = [f"--kind {kind.name!r} --seed {run.seed}: {run.complaint}" for run in runs if run.complaint]
    assert not failures, "\n".join(failures)
    return runs


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_host_and_sdk_agree_or_the_host_says_why_not(kind: Kind) -> None:
    runs = run(kind, QUICK)
    assert kind.name not in SMOOTH or all(each.classes == [AGREES] for each in runs)


MET = {  # at the least: a cause is read off the actions, and where several meet another may be named
    "no failures": {AGREES},
    "failures, only task_any": {AGREES},
    "failures": {rules.TASK_ALL_WAITS.name, rules.TASK_ALL_SHIFTS.name, NESTED},
    "loops of task_any": {rules.LOOP_SHIFTS.name},
    "cancelled timers": {rules.CANCEL_SHIFTS.name},
    "long timers": {rules.LONG_WAITS.name, rules.LONG_SHIFTS.name},
    "all": {rules.JOIN_WAITS.name, rules.SENT_TWICE.name, rules.EVENT_AGAIN.name, rules.EVENT_LOST.name},
}


@pytest.mark.large
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_so_they_do_on_thousands_and_each_rule_is_met(kind: Kind) -> None:
    met = {name for each in run(kind, MANY) for name in each.classes}
    assert met == MET[kind.name] if kind.name in SMOOTH else met >= MET[kind.name]

"""What the clouds are told to do to the app, and to each other's imports: each fault by its share of the calls, decided by the seed.

Of a cloud's calls the same numbers are hit for the same seed; which call has which number is a matter of the clouds' and the host's timing.
Whoever does things to the source and whoever judges are spared, and so are the repositories in which races are provoked."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from devkit.local import faults
from devkit.local.clouds import PULL_TOKEN
from devkit.local.control import CloudControl
from tests.e2e.running import CLIENTS

# Seconds of the clouds' and the host's time. A registry is trusted to be this stale at most, and the app's delays are 2.5 times as long.
STALEST = 40.0
LATEST = 150.0  # until what was cut off or given up has landed
STREWN = 60.0  # over which events are delivered
IMPORTS_LAST = 20.0  # at least: long enough for something to happen meanwhile
TOKENS_LAST = 240.0  # Entra's, and the registries' access tokens
PAUSES = {
    "ReplicationSettle": "100",
    "ReplicationDeleteDelay": "100",
    "ReplicationRecheck": "300",
    "ReplicationUntaggedWait": "300",
    "ReplicationUnknownImport": "200",
    "ReplicationImportDeadline": "900",
    "ReplicationPatience": "28800",
    "ReplicationWaiting": "86400",
    "ReplicationProbe": "30",
    "ReplicationRemovals": "100000",  # nobody is there to give his word
}
PROVOKED = "provoked"  # the first part of the names of repositories that the weather spares
_REGISTRY, _IMPORT, _OPERATION = rf"/v2/(?!{PROVOKED}/).*|/acr/.*", "/subscriptions/.*/importImage", "/subscriptions/.*/operationResults/.*"
_IMAGE = rf"(?!{PROVOKED}/).*"


@dataclass(frozen=True, slots=True)
class Gust:
    """`chance` of a call that `on` names."""

    name: str
    chance: float
    on: Mapping[str, Any]
    fault: Mapping[str, Any]

    def rule(self, seed: int) -> Mapping[str, Any]:
        return {"id": self.name, **self.on, "chance": self.chance, "seed": seed, "fault": self.fault}


def set_weather(cloud: CloudControl, name: str, seed: int) -> None:
    """Of the cloud of that name, from now on, over restarts too; behind what was scripted before."""
    dice = random.Random(f"weather {seed} {name}")
    for gust in gusts(name):
        cloud.send("POST", "faults", gust.rule(dice.randrange(2**31)))


def set_events(source: CloudControl, seed: int, dropped: float) -> None:
    source.set_event_chaos(duplicates=0.05, reorder=STREWN, drop=dropped, seed=seed)


def gusts(name: str) -> Sequence[Gust]:
    """In the order in which they are asked: a call suffers one at most."""
    if name not in CLIENTS:
        return [*_registry(PULL_TOKEN), *_tokens(), *_stale(PULL_TOKEN)]
    return [*_arm(), *_registry(CLIENTS[name]), *_tokens(), *_entra(), *_imports(), *_stale(CLIENTS[name])]


def _refusals(service: str, on: Mapping[str, Any], share: float) -> Iterator[Gust]:
    """What a service may answer instead of doing anything, `share` in all."""
    kinds = {
        "429": (4, faults.status(429, retry_after=10)),
        "500": (2, faults.status(500)),
        "502 page": (1, faults.status(502, html=True)),
        "503": (2, faults.status(503)),
        "503 later": (1, faults.status(503, retry_after=5)),
        "504": (1, faults.status(504)),
        "404 page": (2, faults.proxy_page(404)),
        "reset": (2, faults.reset()),
        "slow": (1, faults.latency(20)),
    }
    total = sum(weight for weight, _ in kinds.values())
    for kind, (weight, fault) in kinds.items():
        yield Gust(f"{service}: {kind}", share * weight / total, on, fault)


def _registry(who: str) -> Iterator[Gust]:
    def on(methods: str | None = None) -> Mapping[str, Any]:
        return faults.registry(methods, _REGISTRY, identity=who)

    yield from _refusals("registry", on(), 0.07)
    yield Gust("registry: expired token", 0.01, on(), faults.unauthorized())
    yield Gust("registry: cut in the body", 0.02, on("GET"), faults.reset_in_body(10))
    yield Gust("registry: answer lost", 0.01, on("PUT|DELETE"), faults.lost_answer())
    yield Gust("registry: lands late, cut off", 0.02, on("PUT|DELETE"), faults.late_write(LATEST))
    yield Gust("registry: lands late, soon", 0.01, on("PUT|DELETE"), faults.late_write(20))
    yield Gust("registry: lands late, 504", 0.01, on("PUT|DELETE"), faults.late_write(LATEST / 2, "timeout"))


def _stale(who: str) -> Iterator[Gust]:
    """On top of what fails: these answers look well."""
    for seconds in (5.0, STALEST / 2, STALEST):
        yield Gust(
            f"registry: stale by {seconds:g}", 0.05, faults.registry("GET|HEAD", _REGISTRY, identity=who), faults.stale_read(seconds)
        )


def _tokens() -> Iterator[Gust]:
    yield from _refusals("registry's tokens", faults.registry("POST|GET", "/oauth2/.*"), 0.08)


def _entra() -> Iterator[Gust]:
    yield from _refusals("entra", faults.entra("POST"), 0.1)


def _arm() -> Iterator[Gust]:
    yield from _refusals("arm", faults.arm("POST", _IMPORT), 0.06)
    yield Gust("arm: answer lost", 0.015, faults.arm("POST", _IMPORT), faults.lost_answer())
    yield Gust("arm: lands late, cut off", 0.015, faults.arm("POST", _IMPORT), faults.late_write(LATEST))
    yield Gust("arm: lands late, 504", 0.01, faults.arm("POST", _IMPORT), faults.late_write(LATEST / 2, "timeout"))
    yield Gust("arm: answers slowly", 0.06, faults.arm("POST", _IMPORT), faults.latency(40, "after"))  # who dies meanwhile knows nothing
    yield from _refusals("arm's looks", faults.arm("GET", _OPERATION), 0.07)
    yield Gust("arm's looks: cut in the body", 0.02, faults.arm("GET", _OPERATION), faults.reset_in_body(1))
    yield Gust("arm: expired token", 0.01, faults.arm(None, "/subscriptions/.*"), faults.unauthorized())


def _imports() -> Iterator[Gust]:
    kinds = {
        "fails: blobs": (0.02, faults.fails("blobs")),
        "fails: internal": (0.02, faults.fails("internal")),
        "fails: status": (0.01, faults.fails("status")),
        "fails: not found": (0.01, faults.fails("not_found")),
        "fails: unauthorized": (0.01, faults.fails("unauthorized")),
        "broken: nothing stored": (0.01, faults.succeeds_broken("nothing")),
        "broken: lacks a child": (0.02, faults.succeeds_broken("no_child")),
        "lands late": (0.02, faults.lands_late(LATEST)),
        "lands twice": (0.04, faults.lands_twice(LATEST)),
        "slow": (0.1, faults.slow(60)),
    }
    for kind, (chance, fault) in kinds.items():
        yield Gust(f"import: {kind}", chance, faults.imports(_IMAGE), fault)

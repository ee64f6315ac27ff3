"""For each code one way to come by it at the local clouds, as an operator would see it. `test_provoked.py` goes through them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from registries.arm import ImportState
from replication.failures import Code, Failure, Kind, Refused
from replication.references import Digest, Repository
from replication.targets import Source, Target
from tests.devkit.cloud.running import Clouds
from tests.unit.registries.live import imports_client

Provoke = Callable[[Clouds], Awaitable[Failure]]


@dataclass(frozen=True, slots=True)
class Provoked:
    """`hint`: what must be in it: the setting, the registry, the action or the command that mends it."""

    kind: Kind
    hint: str
    provoke: Provoke


PROVOKED: dict[Code, Provoked] = {}


def provokes(code: Code, kind: Kind, hint: str) -> Callable[[Provoke], Provoke]:
    def kept(provoke: Provoke) -> Provoke:
        assert code not in PROVOKED
        PROVOKED[code] = Provoked(kind, hint, provoke)
        return provoke

    return kept


async def refusal_of(call: Awaitable[object]) -> Failure:
    with pytest.raises(Refused) as refused:
        await call
    return refused.value.failure


async def failed_import(target: Target, source: Source, repository: Repository, digest: str) -> Failure:
    """Of one that ARM took."""
    async with imports_client(target, source) as imports:
        state: ImportState = await imports.begin(repository, Digest.parse(digest))
        while state.state == "running":
            assert state.operation is not None
            state = await imports.look_at(state.operation, repository, Digest.parse(digest))
    assert state.failure is not None
    return state.failure

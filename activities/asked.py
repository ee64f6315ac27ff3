"""Many questions to one registry, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from replication.failures import Refused

AT_ONCE = 8  # questions
MORE = 2  # times that one is asked again
Asked = TypeVar("Asked")
Told = TypeVar("Told")


async def each(questions: Sequence[Asked], ask: Callable[[Asked], Awaitable[Told]], *, insist: bool = False) -> list[Told]:
    """The answers in the order of the questions. The first that raises ends it: what is open is cancelled, and raised is that. `insist`:
    each as `insistently` asks it; not for ARM, which says itself when it may be asked."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(question: Asked) -> Told:
        async with turn:
            return await (insistently(lambda: ask(question)) if insist else ask(question))

    tasks = [asyncio.ensure_future(one(question)) for question in questions]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def insistently(ask: Callable[[], Awaitable[Told]]) -> Told:
    """One question among many: who did not answer it is asked at once again, twice at most, or a step of a hundred questions would hardly
    ever come to its end. Who asks for a pause gets it, of the orchestrator."""
    for _ in range(MORE):
        try:
            return await ask()
        except Refused as refused:
            if refused.failure.kind != "transient" or refused.failure.retry_after is not None:
                raise
    return await ask()

"""Many questions to one registry, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

AT_ONCE = 8  # requests to one registry
Asked = TypeVar("Asked")
Told = TypeVar("Told")


async def each(questions: Sequence[Asked], ask: Callable[[Asked], Awaitable[Told]]) -> list[Told]:
    """The answers in the order of the questions. The first that raises ends it: what is open is cancelled, and raised is that."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(question: Asked) -> Told:
        async with turn:
            return await ask(question)

    tasks = [asyncio.ensure_future(one(question)) for question in questions]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()

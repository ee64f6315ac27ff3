import asyncio
import inspect
from collections.abc import Iterator

import pytest

from tests.unit.outgoing import Outgoing


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """An `async def` test runs on a loop of its own: clients belong to one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@pytest.fixture(scope="session")
def outgoing() -> Iterator[Outgoing]:
    with pytest.MonkeyPatch.context() as patch:
        watching = Outgoing()
        watching.watch(patch)
        yield watching


@pytest.fixture(autouse=True)
def nothing_strays(outgoing: Outgoing) -> Iterator[None]:
    outgoing.strays = []  # other tests of this process, between two of these, have clients that are not the app's
    yield
    strays, outgoing.strays = outgoing.strays, []
    assert strays == []

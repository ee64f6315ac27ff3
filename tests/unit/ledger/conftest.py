from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from devkit.tools import Missing
from tests.unit.ledger.stores_under_test import Azurite, Open, sqlite, table_in_memory


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    try:
        started = Azurite()
    except Missing as missing:
        pytest.skip(str(missing))
    yield started
    started.stop()


@pytest.fixture(params=["sqlite", "a table in memory", pytest.param("Azurite", marks=pytest.mark.tools)])
def another(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens one store, each time as another process would."""
    kinds = {"sqlite": sqlite, "a table in memory": table_in_memory}
    made: AbstractContextManager[Open]
    made = kinds[request.param]() if request.param in kinds else request.getfixturevalue("azurite").table()
    with made as opened:
        yield opened

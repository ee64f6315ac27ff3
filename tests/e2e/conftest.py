"""The stack that most tests share; they keep apart by the names of their repositories. Each stack is searched for secrets when it ends."""

from collections.abc import Iterator

import pytest

from tests.e2e.running import Site
from tests.e2e.search import searched


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    yield from searched(Site(tmp_path_factory.mktemp("site")))

"""How many requests an event costs, as `make bench` counts them: a request more for each event and target would show here."""

import pytest

from bench.pipeline.requests import acts, made, warm
from tests.e2e.running import BOTH, Site


@pytest.fixture(scope="module")
def warmed(site: Site) -> Site:
    """With tokens and connections that the first ones below find."""
    warm(site)
    site.until_quiet()
    return site


@pytest.mark.parametrize("name", ["image", "retag", "duplicate"])
def test_no_request_is_made_without_a_reason(warmed: Site, name: str) -> None:
    act = next(one for one in acts(children=2) if one.name == name)
    done = made(warmed, act)
    assert [request for request in done.requests if not request.reason] == []
    assert len(done.requests) <= len(BOTH) * act.allowed(done)

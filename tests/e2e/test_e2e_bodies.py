"""A hundred megabytes where a few bytes belong: refused or ignored, and the app goes on."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.e2e.plainhttp import Answer
from tests.e2e.running import Site

MEGABYTE = 1024 * 1024


class Flood:
    """A body that is sent piece by piece; it need not be read to its end."""

    def __init__(self, megabytes: int) -> None:
        self.headers = {"Content-Length": str(megabytes * MEGABYTE), "Content-Type": "application/json"}
        self._megabytes = megabytes

    def __iter__(self) -> Iterator[bytes]:
        piece = b" " * MEGABYTE
        return (piece for _ in range(self._megabytes))


def post(site: Site, target: str, body: Flood, **headers: str) -> Answer:
    return site.app.send("POST", target, {**body.headers, **headers}, body)


@pytest.fixture(autouse=True)
def goes_on(site: Site) -> Iterator[None]:
    """It answers as before, from the same process."""
    before = site.stack.host.pid
    yield
    assert site.get("/api/status?repository=bodies/none&tag=v1").json()["in_sync"] is True
    assert site.stack.host.pid == before
    assert site.stack.died() is None


def test_the_webhook_takes_no_more_than_event_grid_sends(site: Site) -> None:
    target = f"/runtime/webhooks/EventGrid?functionName=on_image_event&code={quote(site.secrets['host/eventgrid_extension'])}"
    assert post(site, target, Flood(100), **{"aeg-event-type": "Notification"}).status == 413


@pytest.mark.parametrize("target", ["/runtime/webhooks/EventGrid?functionName=on_image_event&code=wrong", "/api/status?repository=a&tag=b"])
def test_who_has_no_key_is_not_listened_to(site: Site, target: str) -> None:
    method = "POST" if "webhooks" in target else "GET"
    body = Flood(100)
    answer = site.app.send(method, target, {**body.headers, "aeg-event-type": "Notification"}, body)
    assert (answer.status, answer.body) == (401, b"")


@pytest.mark.parametrize("megabytes", [99, 101])
def test_a_question_with_a_body_is_answered_or_refused(site: Site, megabytes: int) -> None:
    """Azure takes a hundred megabytes; what is in them is no business of the status."""
    body = Flood(megabytes)
    headers = {**body.headers, "x-functions-key": site.ends.app.key}
    answer = site.app.send("GET", "/api/status?repository=bodies/none&tag=v1", headers, body)
    assert answer.status == (200 if megabytes < 100 else 413)

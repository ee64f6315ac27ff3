"""What leaves the app's process. Every stack of this suite is judged so when it ends (`Site.strays`); here, that the judge sees what it
should."""

import base64
import json
from collections.abc import Callable

import pytest

from devkit.local.images import make_image
from tests.e2e.egress import HOST, Judge, Left
from tests.e2e.running import Json, Site

CANARY = "eyJhbGciOiJIUzI1NiJ9.{claims}.signature"
Stray = Callable[[Json, Json], dict[str, object]]


@pytest.fixture(scope="module")
def left(site: Site) -> Left:
    """By the site's first process, after a push at the least."""
    site.ends_as(site.push(make_image("noted"), "egress/noted", "v1"), "replicated")
    return next(site.notes.left())


def judge(site: Site) -> Judge:
    return Judge(site.stack.app_settings, f"localhost:{site.stack.ports.app}")


def test_every_service_was_heard_and_nobody_else(site: Site, left: Left) -> None:
    hosts = {host.decode() for stream in left.streams for host in HOST.findall(stream)}
    ports = site.stack.ports.clouds
    services = {f"localhost:{ports[cloud][service]}" for cloud in ("china", "usgov") for service in ("registry", "arm", "entra")}
    assert hosts == services | {f"localhost:{ports['source']['registry']}"}
    assert {f"127.0.0.1:{host.partition(':')[2]}" for host in hosts} <= left.connected
    assert list(judge(site).strays(left)) == []


def request(host: str, authorization: str = "", body: str = "") -> dict[str, object]:
    given = f"Authorization: {authorization}\r\n" if authorization else ""
    return {"streams": [f"POST / HTTP/1.1\r\nHost: {host}\r\n{given}\r\n{body}".encode()]}


def token(audience: str, issuer: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"aud": audience, "iss": issuer}).encode()).decode().rstrip("=")
    return "Bearer " + CANARY.format(claims=claims)


def basic(settings: Json) -> str:
    return "Basic " + base64.b64encode(f"replication-pull:{settings['SourceACRPullTokenPassword']}".encode()).decode()


STRAYS: dict[str, tuple[Stray, str]] = {
    "a name": (lambda *_: {"looked_up": {"evil.example"}}, "the address of evil.example was looked up"),
    "a port": (lambda *_: {"connected": {"127.0.0.1:1"}}, "127.0.0.1:1 was called"),
    "an address": (lambda _, china: {"connected": {china["loginServer"].replace("localhost", "198.51.100.7")}}, "198.51.100.7"),
    "a request": (lambda *_: request("evil.example"), "evil.example was asked"),
    "the pull password at a target": (
        lambda settings, china: request(china["loginServer"], basic(settings)),
        "SourceACRPullTokenPassword went",
    ),
    "a client secret at its registry": (
        lambda settings, china: request(china["loginServer"], body=f"client_secret={settings['ChinaClientSecret']}"),
        "ChinaClientSecret went",
    ),
    "a registry's token at another": (
        lambda settings, china: request(china["loginServer"], token(settings["SourceACRLoginServer"], "a registry")),
        "a token for",
    ),
    "a token for ARM at a registry": (
        lambda _, china: request(china["loginServer"], token(china["cloud"]["armAudience"], f"https://sts/{china['tenantId']}/")),
        "a token for",
    ),
    "another tenant's token": (
        lambda _, china: request(china["cloud"]["resourceManager"][8:], token(china["cloud"]["armAudience"], "https://sts/other/")),
        "a token for",
    ),
    "some other credential": (lambda _, china: request(china["loginServer"], "Basic YTpi"), "something else than a token"),
}  # fmt: skip


@pytest.mark.parametrize("stray, told", STRAYS.values(), ids=STRAYS)
def test_the_judge_sees_what_goes_where_it_does_not_belong(site: Site, stray: Stray, told: str) -> None:
    settings = site.stack.app_settings
    china = json.loads(settings["ReplicationTargets"])[0]
    parts: dict[str, object] = {"settings": settings, "connected": set(), "looked_up": set(), "streams": [], **stray(settings, china)}
    found = list(judge(site).strays(Left(**parts)))  # type: ignore[arg-type]
    assert [one for one in found if told in one], found

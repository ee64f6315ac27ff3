"""That the watch over what leaves the app sees what it should."""

import base64
import json

import pytest

from replication.clouds import CLOUDS
from replication.credential import ClientSecret
from replication.secret import Secret
from replication.targets import RegistryId, Source, Target
from tests.unit.outgoing import Outgoing

REGISTRY = RegistryId("s", "g", "contoso")
CHINA = CLOUDS["china"]
PULL, SECRET = "canary-pull-password", "canary~client~secret"


@pytest.fixture
def watching() -> Outgoing:
    made = Outgoing()
    credential = ClientSecret(setting="S", secret=Secret(SECRET))
    made.source(Source(registry=REGISTRY, login_server="source.example", token_name="pull", token_password=Secret(PULL)))
    made.target(
        Target(name="c", cloud=CHINA, registry=REGISTRY, login_server="china.example", tenant_id="t", client_id="c", credential=credential)
    )
    return made


def request(host: str, authorization: str, body: str = "") -> bytes:
    return f"POST /x HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n\r\n{body}".encode()


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"pull:{password}".encode()).decode()


def token(audience: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode().rstrip("=")
    return f"Bearer eyJhbGciOiJIUzI1NiJ9.{claims}.signature"


@pytest.mark.parametrize(
    "sent",
    [
        request("source.example", basic(PULL)),
        request("management.chinacloudapi.cn", token(CHINA.arm_audience), json.dumps({"password": PULL})),
        request("china.example", token("china.example")),
        b"POST /x HTTP/1.1\r\nHost: login.chinacloudapi.cn\r\n\r\nclient_secret=canary~client~secret",
    ],
)
def test_what_goes_where_it_belongs_is_none(watching: Outgoing, sent: bytes) -> None:
    watching.judge(sent, "")
    assert watching.strays == []


@pytest.mark.parametrize(
    "sent, told",
    [
        (request("evil.example", "Bearer x"), "a credential went to evil.example"),
        (request("china.example", basic(PULL)), "went to china.example"),
        (request("china.example", token("source.example")), "a token for source.example went to china.example"),
        (request("source.example", token(CHINA.arm_audience)), "a token for"),
        (b"POST /x HTTP/1.1\r\nHost: china.example\r\n\r\nclient_secret=canary~client~secret", "a secret of"),
    ],
)
def test_what_strays_is_told(watching: Outgoing, sent: bytes, told: str) -> None:
    watching.judge(sent, "")
    assert [one for one in watching.strays if told in one], watching.strays


def test_a_body_belongs_to_the_request_that_it_comes_after(watching: Outgoing) -> None:
    host = watching.judge(b"POST /x HTTP/1.1\r\nHost: evil.example\r\n\r\n", "")
    watching.judge(b"grant_type=x&client_secret=canary~client~secret", host)
    assert watching.strays[0] == "a credential went to evil.example, which no client was made for"

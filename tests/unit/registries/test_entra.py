"""Signing in to a target's cloud: each refusal names its cause and its remedy, and the secret goes to the configured authority alone."""

import gzip
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from devkit.tls import TlsFiles
from registries.credentials import EntraCredential
from registries.egress import LARGEST_ANSWER
from replication.clouds import CLOUDS
from replication.failures import Code, Failure, Kind, Refused
from replication.references import Repository
from replication.secret import UNRESOLVED, Secret
from replication.targets import Target
from tests.devkit.cloud.running import ACR_AUDIENCE, ARM_AUDIENCE, Clouds
from tests.unit.registries.live import ABSENT, asked_of, check_refusal, imports_client, secret_of, source_of, target_of
from tests.unit.registries.scripted import Reply, answer, page, scripted

GUID = "6f1e2d3c-0000-4000-8000-000000000009"
WRONG = "canary~Wrong8Q.secret"


async def refusal(target: Target, kind: Kind, code: Code, audience: str = ARM_AUDIENCE) -> Failure:
    credential = EntraCredential(target)
    with pytest.raises(Refused) as refused:
        await credential.token(audience)
    failure = check_refusal(refused, kind, code, secret_of(target))
    assert failure.doing == f"sign in to the cloud of {target} as {target.client_id}"
    return failure


async def test_a_principal_signs_in_once_for_each_audience(clouds: Clouds) -> None:
    credential = EntraCredential(target_of(clouds.target))
    before = len(asked_of(clouds.target, "/oauth2/v2.0/token", service="entra"))
    tokens = [(await credential.token(audience)).value.reveal() for audience in (ARM_AUDIENCE, ACR_AUDIENCE, ARM_AUDIENCE)]
    assert tokens[0] == tokens[2] != tokens[1]
    assert len(asked_of(clouds.target, "/oauth2/v2.0/token", service="entra")) - before == 2


@pytest.mark.parametrize(
    "changed, number, code, hint",
    [
        pytest.param(
            {"secret": Secret(WRONG)},
            "AADSTS7000215",
            "credential_wrong",
            "value (not its id) into the setting ChinaClientSecret",
            id="secret",
        ),
        pytest.param(
            {"client_id": GUID}, "AADSTS700016", "tenant_wrong", f"The application {GUID} is not in that tenant", id="application"
        ),
        pytest.param({"tenant_id": GUID}, "AADSTS90002", "tenant_wrong", "There is no such tenant in that cloud", id="tenant"),
    ],
)
async def test_a_refusal_is_told_with_its_number_and_its_remedy(
    clouds: Clouds, changed: dict[str, Any], number: str, code: Code, hint: str
) -> None:
    failure = await refusal(target_of(clouds.target, **changed), "denied", code)
    assert failure.said.startswith(number)
    assert hint in failure.hint
    assert not re.search("Trace ID|Correlation ID|Timestamp", failure.said)  # another each time: a status would never stand still


async def test_an_audience_that_the_cloud_does_not_know_is_told(clouds: Clouds) -> None:
    failure = await refusal(target_of(clouds.target), "denied", "audience_wrong", "https://elsewhere.example")
    assert failure.said.startswith("AADSTS500011")
    assert "check the audiences" in failure.hint


@pytest.mark.parametrize("reference", ["SecretUri=canary/secrets/china)", "VaultName=canary;SecretName=china)"])
async def test_a_key_vault_reference_that_was_not_resolved_is_sent_to_nobody(clouds: Clouds, reference: str) -> None:
    before = len(asked_of(clouds.target, "/", service="entra"))
    failure = await refusal(target_of(clouds.target, secret=Secret(UNRESOLVED + reference)), "denied", "secret_unresolved")
    assert "the setting ChinaClientSecret holds a Key Vault reference" in failure.said
    assert len(asked_of(clouds.target, "/", service="entra")) == before


async def test_an_authority_that_does_not_answer_is_unreachable(tls: TlsFiles, clouds: Clouds) -> None:
    async with scripted(tls) as server:
        host = server.host
    failure = await refusal(at(target_of(clouds.target), host), "transient", "unreachable")
    assert failure.said.startswith(f"no whole answer from {host}: ")


@pytest.mark.parametrize(
    "reply",
    [
        page(503),
        page(429, Retry_After="1"),
        answer({"error": "temporarily_unavailable", "error_description": "AADSTS90033: busy"}, 503),
        page(404),
        page(200),
        answer({}),
        answer({"token_type": "Bearer"}),
        answer(7),
        answer([7]),
        answer({"expires_in": 5}),
        answer({"access_token": "t", "expires_in": "soon"}),
        answer({"access_token": {"": None}, "expires_in": 60}),
        answer({"access_token": "", "expires_in": 60}),
        pytest.param(replace(answer(None), body=b"[" * 100_000), id="deep"),
        Reply(),
        Reply(cut=0),
    ],
)
async def test_an_authority_in_trouble_is_asked_once_and_is_unreachable(tls: TlsFiles, clouds: Clouds, reply: Reply) -> None:
    async with scripted(tls, reply) as server:
        await refusal(at(target_of(clouds.target), server.host), "transient", "unreachable")
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", [page(403), page(407), Reply(status=403), Reply(status=407)])
async def test_what_stands_before_the_authority_is_told_as_such(tls: TlsFiles, clouds: Clouds, reply: Reply) -> None:
    async with scripted(tls, reply) as server:
        failure = await refusal(at(target_of(clouds.target), server.host), "denied", "network_denied")
    assert failure.said == f"status {reply.status}" and "let the app pass what stands between" in failure.hint
    assert len(server.asked) == 1


async def test_an_authority_that_is_too_busy_says_when_to_come_again(tls: TlsFiles, clouds: Clouds) -> None:
    busy = answer({"error": "temporarily_unavailable", "error_description": "AADSTS90055: too many requests"}, 429, Retry_After="7")
    async with scripted(tls, busy) as server:
        assert (await refusal(at(target_of(clouds.target), server.host), "throttled", "throttled")).retry_after == 7


async def test_an_authority_that_sends_a_byte_now_and_then_is_not_waited_for(
    tls: TlsFiles, clouds: Clouds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registries.credentials.ANSWER_WITHIN", 0.2)
    async with scripted(tls, Reply(body=b" ", endless=True)) as server:
        await refusal(at(target_of(clouds.target), server.host), "transient", "unreachable")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(body=b" " * 65_536, endless=True), id="without an end"),
        pytest.param(Reply(body=gzip.compress(b" " * 10_000_000), headers={"Content-Encoding": "gzip"}), id="a thousand times as large"),
    ],
)
async def test_no_more_of_an_authoritys_answer_is_held_than_of_any_other(tls: TlsFiles, clouds: Clouds, reply: Reply) -> None:
    async with scripted(tls, reply) as server:
        failure = await refusal(at(target_of(clouds.target), server.host), "transient", "unreachable")
    assert failure.said.endswith("ClientPayloadError")
    assert server.asked[0].headers["Accept-Encoding"] == "identity"
    assert server.sent < 4 * LARGEST_ANSWER  # what is under way in buffers


async def test_headers_without_an_end_are_not_read_to_it(tls: TlsFiles, clouds: Clouds) -> None:
    """aiohttp's limits, which this pins."""
    many = {f"X-{number}": "x" * 4000 for number in range(200)}
    for headers in (many, {"X": "x" * 100_000}):
        async with scripted(tls, replace(answer({"access_token": "t", "expires_in": 60}), headers=headers)) as server:
            await refusal(at(target_of(clouds.target), server.host), "transient", "unreachable")


async def test_the_secret_does_not_follow_a_redirect(tls: TlsFiles, clouds: Clouds) -> None:
    async with scripted(tls) as evil, scripted(tls, page(307, Location=f"https://{evil.host}/")) as server:
        await refusal(at(target_of(clouds.target), server.host), "transient", "unreachable")
    assert evil.asked == []


def at(target: Target, host: str) -> Target:
    return replace(target, cloud=replace(target.cloud, authority=f"https://{host}"))


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The names of all hosts that anything of this process asks an address for. Others than this machine have none here."""
    hosts: set[str] = set()
    getaddrinfo = socket.getaddrinfo

    def recorded(host: Any, *more: Any, **named: Any) -> Any:
        hosts.add(str(host))
        if host not in ("localhost", "127.0.0.1"):
            raise socket.gaierror(socket.EAI_NONAME, "not from a test")
        return getaddrinfo(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", recorded)
    yield hosts


async def test_an_authority_that_is_not_azures_is_not_discovered(clouds: Clouds, looked_up: set[str]) -> None:
    """MSAL would ask the public cloud about it, and whoever could answer would be sent the secret."""
    target, source = target_of(clouds.target), source_of(clouds.source)
    before = len(asked_of(clouds.target, "/", service="entra"))
    async with imports_client(target, source) as imports:
        await imports.begin(Repository("entra/app"), ABSENT)
    asked = asked_of(clouds.target, "/", service="entra")[before:]
    assert [one["path"] for one in asked] == [f"/{target.tenant_id}/oauth2/v2.0/token"]
    assert looked_up == {"localhost", "127.0.0.1"}  # the latter by the test itself


@pytest.mark.parametrize("cloud", CLOUDS)
async def test_a_cloud_of_azures_signs_in_at_its_own_authority(clouds: Clouds, cloud: str, looked_up: set[str]) -> None:
    authority = CLOUDS[cloud].authority.removeprefix("https://")
    target = replace(target_of(clouds.target), cloud=CLOUDS[cloud])
    failure = await refusal(target, "transient", "unreachable", CLOUDS[cloud].arm_audience)
    assert failure.said.startswith(f"no whole answer from {authority}: ")
    assert looked_up == {authority}

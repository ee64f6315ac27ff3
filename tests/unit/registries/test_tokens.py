"""Tokens: fetched once for all who wait, renewed in time, renewed once when revoked, and never told."""

import asyncio
import base64
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devkit.tls import TlsFiles
from registries.entratokens import REFRESH, EntraTokens
from registries.source import SourceTokens, source_registry
from registries.tokenanswers import token_of
from registries.tokens import MOST, Token, TokenCache, sdk_token
from registries.wire import Answer, Wire
from replication.failures import Code, Failure, Kind, Refused
from replication.references import Repository, Tag
from replication.secret import Secret
from replication.targets import RegistryId, Source
from tests.devkit.cloud.running import Clouds, MakeCloud
from tests.unit.registries.live import asked_of, check_refusal, secret_of, source_client, source_of, target_client, target_of
from tests.unit.registries.scripted import Reply, Scripted, answer, error, page, scripted
from tests.unit.registries.sides import SIDE
from tests.unit.replication.strategies import json_values

V1 = Tag("v1")
SCOPE, OTHER = "repository:team/app:pull", "repository:team/app:delete"


def jwt(**claims: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'HS256'})}.{part(claims)}.signature"


async def test_those_who_ask_at_once_share_one_token(clouds: Clouds) -> None:
    app = Repository("tokens/shared")
    clouds.source.push_image("tokens/shared", "v1")
    before = len(asked_of(clouds.source, "/oauth2/token"))
    async with source_client(source_of(clouds.source)) as (registry, _):
        found = await asyncio.gather(*(registry.resolve(app, V1) for _ in range(20)))
    assert len(set(found)) == 1
    assert len(asked_of(clouds.source, "/oauth2/token")) - before == 1


async def test_a_target_exchanges_once_and_fetches_once_for_each_scope(clouds: Clouds) -> None:
    app, cloud = Repository("tokens/exchange"), clouds.target
    cloud.push_image("tokens/exchange", "v1")
    before = [len(asked_of(cloud, path)) for path in ("/oauth2/exchange", "/oauth2/token")]
    entra = len(asked_of(cloud, "/oauth2/v2.0/token", service="entra"))
    async with target_client(target_of(cloud)) as (registry, tokens):
        assert (await tokens.refresh_token()).valid_for > 10_000
        digest, *_ = await asyncio.gather(*(registry.resolve(app, V1) for _ in range(10)))
        assert digest is not None
        await asyncio.gather(*(registry.lists.tags_of(app, digest) for _ in range(10)))
    after = [len(asked_of(cloud, path)) for path in ("/oauth2/exchange", "/oauth2/token")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 2]
    assert len(asked_of(cloud, "/oauth2/v2.0/token", service="entra")) - entra == 1


async def test_a_token_is_renewed_before_it_ends(make_cloud: MakeCloud) -> None:
    """Of a second's life the last fifth is not used: every answer is a success, so nothing was ever refused and asked again."""
    cloud = make_cloud("brief", lifetimes={"entraSeconds": 3599, "refreshSeconds": 10_800, "accessSeconds": 1}).start()
    cloud.push_image("app", "v1")
    async with source_client(source_of(cloud)) as (registry, tokens):
        first = await tokens.get("repository:app:pull")
        while first.fresh:
            assert await registry.resolve(Repository("app"), V1) is not None
        assert await registry.resolve(Repository("app"), V1) is not None
        assert await tokens.get("repository:app:pull") is not first
    assert {one["status"] for one in asked_of(cloud, "/manifests/")} == {200}


async def test_a_revoked_token_is_renewed_once_and_nobody_notices(make_cloud: MakeCloud) -> None:
    """A registry whose signing key was rotated takes no token from before."""
    cloud = make_cloud("rotated").start()
    cloud.push_image("app", "v1")
    async with source_client(source_of(cloud)) as (registry, _):
        assert await registry.resolve(Repository("app"), V1) is not None
        cloud.kill()
        with closing(sqlite3.connect(Path(cloud.config["state"]) / "cloud.db", isolation_level=None)) as database:
            assert database.execute("DELETE FROM settings WHERE name = 'signing-key'").rowcount == 1
        cloud.start()
        assert await registry.resolve(Repository("app"), V1) is not None
    assert [one["status"] for one in asked_of(cloud, "/manifests/")] == [401, 200]


@pytest.mark.parametrize("wrong", ["canary~Wrong8Q.password", "pa:ss", "pässword"])
async def test_a_wrong_password_is_told_with_what_to_check_and_never_shown(clouds: Clouds, wrong: str) -> None:
    async with source_client(source_of(clouds.source, password=wrong)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.resolve(Repository("tokens/any"), V1)
    basic = base64.b64encode(f"pull:{wrong}".encode()).decode()
    failure = check_refusal(refused, "denied", "source_denied", wrong, basic)
    assert failure.doing == f"get a pull token from the source ({clouds.source.login_server}) as pull"
    assert failure.said.startswith("401 UNAUTHORIZED: authentication required")
    assert "Check SourceACRPullTokenName and SourceACRPullTokenPassword" in failure.hint


async def test_a_registry_of_another_cloud_takes_no_token_of_this_one(clouds: Clouds) -> None:
    target = target_of(clouds.source, login_server=clouds.target.login_server)
    async with target_client(target) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.resolve(Repository("tokens/any"), V1)
    failure = check_refusal(refused, "denied", "target_denied", secret_of(target))
    assert failure.doing.startswith(f"exchange the Entra token of {target.client_id} at china (")


PASSWORD = "canary~Pull8Q.password"


@asynccontextmanager
async def scripted_source(tls: TlsFiles, *script: Reply) -> AsyncIterator[tuple[SourceTokens, Scripted]]:
    async with scripted(tls, *script) as server:
        registry = RegistryId("s", "g", "contoso")
        source = Source(registry=registry, login_server=server.host, token_name="pull", token_password=Secret(PASSWORD))
        wire = Wire(server.host)
        try:
            yield source_registry(source, wire)[1], server
        finally:
            await wire.close()


async def test_the_password_goes_to_the_configured_host_and_nowhere_else(tls: TlsFiles) -> None:
    """Not to the realm of a challenge, which whoever answered wrote, and not after a redirect."""
    async with scripted(tls) as evil:
        realm = f'Bearer realm="https://{evil.host}/oauth2/token",service="{evil.host}"'
        moved = page(307, Location=f"https://{evil.host}/oauth2/token")
        refused_twice = [error(401, "UNAUTHORIZED", WWW_Authenticate=realm)] * 2  # for the scope, and for none
        async with scripted_source(tls, *refused_twice, moved) as (tokens, server):
            with pytest.raises(Refused) as refused:
                await tokens.get(SCOPE)
            check_refusal(refused, "denied", "source_denied", PASSWORD)
            with pytest.raises(Refused) as refused:
                await tokens.get(SCOPE)
            check_refusal(refused, "transient", "not_understood", PASSWORD)
    assert evil.asked == []
    assert [asked.target.partition("?")[0] for asked in server.asked] == ["/oauth2/token"] * 3
    assert f"service={server.host}&scope=repository:team/app:pull" in server.asked[0].target


async def test_one_fetch_that_fails_is_not_kept(tls: TlsFiles) -> None:
    async with scripted_source(tls, page(503), answer({"access_token": "second"})) as (tokens, _):
        with pytest.raises(Refused):
            await tokens.get(SCOPE)
        assert (await tokens.get(SCOPE)).value.reveal() == "second"
        assert (await tokens.get(SCOPE)).value.reveal() == "second"


async def test_a_newer_token_is_not_forgotten_for_an_older_one(tls: TlsFiles) -> None:
    async with scripted_source(tls, answer({"token": "first"}), answer({"token": "second"})) as (tokens, _):
        first = await tokens.get(SCOPE)
        tokens.forget(SCOPE, first)
        second = await tokens.get(SCOPE)
        tokens.forget(SCOPE, first)  # told late by another request
        assert await tokens.get(SCOPE) is second


REFRESHED = [answer({"refresh_token": "old"}), answer({"access_token": "first"})]


async def test_a_refresh_token_that_was_revoked_is_exchanged_anew_and_nobody_notices(tls: TlsFiles, clouds: Clouds) -> None:
    script = [*REFRESHED, error(401, "UNAUTHORIZED"), answer({"refresh_token": "new"}), answer({"access_token": "good"})]
    async with scripted(tls, *script) as server, target_client(target_of(clouds.target, login_server=server.host)) as (_, tokens):
        await tokens.get(SCOPE)
        make_older(tokens, 61)
        assert (await tokens.get(OTHER)).value.reveal() == "good"
    assert [asked.target for asked in server.asked][2:] == ["/oauth2/token", "/oauth2/exchange", "/oauth2/token"]
    assert b"refresh_token=new" in server.asked[4].body


@pytest.mark.parametrize("status", [401, 403])
async def test_a_scope_that_is_refused_to_a_known_principal_means_the_repository(tls: TlsFiles, clouds: Clouds, status: int) -> None:
    """The exchange is the request without a scope: granted a moment ago, it need not be made again."""
    no = error(status, "DENIED")
    script = [answer({"refresh_token": "old"}), no]
    async with scripted(tls, *script) as server:
        target = target_of(clouds.target, login_server=server.host)
        async with target_client(target) as (_, tokens):
            with pytest.raises(Refused) as refused:
                await tokens.get("repository:team/app:pull,push")
    failure = check_refusal(refused, "conflict", "target_right_missing", secret_of(target))
    assert "Microsoft.ContainerRegistry/registries/push/write" in failure.hint and "needed for team/app" in failure.hint


async def test_a_principal_that_is_refused_altogether_is_told_as_that(tls: TlsFiles, clouds: Clouds) -> None:
    no = error(401, "UNAUTHORIZED")
    script = [*REFRESHED, no, no, no]  # the scope, the exchange, and the exchange of a newer Entra token
    async with scripted(tls, *script) as server, target_client(target_of(clouds.target, login_server=server.host)) as (_, tokens):
        await tokens.get(SCOPE)
        make_older(tokens, 61)
        with pytest.raises(Refused) as refused:
            await tokens.get(OTHER)
    check_refusal(refused, "denied", "target_denied")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "without_scope, kind, code",
    [
        (answer({"access_token": "t"}), "conflict", "source_right_missing"),
        (error(401, "UNAUTHORIZED"), "denied", "source_denied"),
        (error(403, "DENIED"), "denied", "source_denied"),
        (error(429, "TOOMANYREQUESTS", Retry_After="5"), "throttled", "throttled"),
        (page(503), "transient", "unreachable"),
    ],
    ids=["granted", "refused", "denied", "throttled", "down"],
)
async def test_a_scope_that_is_refused_is_told_by_what_is_said_without_it(
    tls: TlsFiles, without_scope: Reply, kind: Kind, code: Code, status: int
) -> None:
    async with scripted_source(tls, error(status, "DENIED"), without_scope) as (tokens, server):
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
    failure = check_refusal(refused, kind, code, PASSWORD)
    assert code != "source_right_missing" or "--add-repository team/app content/read" in failure.hint
    assert ["scope" in asked.target for asked in server.asked] == [True, False]


@pytest.mark.parametrize("reply, code", [(error(400, "UNSUPPORTED"), "source_denied"), (page(400), "not_understood")])
async def test_a_request_for_a_token_that_is_not_taken_names_the_login_server(tls: TlsFiles, reply: Reply, code: Code) -> None:
    async with scripted_source(tls, reply) as (tokens, _):
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
    assert (refused.value.failure.code == code) and ("login server" in refused.value.failure.hint) == (code == "source_denied")


def make_older(tokens: EntraTokens, seconds: float) -> None:
    """Its refresh token: time passes in the tests' processes as fast as it does."""
    kept = tokens._refresh._tokens
    kept[REFRESH] = replace(kept[REFRESH], obtained=kept[REFRESH].obtained - seconds)


@pytest.mark.parametrize(
    "reply",
    [
        page(200),
        answer({}),
        answer([]),
        answer({"access_token": ""}),
        answer({"access_token": None}),
        answer({"access_token": ["t"]}),
        answer({"refresh_token": "canary-token"}),
        pytest.param(Reply(body=b"[" * 100_000), id="deep"),
    ],
)
async def test_an_answer_without_a_token_is_told_and_not_quoted(tls: TlsFiles, reply: Reply) -> None:
    async with scripted_source(tls, reply) as (tokens, _):
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
    failure = check_refusal(refused, "transient", "not_understood", PASSWORD, "canary-token")
    assert failure.said == "status 200 without access_token"


async def test_a_token_as_large_as_an_answer_is_not_kept(tls: TlsFiles) -> None:
    async with scripted_source(tls, answer({"access_token": "x" * 65_537})) as (tokens, _):
        with pytest.raises(Refused) as refused:
            await tokens.get(SCOPE)
    assert check_refusal(refused, "transient", "not_understood").said == "status 200 and access_token too long"
    with pytest.raises(TypeError):
        sdk_token("x" * 65_537, None)


@pytest.mark.parametrize(
    "token, expires_in, lifetime",
    [
        pytest.param("opaque", 3600, 3600, id="as the answer says"),
        pytest.param(jwt(iat=1000, exp=5500), 3600, 3600, id="as the answer says, whatever the token"),
        pytest.param(jwt(iat=1000, exp=5500), None, 4500, id="as the token says"),
        pytest.param(jwt(nbf=1000, exp=5500), None, 4500, id="without iat"),
        pytest.param(jwt(iat=1000, exp=5500), "3600", 4500, id="a text is no number"),
        pytest.param(jwt(iat=1000, exp=5500), True, 4500, id="nor is true"),
        pytest.param(jwt(iat=5500, exp=1000), None, 0, id="ended before it began"),
        pytest.param("opaque", -5, 0, id="less than nothing"),
        pytest.param("opaque", float("nan"), 60, id="no number at all"),
        pytest.param("opaque", float("inf"), 86_400, id="for ever is a day"),
        pytest.param("opaque", 10**400, 86_400, id="a number beyond floats"),
        pytest.param("opaque", None, 60, id="nobody says: the specification's default"),
        pytest.param("a.b.c", None, 60, id="no claims"),
        pytest.param("a.é.c", None, 60, id="no base64"),
        pytest.param(jwt(exp="soon"), None, 60, id="an odd claim"),
        pytest.param(jwt(iat=0, exp=10**400), None, 86_400, id="a claim beyond floats"),
        pytest.param(f"a.{base64.urlsafe_b64encode(b'[' * 99_999).decode()}.c", None, 60, id="deep claims"),
    ],
)
def test_a_token_lives(token: str, expires_in: object, lifetime: float) -> None:
    assert Token.of(token, expires_in).lifetime == lifetime


def test_it_is_renewed_a_minute_before_its_end_or_at_four_fifths_of_a_short_life() -> None:
    for lifetime, used in ((3600, 3540), (300, 240), (100, 80), (0, 0)):
        before = time.monotonic()
        token = Token.of("t", lifetime)
        assert before + used <= token.renew_at <= time.monotonic() + used
        assert token.fresh == (used > 0)
        assert 0 <= token.valid_for <= used


@given(
    st.binary()
    | json_values.map(json.dumps).map(str.encode)
    | json_values.map(lambda value: json.dumps({"token": "t", "expires_in": value}).encode())
)
def test_any_answer_is_a_token_or_a_refusal(body: bytes) -> None:
    try:
        token = token_of(Answer(200, {}, body), "access_token", SIDE, "get a token")
    except Refused as refused:
        assert refused.failure.code == "not_understood"
    else:
        assert token.value.reveal()
        assert 0 <= token.lifetime <= 86_400


async def test_a_cache_of_many_scopes_forgets_what_has_ended() -> None:
    fetched: list[str] = []

    async def fetch(scope: str) -> Token:
        fetched.append(scope)
        return Token.of(scope, 0 if scope.startswith("ended") else 3600)

    cache = TokenCache(fetch)
    kept = await cache.get("kept")
    for number in range(MOST + 10):
        await cache.get(f"ended {number}")
    assert len(cache._tokens) <= MOST + 1
    assert await cache.get("kept") is kept
    assert fetched.count("kept") == 1


async def test_a_cache_is_bounded_though_nothing_in_it_has_ended() -> None:
    async def fetch(scope: str) -> Token:
        return Token.of(scope, 3600)

    cache = TokenCache(fetch)
    for number in range(MOST + 10):
        await cache.get(str(number))
    assert len(cache._tokens) == MOST
    assert next(iter(cache._tokens)) == "10"  # those that were obtained first are gone


def failing(kind: Kind) -> Failure:
    return Failure(kind=kind, code="unreachable", doing="get it", said="no", hint="wait")


@pytest.mark.parametrize("kind, used_on", [("transient", True), ("throttled", True), ("denied", False)])
async def test_what_has_not_ended_is_used_on_while_nobody_can_renew_it(kind: Kind, used_on: bool) -> None:
    answers: list[Token | None] = [Token.of("old", 3600), None, None]

    async def fetch(_: str) -> Token:
        if (found := answers.pop(0)) is None:
            raise Refused(failing(kind))
        return found

    cache = TokenCache(fetch)
    old = await cache.get(SCOPE)
    cache.renew(SCOPE, old)
    if used_on:
        found = await asyncio.gather(*(cache.get(SCOPE) for _ in range(5)))
        assert {one.value for one in found} == {old.value}
        assert (await cache.get(SCOPE)).value is old.value and len(answers) == 1  # nobody is asked again for a while
        cache.forget(SCOPE, old)
    for _ in range(len(answers)):
        with pytest.raises(Refused):
            await cache.get(SCOPE)


async def test_what_has_ended_is_not_used_on() -> None:
    answers: list[Token | None] = [Token.of("old", 0), None]

    async def fetch(_: str) -> Token:
        if (found := answers.pop(0)) is None:
            raise Refused(failing("transient"))
        return found

    cache = TokenCache(fetch)
    await cache.get(SCOPE)
    with pytest.raises(Refused):
        await cache.get(SCOPE)


def test_a_token_that_is_printed_is_not_told() -> None:
    assert "canary" not in repr(Token.of("canary", 60)) + str(Token.of("canary", 60))
    value: Any = Token.of("canary", 60)
    with pytest.raises(TypeError):
        json.dumps(value)

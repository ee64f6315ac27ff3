"""Imports through ARM: begun once, looked at once per call, and every way in which they can fail told apart."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from devkit.tls import TlsFiles
from registries.arm import DEFAULT_RETRY_AFTER, ImportState, TargetImports
from registries.egress import LARGEST_ANSWER
from registries.refusals.arm import import_failure, post_refusal
from registries.wire import Answer
from replication.failures import Code, Kind, Refused
from replication.references import Digest, Repository
from replication.targets import RegistryId
from tests.devkit.cloud.running import OCI_INDEX, Clouds, MakeCloud, digest_of, image, index
from tests.unit.registries.live import ABSENT, asked_of, check_refusal, imports_client, password_of, secret_of, source_of, target_of
from tests.unit.registries.scripted import Reply, Scripted, answer, page, scripted

APP = Repository("imports/app")
OPERATION = "/subscriptions/s/providers/Microsoft.ContainerRegistry/locations/x/operationResults/registries-1?api-version=2025-11-01&t=1"


async def ended(imports: TargetImports, state: ImportState, repository: Repository, digest: Digest) -> ImportState:
    """Asked without a pause: what is polled is another process, which goes on by itself."""
    while state.state == "running":
        assert state.operation is not None
        state = await imports.look_at(state.operation, repository, digest)
    return state


async def test_an_index_is_imported_whole_by_digest_and_untagged(clouds: Clouds) -> None:
    app = Repository("imports/index")
    children = [clouds.source.push_image(str(app), layer=layer) for layer in (b"amd64", b"arm64")]
    content = index(image(b"amd64"), image(b"arm64"))
    clouds.source.push_manifest(str(app), "v1", content, OCI_INDEX)
    digest = Digest.parse(digest_of(content))
    async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
        begun = await imports.begin(app, digest)
        assert begun.state == "running"
        assert begun.operation is not None and begun.operation.startswith("/subscriptions/")
        assert await ended(imports, begun, app, digest) == ImportState("ended")
        assert await ended(imports, await imports.begin(app, digest), app, digest) == ImportState("ended")  # twice is harmless
    for one in (*children, str(digest)):
        assert clouds.target.registry("HEAD", f"/v2/{app}/manifests/{one}").status == 200
    assert clouds.target.registry("GET", f"/v2/{app}/tags/list").json["tags"] in (None, [])


async def test_an_operation_is_looked_at_by_anyone_and_says_when_to_ask_again(make_cloud: MakeCloud, clouds: Clouds) -> None:
    slow = make_cloud("slow", imports={"latencySeconds": 600, "bytesPerSecond": 50_000_000}).start()
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    target, source = target_of(slow), source_of(clouds.source)
    async with imports_client(target, source) as imports:
        begun = await imports.begin(APP, digest)
    assert begun.operation is not None
    async with imports_client(target, source) as imports:
        looked = await imports.look_at(begun.operation, APP, digest)
    assert (looked.state, looked.retry_after) == ("running", DEFAULT_RETRY_AFTER)
    assert urlsplit(looked.operation or "").path == urlsplit(begun.operation).path


async def test_what_the_source_does_not_have_fails_as_an_import(clouds: Clouds) -> None:
    async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
        state = await ended(imports, await imports.begin(APP, ABSENT), APP, ABSENT)
    assert state.state == "failed" and state.failure is not None
    assert (state.failure.kind, state.failure.code) == ("transient", "import_failed")
    assert state.failure.doing == f"import imports/app@{ABSENT.short}… into china ({clouds.target.login_server})"


async def test_a_source_that_refuses_the_password_is_told_as_the_sources_refusal(clouds: Clouds) -> None:
    wrong = "canary~Wrong8Q.password"
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    async with imports_client(target_of(clouds.target), source_of(clouds.source, password=wrong)) as imports:
        state = await ended(imports, await imports.begin(APP, digest), APP, digest)
    assert state.state == "failed" and state.failure is not None
    assert (state.failure.kind, state.failure.code) == ("denied", "source_denied")
    assert "Check SourceACRPullTokenName and SourceACRPullTokenPassword" in state.failure.hint
    assert wrong not in repr(state)


async def test_a_principal_without_the_role_is_denied_by_arm(clouds: Clouds) -> None:
    target, source = target_of(clouds.target, principal=1), source_of(clouds.source)
    async with imports_client(target, source) as imports:
        with pytest.raises(Refused) as refused:
            await imports.begin(APP, ABSENT)
    failure = check_refusal(refused, "denied", "arm_denied", password_of(source), secret_of(target))
    assert failure.said.startswith("403 AuthorizationFailed: ")
    assert f"Give the application {target.client_id} the replication role" in failure.hint and str(target.registry) in failure.hint


async def test_a_registry_that_arm_does_not_know_is_named(clouds: Clouds) -> None:
    known, source = target_of(clouds.target), source_of(clouds.source)
    target = replace(known, registry=RegistryId(known.registry.subscription, known.registry.group, "nowhere"))
    async with imports_client(target, source) as imports:
        with pytest.raises(Refused) as refused:
            await imports.begin(APP, ABSENT)
    failure = check_refusal(refused, "denied", "registry_not_found", password_of(source))
    assert str(target.registry) in failure.hint


async def test_a_wrong_secret_is_told_as_entras_refusal_before_arm_is_asked(clouds: Clouds) -> None:
    target = target_of(clouds.target, client_id="6f1e2d3c-0000-4000-8000-000000000009")
    before = len(asked_of(clouds.target, "/", service="arm"))
    async with imports_client(target, source_of(clouds.source)) as imports:
        for call in (imports.begin(APP, ABSENT), imports.look_at(OPERATION, APP, ABSENT)):
            with pytest.raises(Refused) as refused:
                await call
            check_refusal(refused, "denied", "tenant_wrong", secret_of(target))
    assert len(asked_of(clouds.target, "/", service="arm")) == before


async def test_an_operation_that_arm_no_longer_knows_has_ended(make_cloud: MakeCloud, clouds: Clouds) -> None:
    """After some hours; whether the import succeeded, the digest at the target tells."""
    cloud = make_cloud("forgetful").start()
    async with imports_client(target_of(cloud), source_of(clouds.source)) as imports:
        begun = await imports.begin(APP, ABSENT)
        assert begun.operation is not None
        with closing(sqlite3.connect(Path(cloud.config["state"]) / "cloud.db", isolation_level=None)) as database:
            assert database.execute("DELETE FROM operations").rowcount == 1
        assert await imports.look_at(begun.operation, APP, ABSENT) == ImportState("ended")


@pytest.mark.parametrize("operation", ["", "operations/1", "//evil.example/1", "https://evil.example/1", "@evil.example", "/long" * 4000])
async def test_an_operation_that_no_arm_named_is_asked_of_nobody(clouds: Clouds, operation: str) -> None:
    before = len(asked_of(clouds.target, "/", service="arm"))
    async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
        assert await imports.look_at(operation, APP, ABSENT) == ImportState("ended")
    assert len(asked_of(clouds.target, "/", service="arm")) == before


@asynccontextmanager
async def scripted_arm(tls: TlsFiles, clouds: Clouds, *script: Reply) -> AsyncIterator[tuple[TargetImports, Scripted]]:
    """ARM alone is scripted; Entra is the local cloud's."""
    async with scripted(tls, *script) as server:
        known = target_of(clouds.target)
        target = replace(known, cloud=replace(known.cloud, resource_manager=f"https://{server.host}"))
        async with imports_client(target, source_of(clouds.source)) as imports:
            yield imports, server


def arm_error(status: int, code: str, message: str = "no", **headers: str) -> Reply:
    return answer({"error": {"code": code, "message": message}}, status, **headers)


async def test_what_is_asked_of_arm_is_the_whole_request(tls: TlsFiles, clouds: Clouds) -> None:
    source = source_of(clouds.source)
    async with scripted_arm(tls, clouds, answer(None)) as (imports, server):
        assert await imports.begin(APP, ABSENT) == ImportState("ended")
    (asked,) = server.asked
    parts = urlsplit(asked.target)
    assert (asked.method, parts.path) == ("POST", f"{clouds.target.registry_id}/importImage")
    assert parse_qs(parts.query) == {"api-version": ["2025-11-01"]}
    assert json.loads(asked.body) == {
        "source": {
            "registryUri": clouds.source.login_server,
            "sourceImage": f"imports/app@{ABSENT}",
            "credentials": {"username": "pull", "password": password_of(source)},
        },
        "targetTags": [],
        "untaggedTargetRepositories": ["imports/app"],
        "mode": "Force",
    }


LOCATIONS = {
    "another host": "https://evil.example/operations/1?t=1",
    "another port": "https://localhost:1/operations/1?t=1",
    "our host as a user": "https://{host}@evil.example/operations/1?t=1",
    "plain HTTP": "http://{host}/operations/1?t=1",
    "a path alone": "/operations/1?t=1",
    "a host that is none": "https://[{host}/operations/1",
    "nothing": "",
}


@pytest.mark.parametrize("written", LOCATIONS.values(), ids=LOCATIONS)
async def test_a_location_that_is_not_our_arms_is_not_asked(tls: TlsFiles, clouds: Clouds, written: str) -> None:
    """The import goes on; only the target's data plane can tell of it."""
    reply = answer(None, 202)
    async with scripted_arm(tls, clouds, reply) as (imports, server):
        reply.headers["Location"] = written.format(host=server.host)  # type: ignore[index] # a dict, until it is sent
        assert await imports.begin(APP, ABSENT) == ImportState("running", None)


@pytest.mark.parametrize("asked, pause", [(None, DEFAULT_RETRY_AFTER), ("30", 30), ("0", 0), ("soon", DEFAULT_RETRY_AFTER)])
async def test_arm_is_asked_again_when_it_says(tls: TlsFiles, clouds: Clouds, asked: str | None, pause: float) -> None:
    reply = answer(None, 202, **({} if asked is None else {"Retry_After": asked}))
    async with scripted_arm(tls, clouds, reply, reply) as (imports, server):
        reply.headers["Location"] = f"HTTPS://{server.host.upper()}{OPERATION}"  # type: ignore[index]
        begun = await imports.begin(APP, ABSENT)
        assert begun == ImportState("running", OPERATION, pause)
        assert await imports.look_at(OPERATION, APP, ABSENT) == begun
    assert [(one.method, one.target) for one in server.asked[1:]] == [("GET", OPERATION)]


DEEP = replace(answer(None, 503), body=b"[" * 100_000)
EMPTY = Reply(status=204, headers={"Content-Type": "application/json"})
POST_REFUSALS: dict[str, tuple[Reply, Kind, Code, float | None]] = {
    "400": (arm_error(400, "InvalidParameters"), "conflict", "import_refused", None),
    "409": (arm_error(409, "Conflict"), "transient", "import_refused", None),
    "a provider that is not registered": (arm_error(409, "MissingSubscriptionRegistration"), "transient", "import_refused", None),
    "401": (arm_error(401, "InvalidAuthenticationToken"), "transient", "arm_denied", None),
    "403": (arm_error(403, "AuthorizationFailed"), "denied", "arm_denied", None),
    "404": (arm_error(404, "ResourceNotFound"), "denied", "registry_not_found", None),
    "no such subscription": (arm_error(404, "InvalidSubscriptionId"), "denied", "registry_not_found", None),
    "a proxy's 404": (page(404), "transient", "not_understood", None),
    "another 404": (arm_error(404, "InvalidResourceType"), "transient", "not_understood", None),
    "429": (arm_error(429, "TooManyRequests", Retry_After="20"), "throttled", "throttled", 20),
    "500": (arm_error(500, "InternalServerError"), "transient", "unreachable", None),
    "503": (page(503, Retry_After="5"), "transient", "unreachable", 5),
    "307": (page(307, Location="https://evil.example/"), "transient", "not_understood", None),
    "a policy": (arm_error(403, "RequestDisallowedByPolicy"), "conflict", "import_refused", None),
    "another tenant": (arm_error(401, "InvalidAuthenticationTokenTenant"), "denied", "tenant_wrong", None),
    "a proxy's 403": (page(403), "denied", "network_denied", None),
    "a broken connection": (Reply(cut=0), "transient", "unreachable", None),
    "a body that breaks off": (replace(answer(None, 202), cut=3), "transient", "unreachable", None),
    "a deep body": (DEEP, "transient", "unreachable", None),
    "a body of another kind": (Reply(status=503, body=b"\x00"), "transient", "unreachable", None),
}


@pytest.mark.parametrize("reply, kind, code, pause", POST_REFUSALS.values(), ids=POST_REFUSALS)
async def test_a_post_that_is_refused_is_not_sent_again(
    tls: TlsFiles, clouds: Clouds, reply: Reply, kind: Kind, code: Code, pause: float | None
) -> None:
    async with scripted_arm(tls, clouds, reply) as (imports, server):
        with pytest.raises(Refused) as refused:
            await imports.begin(APP, ABSENT)
    failure = check_refusal(refused, kind, code, password_of(source_of(clouds.source)), secret_of(target_of(clouds.target)))
    assert failure.retry_after == pause
    assert len(server.asked) == 1


GET_REFUSALS: dict[str, tuple[Reply, Kind, Code]] = {
    "401": (arm_error(401, "ExpiredAuthenticationToken"), "transient", "arm_denied"),
    "403": (arm_error(403, "AuthorizationFailed"), "denied", "arm_denied"),
    "a proxy's 401": (page(401), "denied", "network_denied"),
    "a proxy's 403": (page(403), "denied", "network_denied"),
    "a proxy's 407": (page(407), "denied", "network_denied"),
    "408": (page(408), "transient", "unreachable"),
    "429": (arm_error(429, "TooManyRequests", Retry_After="20"), "throttled", "throttled"),
    "500": (arm_error(500, "InternalServerError"), "transient", "unreachable"),
    "503": (DEEP, "transient", "unreachable"),
    "502": (page(502), "transient", "unreachable"),
    "a broken connection": (Reply(cut=0), "transient", "unreachable"),
    "a body that breaks off": (replace(answer(None), cut=3), "transient", "unreachable"),
}


@pytest.mark.parametrize("reply, kind, code", GET_REFUSALS.values(), ids=GET_REFUSALS)
async def test_a_look_that_tells_nothing_is_told_as_that(tls: TlsFiles, clouds: Clouds, reply: Reply, kind: Kind, code: Code) -> None:
    async with scripted_arm(tls, clouds, reply) as (imports, server):
        with pytest.raises(Refused) as refused:
            await imports.look_at(OPERATION, APP, ABSENT)
    check_refusal(refused, kind, code)
    assert len(server.asked) == 1


@pytest.mark.parametrize("reply", [answer(None), answer({"status": "Succeeded"}), EMPTY, page(404), arm_error(404, "ResourceNotFound")])
async def test_an_import_has_ended_where_arm_says_so_or_knows_it_no_longer(tls: TlsFiles, clouds: Clouds, reply: Reply) -> None:
    async with scripted_arm(tls, clouds, reply) as (imports, _):
        assert await imports.look_at(OPERATION, APP, ABSENT) == ImportState("ended")


@pytest.mark.parametrize(
    "reply, code",
    [
        (arm_error(400, "InvalidParameters", "Operation registries-1 failed. Error copying blobs"), "blobs_not_copied"),
        (arm_error(200, "InvalidParameters", "Operation registries-1 failed."), "import_failed"),
        (arm_error(500, "InternalServerError", "Operation registries-1 failed. An internal error occurred."), "import_failed"),
        (arm_error(409, "Conflict"), "import_failed"),
        (page(410), "import_failed"),
        (arm_error(400, "InvalidParameters", "Invalid message Unauthorized UNAUTHORIZED"), "source_denied"),
        (arm_error(403, "Forbidden", "authentication required, visit https://aka.ms/acr"), "source_denied"),
        (arm_error(400, "InvalidParameters", "Access to contoso.azurecr.io denied."), "import_denied"),
        (arm_error(403, "Forbidden", "The image has more than 50 manifests"), "too_many_manifests"),
    ],
)
async def test_an_import_that_failed_is_told_apart_from_a_look_that_did(tls: TlsFiles, clouds: Clouds, reply: Reply, code: Code) -> None:
    async with scripted_arm(tls, clouds, reply) as (imports, _):
        state: Any = await imports.look_at(OPERATION, APP, ABSENT)
    assert (state.state, state.failure.code) == ("failed", code)
    assert state.failure.doing.startswith(f"import imports/app@{ABSENT.short}… into china (")
    assert "https://" not in state.failure.said


FIREWALL_MET = """Operation registries-1 failed. Forbidden {"errors":[{"code":"DENIED","message":"client with IP '20.1.2.3' is not allowed access. Refer https://aka.ms/acr/firewall"}]}"""  # noqa: E501


@pytest.mark.parametrize(
    "words, hint, not_told",
    [
        ("Access to contoso.azurecr.io denied.", "contoso.azurecr.io does not let the copying in", "One of"),
        ("Access to https://x.blob.example/a?sig=canary-signature denied.", "One of the registries does not let", "canary"),
        ("Access to contoso.azurecr.io/a?sig=canary-signature denied.", "One of the registries does not let", "canary"),
        (FIREWALL_MET, "--ip-address 20.1.2.3", "aka.ms"),
    ],
)
def test_what_does_not_let_an_import_in_is_named_and_no_address_with_a_signature(
    words: str, hint: str, not_told: str, clouds: Clouds
) -> None:
    answered = Answer(400, {}, json.dumps({"error": {"code": "InvalidParameters", "message": words}}).encode())
    failure = import_failure(answered, target_of(clouds.target), source_of(clouds.source), "import")
    assert (failure.kind, failure.code) == ("denied", "import_denied")
    assert hint in failure.hint and not_told not in failure.hint


@pytest.mark.parametrize(
    "status, code, hint",
    [
        (401, "ExpiredAuthenticationToken", "is the clock of the app's host right"),
        (409, "MissingSubscriptionRegistration", "az provider register --namespace Microsoft.ContainerRegistry --subscription "),
        (404, "InvalidSubscriptionId", "az resource show --ids /subscriptions/"),
        (429, "TooManyRequests", "spread pushes over time."),
    ],
)
def test_what_arm_refuses_is_told_with_what_mends_it(clouds: Clouds, status: int, code: str, hint: str) -> None:
    refused = Answer(status, {}, json.dumps({"error": {"code": code, "message": "no"}}).encode())
    assert hint in post_refusal(refused, target_of(clouds.target), source_of(clouds.source), "import").hint


async def test_arm_that_does_not_answer_in_time_is_unreachable(tls: TlsFiles, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registries.egress.READ_WITHIN", 0.05)
    async with scripted_arm(tls, clouds, Reply(late=asyncio.Event())) as (imports, _):
        with pytest.raises(Refused) as refused:
            await imports.begin(APP, ABSENT)
    check_refusal(refused, "transient", "unreachable")


async def test_no_more_of_arms_answer_is_read_than_may_be(tls: TlsFiles, clouds: Clouds) -> None:
    endless = Reply(status=400, body=b"x" * 65_536, endless=True)
    async with scripted_arm(tls, clouds, endless, endless) as (imports, server):
        for call in (imports.begin(APP, ABSENT), imports.look_at(OPERATION, APP, ABSENT)):
            with pytest.raises(Refused) as refused:
                await call
            assert "larger than 4194304 bytes" in check_refusal(refused, "transient", "unreachable").said
    assert server.sent < 8 * LARGEST_ANSWER  # what is under way in buffers


async def test_arm_that_sends_a_byte_now_and_then_is_not_waited_for(tls: TlsFiles, clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_arm(tls, clouds, Reply(body=b" ", endless=True)) as (imports, _):
        monkeypatch.setattr("registries.wire.ANSWER_WITHIN", 0.2)
        with pytest.raises(Refused) as refused:
            await imports.begin(APP, ABSENT)
    assert "not within 0.2 seconds" in check_refusal(refused, "transient", "unreachable").said


async def test_a_group_with_odd_letters_is_quoted(tls: TlsFiles, clouds: Clouds) -> None:
    async with scripted(tls, answer(None)) as server:
        known = target_of(clouds.target)
        odd = RegistryId(known.registry.subscription, "größe_(1){x}", known.registry.name)
        target = replace(known, registry=odd, cloud=replace(known.cloud, resource_manager=f"https://{server.host}"))
        async with imports_client(target, source_of(clouds.source)) as imports:
            await imports.begin(APP, ABSENT)
    assert "/resourceGroups/gr%C3%B6%C3%9Fe_(1)%7Bx%7D/providers/" in server.asked[0].target

"""What the data plane's client makes of answers that a good registry does not give: told as what they are, never taken for absence, and
never followed or repeated."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from devkit.tls import TlsFiles, make_authority
from registries.egress import LARGEST_ANSWER
from registries.lists import MOST, MOST_PAGES
from registries.manifests import Manifest
from registries.registry import Registry
from registries.tokens import Token
from registries.wire import Wire
from replication.failures import Code, Kind, Refused
from replication.references import Digest, Repository, Tag
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, digest_of, image
from tests.unit.registries.live import ABSENT, check_refusal
from tests.unit.registries.scripted import Reply, Scripted, answer, error, page, scripted
from tests.unit.registries.sides import SIDE

APP, V1 = Repository("team/app"), Tag("v1")
CONTENT = image(b"layer")
DIGEST = Digest.parse(digest_of(CONTENT))
FOUND = Reply(headers={"Docker-Content-Digest": str(DIGEST)})
BEARER = "canary-bearer-token"
PUT = Manifest.parse(CONTENT, OCI_MANIFEST)
Call = Callable[[Registry], Awaitable[object]]

CALLS: dict[str, Call] = {
    "resolve": lambda registry: registry.resolve(APP, V1),
    "resolve_with_proof": lambda registry: registry.resolve_with_proof(APP, V1),
    "manifest": lambda registry: registry.manifest(APP, DIGEST),
    "put_manifest": lambda registry: registry.put_manifest(APP, V1, PUT),
    "delete_manifest": lambda registry: registry.delete_manifest(APP, DIGEST),
    "tags_of": lambda registry: registry.lists.tags_of(APP, DIGEST),
    "described": lambda registry: registry.lists.manifest(APP, DIGEST),
    "manifests": lambda registry: registry.lists.manifests(APP, None),
    "repositories": lambda registry: registry.lists.repositories(None),
    "count": lambda registry: registry.lists.count(APP),
    "referrers": lambda registry: registry.lists.referrers(APP, DIGEST),
    "untag": lambda registry: registry.untag(APP, V1),
}
CHANGES = (CALLS["put_manifest"], CALLS["delete_manifest"], CALLS["untag"])
LOOKS = (CALLS["resolve"], CALLS["resolve_with_proof"])  # by HEAD
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


class OneToken:
    """That is what the registry takes or refuses here, always; `age` seconds old. Counts how often it was called bad."""

    def __init__(self, age: float = 0) -> None:
        self.forgotten = 0
        self._age = age

    async def get(self, scope: str) -> Token:
        token = Token.of(BEARER, 3600)
        return replace(token, obtained=token.obtained - self._age)

    def forget(self, scope: str, token: Token) -> None:
        self.forgotten += 1


@asynccontextmanager
async def registry_at(tls: TlsFiles, *script: Reply, tokens: OneToken | None = None) -> AsyncIterator[tuple[Registry, Scripted]]:
    async with scripted(tls, *script) as server:
        wire = Wire(server.host)
        try:
            yield Registry(SIDE, wire, tokens or OneToken()), server
        finally:
            await wire.close()


@every_call
@pytest.mark.parametrize(
    "reply, kind, code, retry_after",
    [
        pytest.param(error(429, "TOOMANYREQUESTS", Retry_After="17"), "throttled", "throttled", 17, id="429 with seconds"),
        pytest.param(error(429, "TOOMANYREQUESTS"), "throttled", "throttled", None, id="429 without"),
        pytest.param(page(503, Retry_After="3"), "transient", "unreachable", 3, id="503"),
        pytest.param(page(500), "transient", "unreachable", None, id="500"),
        pytest.param(page(408), "transient", "unreachable", None, id="408"),
    ],
)
async def test_a_refusal_is_told_as_what_it_is_and_not_repeated(
    tls: TlsFiles, call: Call, reply: Reply, kind: Kind, code: Code, retry_after: float | None
) -> None:
    async with registry_at(tls, reply) as (registry, server):
        with pytest.raises(Refused) as refused:
            await call(registry)
    assert check_refusal(refused, kind, code, BEARER).retry_after == retry_after
    assert len(server.asked) == 1


async def test_a_pause_may_be_asked_for_as_a_date(tls: TlsFiles) -> None:
    for ahead, least, most in ((timedelta(hours=2), 7000, 7201), (timedelta(hours=-2), 0, 0)):
        date = format_datetime(datetime.now(UTC) + ahead, usegmt=True)
        async with registry_at(tls, error(429, "TOOMANYREQUESTS", Retry_After=date)) as (registry, _):
            with pytest.raises(Refused) as refused:
                await registry.resolve(APP, V1)
        assert least <= (check_refusal(refused, "throttled", "throttled").retry_after or 0) <= most


@every_call
@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_is_refused_is_renewed_once_but_for_a_change(tls: TlsFiles, call: Call, status: int) -> None:
    """What a change rests on was looked at right before: after a renewal it would have to be looked at again. A new token that is refused
    as well does not mean the credential, which has just been given it."""
    tokens, refusal = OneToken(), error(status, "DENIED", WWW_Authenticate='Bearer realm="https://evil.example/token"')
    script = [refusal] if call in CHANGES else [refusal, refusal]
    if status == 403 and call in LOOKS:
        script.append(refusal)  # a HEAD's has no words, so a GET is asked for them
    async with registry_at(tls, *script, tokens=tokens) as (registry, server):
        with pytest.raises(Refused) as refused:
            await call(registry)
    failure = check_refusal(refused, "conflict", "target_right_missing", BEARER)
    assert re.fullmatch(
        r"The role lacks (pull/read|push/write|artifacts/delete) on team/app\.|The role lacks \* on the catalog\.", failure.hint
    )
    assert tokens.forgotten == 2 if call not in CHANGES else 1
    assert [asked.headers["Authorization"] for asked in server.asked] == [f"Bearer {BEARER}"] * len(script)


async def test_an_older_token_that_a_change_is_refused_with_means_that_the_step_is_taken_again(tls: TlsFiles) -> None:
    """It may have been revoked, or be from before somebody gave the right."""
    for call in CHANGES:
        async with registry_at(tls, error(401, "UNAUTHORIZED"), tokens=OneToken(age=61)) as (registry, _):
            with pytest.raises(Refused) as refused:
                await call(registry)
        assert check_refusal(refused, "transient", "target_denied", BEARER).hint.endswith("with a new one. Grant the role.")


async def test_a_token_that_is_called_bad_means_that_the_step_is_taken_again_however_new_it_is(tls: TlsFiles) -> None:
    bad = error(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="https://x/oauth2/token",error="invalid_token"')
    for call in CHANGES:
        async with registry_at(tls, bad) as (registry, _):
            with pytest.raises(Refused) as refused:
                await call(registry)
        assert check_refusal(refused, "transient", "target_denied", BEARER).hint.endswith("with a new one. Grant the role.")


@every_call
@pytest.mark.parametrize(
    "reply, hint",
    [
        (page(401), "let the app pass what stands between"),
        (page(403), "let the app pass what stands between"),
        (page(407), "let the app pass what stands between"),
        (error(403, "DENIED", "client with IP '198.51.100.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."),
         "az acr network-rule add --name contosocn --ip-address 198.51.100.7"),
    ],
    ids=["a proxy's 401", "a proxy's 403", "a proxy's 407", "a network rule"],
)  # fmt: skip
async def test_who_is_kept_out_by_the_network_is_told_so(tls: TlsFiles, call: Call, reply: Reply, hint: str) -> None:
    script = [reply, reply] if call in LOOKS else [reply]
    async with registry_at(tls, *script) as (registry, _):
        with pytest.raises(Refused) as refused:
            await call(registry)
    assert hint in check_refusal(refused, "denied", "network_denied", BEARER).hint


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@every_call
async def test_a_redirect_is_not_followed(tls: TlsFiles, call: Call, status: int) -> None:
    """Whoever writes it would get the token."""
    async with scripted(tls) as elsewhere:
        moved = Reply(status=status, headers={"Location": f"https://{elsewhere.host}/v2/", "Docker-Content-Digest": str(DIGEST)})
        async with registry_at(tls, moved) as (registry, _):
            with pytest.raises(Refused) as refused:
                await call(registry)
    check_refusal(refused, "transient", "not_understood", BEARER)
    assert elsewhere.asked == []


GET_CALLS = {name: CALLS[name] for name in ("manifest", "delete_manifest", "tags_of")}


@pytest.mark.parametrize("call", GET_CALLS.values(), ids=GET_CALLS)
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(page(404), id="a page"),
        pytest.param(Reply(status=404), id="nothing"),
        pytest.param(answer({"errors": []}, 404), id="no code"),
        pytest.param(answer({"errors": [{"code": None}]}, 404), id="an empty code"),
        pytest.param(answer([{"code": "MANIFEST_UNKNOWN"}], 404), id="another shape"),
        pytest.param(answer("MANIFEST_UNKNOWN", 404), id="the code alone"),
        pytest.param(error(404, "BLOB_UNKNOWN"), id="another code"),
        pytest.param(error(404, "manifest_unknown"), id="the code in lower case"),
        pytest.param(error(404, "UNSUPPORTED"), id="unsupported"),
    ],
)
async def test_a_404_without_the_registrys_own_code_proves_nothing(tls: TlsFiles, call: Call, reply: Reply) -> None:
    async with registry_at(tls, reply) as (registry, _):
        with pytest.raises(Refused) as refused:
            await call(registry)
    check_refusal(refused, "transient", "absence_unproven", BEARER)


@pytest.mark.parametrize("code", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"])
async def test_a_404_with_the_registrys_own_code_proves_absence(tls: TlsFiles, code: str) -> None:
    gone = error(404, code)
    async with registry_at(tls, gone, gone, gone) as (registry, _):
        assert await registry.manifest(APP, DIGEST) is None
        assert await registry.delete_manifest(APP, DIGEST) is False
        assert await registry.lists.tags_of(APP, DIGEST) == set()


async def test_the_code_counts_with_a_404_alone(tls: TlsFiles) -> None:
    async with registry_at(tls, error(400, "MANIFEST_UNKNOWN"), error(200, "MANIFEST_UNKNOWN")) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
        check_refusal(refused, "transient", "not_understood")
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
        check_refusal(refused, "transient", "not_understood")


async def test_a_head_proves_nothing_even_where_it_says_404(tls: TlsFiles) -> None:
    async with registry_at(tls, error(404, "MANIFEST_UNKNOWN"), error(404, "MANIFEST_UNKNOWN"), page(404)) as (registry, server):
        assert await registry.resolve(APP, V1) is None  # a hint
        with pytest.raises(Refused) as refused:
            await registry.resolve_with_proof(APP, V1)
    check_refusal(refused, "transient", "absence_unproven")
    assert [asked.method for asked in server.asked] == ["HEAD", "HEAD", "GET"]


async def test_what_a_head_missed_and_the_proof_finds_is_there(tls: TlsFiles) -> None:
    """Replicas of a registry do not agree at all times."""
    async with registry_at(tls, Reply(status=404), FOUND) as (registry, _):
        assert await registry.resolve_with_proof(APP, V1) == DIGEST


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(error(405, "UNSUPPORTED", "The operation is disallowed on this registry, repository or image."), id="405"),
        pytest.param(error(409, "DENIED", "Operation is disallowed"), id="409"),
        pytest.param(error(403, "DENIED", "the operation is DISALLOWED on this registry"), id="403"),
        pytest.param(error(405, "REGISTRY_DISALLOWED_OPERATION"), id="by its code"),
        pytest.param(error(400, "REGISTRY_DISALLOWED_OPERATION"), id="by its code, whatever the status"),
    ],
)
@pytest.mark.parametrize("call", [CALLS["put_manifest"], CALLS["delete_manifest"]], ids=["put", "delete"])
@pytest.mark.parametrize(
    "attributes, code",
    [
        pytest.param(answer({"changeableAttributes": {"writeEnabled": False}}), "locked", id="the repository is locked"),
        pytest.param(error(503, "UNAVAILABLE"), "disallowed", id="the registry does not tell"),
        pytest.param(answer({"changeableAttributes": None}), "disallowed", id="it tells something else"),
        pytest.param(answer([]), "disallowed", id="it tells nothing"),
    ],
)
async def test_what_is_disallowed_is_asked_for_its_reason(tls: TlsFiles, call: Call, reply: Reply, attributes: Reply, code: Code) -> None:
    async with registry_at(tls, reply, attributes) as (registry, server):
        with pytest.raises(Refused) as refused:
            await call(registry)
    assert "az acr repository" in check_refusal(refused, "conflict", code).hint
    assert server.asked[1].target == "/acr/v1/team/app"


async def test_a_deletion_that_nothing_explains_is_not_put_down_to_a_full_registry(tls: TlsFiles) -> None:
    free = answer({"changeableAttributes": {"deleteEnabled": True}})
    async with registry_at(tls, error(405, "REGISTRY_DISALLOWED_OPERATION"), free, free) as (registry, server):
        with pytest.raises(Refused) as refused:
            await registry.delete_manifest(APP, DIGEST)
    check_refusal(refused, "conflict", "disallowed")
    assert [asked.target for asked in server.asked[1:]] == ["/acr/v1/team/app", f"/acr/v1/team/app/_manifests/{DIGEST}"]


@pytest.mark.parametrize("header", [None, "", "sha256:short", f"{DIGEST}\t,", str(DIGEST).upper(), "v1"])
async def test_an_answer_without_a_right_digest_is_none(tls: TlsFiles, header: str | None) -> None:
    reply = Reply(headers={} if header is None else {"Docker-Content-Digest": header})
    async with registry_at(tls, reply) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.resolve(APP, V1)
    assert check_refusal(refused, "transient", "not_understood").said.startswith("Docker-Content-Digest is ")


async def test_a_digest_that_resolves_to_another_is_not_believed(tls: TlsFiles) -> None:
    async with registry_at(tls, FOUND, FOUND) as (registry, _):
        assert await registry.resolve(APP, DIGEST) == DIGEST
        with pytest.raises(Refused) as refused:
            await registry.resolve(APP, ABSENT)
    check_refusal(refused, "transient", "not_understood")


@pytest.mark.parametrize("body", [b"", CONTENT + b"\n", CONTENT[:-1], b"<html>Please sign in</html>"])
async def test_bytes_that_are_not_those_of_the_digest_are_not_believed(tls: TlsFiles, body: bytes) -> None:
    reply = Reply(body=body, headers={"Docker-Content-Digest": str(DIGEST), "Content-Type": OCI_MANIFEST})
    async with registry_at(tls, reply) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
    assert check_refusal(refused, "transient", "not_understood").said == f"the bytes hash to {digest_of(body)}"


INDEXES: dict[str, bytes] = {
    "not JSON": b"\xff\xfe",
    "no object": b"[]",
    "a number": b"7",
    "a list of texts": b'{"manifests": ["sha256:0"]}',
    "a text": b'{"manifests": "sha256:0"}',
    "a number of manifests": b'{"manifests": 5}',
    "no digest": b'{"manifests": [{}]}',
    "sha512": json.dumps({"manifests": [{"digest": f"sha512:{'0' * 128}"}]}).encode(),
    "deep": b'{"manifests": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("content", INDEXES.values(), ids=INDEXES)
async def test_an_index_that_lists_no_digests_is_refused_for_good(tls: TlsFiles, content: bytes) -> None:
    async with registry_at(tls, Reply(body=content, headers={"Content-Type": f"{OCI_INDEX}; charset=utf-8"})) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, Digest.parse(digest_of(content)))
    check_refusal(refused, "conflict", "artifact_unsupported")


@pytest.mark.parametrize("signed", [True, False])
async def test_schema_1_is_refused_for_good_whatever_its_bytes_hash_to(tls: TlsFiles, signed: bool) -> None:
    """The digest of a signed one is that of the bytes without the signatures (Docker, "Image Manifest Version 2, Schema 1")."""
    body = b'{"schemaVersion": 1, "name": "team/app"}'
    media_type = f"application/vnd.docker.distribution.manifest.v1{'+prettyjws' if signed else '+json'}"
    headers = {"Content-Type": media_type, "Docker-Content-Digest": str(DIGEST)}
    async with registry_at(tls, Reply(body=body, headers=headers)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, V1)
    assert check_refusal(refused, "conflict", "artifact_unsupported").said == "it is a manifest of Docker schema 1"


@pytest.mark.parametrize("call", ["manifest", "resolve"])
async def test_a_tag_that_means_a_digest_of_another_algorithm_is_refused_for_good(tls: TlsFiles, call: str) -> None:
    headers = {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": f"sha512:{'0' * 128}"}
    async with registry_at(tls, Reply(body=b"" if call == "resolve" else CONTENT, headers=headers)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await getattr(registry, call)(APP, V1)
    failure = check_refusal(refused, "conflict", "artifact_unsupported")
    assert failure.said == "its digest is one by sha512"
    assert "leave it out by the target's filters" in failure.hint


async def test_no_more_is_read_than_a_manifest_may_have(tls: TlsFiles) -> None:
    """A hundred megabytes, or no end at all: the connection is given up, not the memory."""
    async with registry_at(tls, Reply(body=b"x" * 65_536, endless=True)) as (registry, server):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
    assert "larger than 4194304 bytes" in check_refusal(refused, "transient", "unreachable").said
    assert server.sent < 4 * LARGEST_ANSWER  # what is under way in buffers; an endless body would go on


@pytest.mark.parametrize("name", ["manifest", "tags_of", "delete_manifest", "put_manifest"])
async def test_a_body_that_breaks_off_is_no_answer(tls: TlsFiles, name: str) -> None:
    cut = Reply(body=json.dumps({"tags": [], "more": "x" * 10_000}).encode(), cut=11)
    async with registry_at(tls, cut) as (registry, server):
        with pytest.raises(Refused) as refused:
            await CALLS[name](registry)
    assert f"no whole answer from {server.host}: " in check_refusal(refused, "transient", "unreachable", BEARER).said


@pytest.mark.parametrize("cut", [Reply(cut=0), Reply(cut=0, headers={"Content-Length": "100"})])
async def test_a_connection_that_breaks_is_no_answer(tls: TlsFiles, cut: Reply) -> None:
    async with registry_at(tls, cut) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
    check_refusal(refused, "transient", "unreachable", BEARER)


async def test_an_answer_that_does_not_come_in_time_is_none(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registries.egress.READ_WITHIN", 0.05)
    never = asyncio.Event()
    async with registry_at(tls, Reply(late=never)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.resolve(APP, V1)
    assert check_refusal(refused, "transient", "unreachable", BEARER).said.endswith("SocketTimeoutError")


async def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registries.wire.ANSWER_WITHIN", 0.05)
    async with registry_at(tls, Reply(body=b" ", endless=True)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.manifest(APP, DIGEST)
    assert check_refusal(refused, "transient", "unreachable", BEARER).said.endswith("not within 0.05 seconds")


async def test_a_host_that_is_not_there_is_told_by_its_name(tls: TlsFiles) -> None:
    async with scripted(tls) as server:
        host = server.host
    wire = Wire(host)
    with pytest.raises(Refused) as refused:
        await Registry(SIDE, wire, OneToken()).resolve(APP, V1)
    await wire.close()
    assert check_refusal(refused, "transient", "unreachable", BEARER).said.startswith(f"no whole answer from {host}: ")


async def test_a_stranger_is_sent_nothing(tmp_path: Path) -> None:
    """Who holds another authority's certificate for the same name."""
    async with registry_at(make_authority(tmp_path)) as (registry, server):
        with pytest.raises(Refused) as refused:
            await registry.resolve(APP, V1)
    check_refusal(refused, "transient", "unreachable", BEARER)
    assert server.asked == []


async def test_bytes_are_asked_for_as_they_are_stored(tls: TlsFiles) -> None:
    """What a server compresses on the way hashes to something else."""
    async with registry_at(tls, Reply(body=CONTENT, headers={"Content-Type": OCI_MANIFEST})) as (registry, server):
        assert await registry.manifest(APP, DIGEST) == PUT
    (asked,) = server.asked
    assert asked.headers.getall("Accept-Encoding") == ["identity"]  # type: ignore[attr-defined] # a header may come twice
    assert asked.headers["Accept"].endswith("*/*")
    assert asked.target == f"/v2/team/app/manifests/{DIGEST}"


async def test_a_put_sends_the_very_bytes_with_their_type(tls: TlsFiles) -> None:
    async with registry_at(tls, Reply(status=201)) as (registry, server):
        await registry.put_manifest(APP, V1, PUT)
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("PUT", "/v2/team/app/manifests/v1", CONTENT)
    assert asked.headers["Content-Type"] == OCI_MANIFEST


def tags(*names: str, digest: Digest = DIGEST) -> dict[str, Any]:
    return {"tags": [{"name": name, "digest": str(digest)} for name in names]}


async def test_the_next_page_is_asked_for_at_our_own_path(tls: TlsFiles) -> None:
    """A link names a host and a path of its own: only where to go on counts."""
    pages = [
        answer(tags("a"), Link='<https://evil.example/acr/v1/_catalog?last=a&n=100>; rel="next"'),
        answer(tags("b"), Link='<https://[no-host?last=b>; rel="next"'),
        answer(tags("c"), Link="<x?last=c>; rel=other"),
    ]
    async with registry_at(tls, *pages) as (registry, server):
        assert await registry.lists.tags_of(APP, DIGEST) == {Tag("a"), Tag("b"), Tag("c")}
    assert [asked.target.partition("?")[0] for asked in server.asked] == ["/acr/v1/team/app/_tags"] * 3
    assert [asked.target.partition("?")[2] for asked in server.asked[1:]] == ["last=a&n=100", "last=b"]


async def test_tags_of_other_digests_are_left_out(tls: TlsFiles) -> None:
    """As a server answers that does not know the filter."""
    value = {"tags": [*tags("a")["tags"], *tags("b", digest=ABSENT)["tags"]]}
    async with registry_at(tls, answer(value)) as (registry, _):
        assert await registry.lists.tags_of(APP, DIGEST) == {Tag("a")}


@pytest.mark.parametrize("value", [{}, {"tags": None}, {"tags": []}])
async def test_a_list_may_be_empty(tls: TlsFiles, value: dict[str, Any]) -> None:
    async with registry_at(tls, answer(value)) as (registry, _):
        assert await registry.lists.tags_of(APP, DIGEST) == set()


LISTS: dict[str, bytes] = {
    "not JSON": b"<html>",
    "no object": b"[]",
    "no text": b"\xff",
    "names alone": b'{"tags": ["v1"]}',
    "an object": b'{"tags": {"v1": 1}}',
    "a number": b'{"tags": 7}',
    "no name": json.dumps({"tags": [{"digest": str(DIGEST)}]}).encode(),
    "a name that is none": json.dumps({"tags": [{"name": "../v1", "digest": str(DIGEST)}]}).encode(),
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS)
async def test_a_list_that_is_none_is_told_and_not_taken_for_empty(tls: TlsFiles, body: bytes) -> None:
    async with registry_at(tls, Reply(body=body)) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.lists.tags_of(APP, DIGEST)
    assert "the list is not as documented" in check_refusal(refused, "transient", "not_understood").said


@pytest.mark.parametrize("count", ["1e999", "2.5", "true", "-1", '"3"', "null", "9" * 5000])
async def test_a_count_is_a_number_of_manifests(tls: TlsFiles, count: str) -> None:
    async with registry_at(tls, Reply(body=f'{{"manifestCount": {count}}}'.encode())) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.lists.count(APP)
    check_refusal(refused, "transient", "not_understood")


@pytest.mark.parametrize("ask", [CALLS["tags_of"], CALLS["referrers"]])
async def test_all_pages_of_a_list_have_one_time(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch, ask: Call) -> None:
    monkeypatch.setattr("registries.lists.LISTED_WITHIN", 0.05)
    async with registry_at(tls, Reply(late=asyncio.Event())) as (registry, _):
        with pytest.raises(Refused) as refused:
            await ask(registry)
    assert check_refusal(refused, "transient", "unreachable").said.endswith("the list did not end within 0.05 seconds")


async def test_a_list_without_an_end_is_given_up(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PAGES == 1000
    monkeypatch.setattr("registries.lists.MOST_PAGES", 5)
    again = answer(tags("a"), Link='</acr/v1/team/app/_tags?last=a>; rel="next"')
    async with registry_at(tls, *[again] * 5) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.lists.tags_of(APP, DIGEST)
    check_refusal(refused, "transient", "not_understood")


async def test_more_tags_than_a_digest_may_have_are_not_held(tls: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand pages of four megabytes would be that."""
    assert MOST == 10_000
    monkeypatch.setattr("registries.lists.MOST", 3)
    pages = [answer(tags(f"{number}a", f"{number}b"), Link='<x?last=a>; rel="next"') for number in range(2)]
    async with registry_at(tls, *pages) as (registry, _):
        with pytest.raises(Refused) as refused:
            await registry.lists.tags_of(APP, DIGEST)
    assert check_refusal(refused, "transient", "not_understood").said == "it has more than 3 tags"

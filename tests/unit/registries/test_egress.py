"""The authorities and the proxy of one side: for all of its requests, and for nobody else's."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from devkit.tls import TlsFiles, make_authority
from registries.connections import Connections
from registries.wire import Wire
from replication.failures import Code, Kind, NoAnswer, Refused
from replication.limits import Limits
from replication.references import Digest, Repository, Tag
from replication.settings import Settings
from replication.storesetting import SqliteFile
from replication.targets import DIRECT, Egress
from tests.devkit.cloud.running import Clouds
from tests.unit.registries.live import check_refusal, source_of, target_of
from tests.unit.registries.tunnel import tunnel

APP, V1 = Repository("egress/app"), Tag("v1")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    """Authorities that signed nothing here."""
    return make_authority(tmp_path_factory.mktemp("foreign"))


def connected(clouds: Clouds, *, source: Egress = DIRECT, **targets: Egress) -> Connections:
    named = {name: replace(target_of(clouds.target), name=name, egress=egress) for name, egress in targets.items()}
    return Connections(Settings(replace(source_of(clouds.source), egress=source), named, Limits(), SqliteFile(Path("/not-asked"))))


async def test_all_requests_of_a_target_go_through_its_proxy_and_no_others(clouds: Clouds) -> None:
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    async with tunnel() as proxy:
        here = connected(clouds, china=Egress(proxy=proxy.url), usgov=Egress())
        try:
            await here.source.resolve(APP, V1)
            await here.target("usgov").registry.resolve(APP, V1)
            await here.target("usgov").imports.begin(APP, digest)
            assert proxy.asked == []
            assert here.source_listing is None
            await here.target("china").registry.resolve(APP, V1)
            await here.target("china").imports.begin(APP, digest)
        finally:
            await here.close()
    ports = clouds.target.config["ports"]
    assert set(proxy.asked) == {f"localhost:{ports[service]}" for service in ("arm", "entra", "registry")}


async def test_a_proxy_that_is_not_there_is_named(clouds: Clouds) -> None:
    async with tunnel() as gone:
        pass
    here = connected(clouds, source=Egress(proxy=gone.url), china=Egress(proxy=gone.url))
    try:
        for attempt in (here.source.resolve(APP, V1), here.target("china").tokens.refresh_token()):
            with pytest.raises(Refused) as refused:
                await attempt
            failure = check_refusal(refused, "transient", "unreachable")
            assert f" through the proxy {gone.url}: the proxy takes no connection" in failure.said
            assert "SourceProxy" in failure.hint
    finally:
        await here.close()


@pytest.mark.parametrize(
    "status, kind, code", [(407, "denied", "network_denied"), (403, "denied", "network_denied"), (502, "transient", "unreachable")]
)
async def test_a_proxy_that_lets_nothing_through_is_told_with_its_status(clouds: Clouds, status: int, kind: Kind, code: Code) -> None:
    async with tunnel(refuses=status) as proxy:
        here = connected(clouds, source=Egress(proxy=proxy.url), china=Egress(proxy=proxy.url))
        try:
            china = here.target("china")
            for attempt in (here.source.resolve(APP, V1), china.credential.token("https://x.example"), china.registry.resolve(APP, V1)):
                with pytest.raises(Refused) as refused:
                    await attempt
                failure = check_refusal(refused, kind, code)
                assert failure.said.endswith(f" through the proxy {proxy.url}: the proxy answered {status}")
        finally:
            await here.close()
        imports = Wire(clouds.target.login_server, Egress(proxy=proxy.url))
        with pytest.raises(NoAnswer) as unsent:
            await imports.send("POST", "/v2/", doing="bring it")
        await imports.close()
    assert not unsent.value.sent


async def test_what_keeps_a_request_from_being_sent_is_named(clouds: Clouds, foreign: TlsFiles, tls: TlsFiles) -> None:
    async with tunnel() as closed:
        pass
    trusting = Egress(ca_file=str(foreign.ca))
    for host, egress, words, hint in (
        (clouds.source.login_server, trusting, "its certificate is not trusted", "caFile of a target, SourceCAFile"),
        (closed.url.removeprefix("http://"), DIRECT, "it takes no connection (ConnectionRefusedError)", "the port"),
        ("nowhere.invalid", DIRECT, "its name does not resolve", "DNS"),
    ):
        wire = Wire(host, egress)
        with pytest.raises(NoAnswer) as refused:
            await wire.send("GET", "/v2/", doing="look")
        await wire.close()
        failure = check_refusal(refused, "transient", "unreachable")
        assert failure.said == f"no whole answer from {host}: {words}"
        assert hint in failure.hint and not refused.value.sent


async def test_a_connection_that_breaks_without_an_answer_may_have_taken_the_request(tls: TlsFiles) -> None:
    """azure-core calls it an error of the request, as it does those before it was sent."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context) as server:
        wire = Wire(f"localhost:{server.sockets[0].getsockname()[1]}", Egress(ca_file=str(tls.ca)))
        with pytest.raises(NoAnswer) as refused:
            await wire.send("PUT", "/v2/", doing="put")
        await wire.close()
    assert check_refusal(refused, "transient", "unreachable").said.endswith("ServerDisconnectedError")
    assert refused.value.sent


async def test_authorities_of_one_target_are_not_those_of_another(clouds: Clouds, tls: TlsFiles, foreign: TlsFiles) -> None:
    here = connected(clouds, china=Egress(ca_file=str(tls.ca)), usgov=Egress(ca_file=str(foreign.ca)), bleu=Egress())
    try:
        for name in ("china", "bleu"):
            await here.target(name).registry.resolve(APP, V1)
        before = len(clouds.target.control("GET", "requests"))
        for attempt in (here.target("usgov").credential.token("https://x.example"), here.target("usgov").tokens.refresh_token()):
            with pytest.raises(Refused) as refused:
                await attempt
            check_refusal(refused, "transient", "unreachable")
        assert len(clouds.target.control("GET", "requests")) == before
    finally:
        await here.close()


@pytest.mark.parametrize("content", [None, b"", b"no PEM at all", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_without_its_authorities_nothing_is_sent(clouds: Clouds, tls: TlsFiles, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    here = connected(clouds, source=Egress(ca_file=str(file)), china=Egress(ca_file=str(file)), usgov=Egress())
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    try:
        china = here.target("china")
        before = len(clouds.source.control("GET", "requests")), len(clouds.target.control("GET", "requests"))
        for attempt in (here.source.resolve(APP, V1), china.registry.resolve(APP, V1), china.imports.begin(APP, digest)):
            with pytest.raises(Refused) as refused:
                await attempt
            failure = check_refusal(refused, "denied", "settings_invalid")
            assert str(file) in failure.said and "Nothing was sent" in failure.hint
        assert (len(clouds.source.control("GET", "requests")), len(clouds.target.control("GET", "requests"))) == before
        await here.target("usgov").registry.resolve(APP, V1)
        file.write_bytes(tls.ca.read_bytes())  # mended where it lies: the next try takes it
        await here.source.resolve(APP, V1)
        await china.registry.resolve(APP, V1)
    finally:
        await here.close()


async def test_the_environments_proxy_is_taken_where_the_settings_name_none(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds.source.push_image(str(APP), "v1")
    async with tunnel() as proxy, tunnel() as own:
        monkeypatch.setenv("https_proxy", proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        here = connected(clouds, china=Egress(proxy=own.url))
        try:
            await here.source.resolve(APP, V1)
            await here.target("china").registry.resolve(APP, V1)
        finally:
            await here.close()
    assert proxy.asked == [clouds.source.login_server]
    assert clouds.target.login_server in own.asked


async def test_a_netrc_takes_no_part(clouds: Clouds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """aiohttp would refuse to send its credentials beside a token, and with that each request."""
    digest = Digest.parse(clouds.source.push_image(str(APP), "v1"))
    netrc = tmp_path / "netrc"
    netrc.touch(mode=0o600)
    netrc.write_text("machine localhost login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    here = connected(clouds)
    try:
        assert await here.source.resolve(APP, V1) == digest
    finally:
        await here.close()

"""The judge must see each kind of difference, and call nothing else one."""

import hashlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from devkit.demo.judge import Expected, judge
from devkit.local.endpoints import Registry
from devkit.local.images import digest_of, make_image, make_index
from devkit.local.stack import Stack
from tests.devkit.demo.conftest import Hands

ONE, OTHER = make_image("one"), make_image("other")
INDEX = make_index("index", ("amd64", "arm64"))


def differences(stack: Stack, *expected: Expected) -> list[str]:
    endpoints = stack.endpoints
    return [said for verdict in judge(endpoints.registries, endpoints.ca, expected) for said in verdict.differences()]


def test_the_same_everywhere_is_no_difference(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(ONE, "judge/same", "v1")
    hands.push_everywhere(INDEX, "judge/same", "all")
    expected = [Expected("judge/same", "v1", ONE.digest), Expected("judge/same", "all", INDEX.digest)]
    assert differences(stack, *expected, Expected("judge/same", ONE.digest, ONE.digest)) == []


def test_a_tag_at_another_image(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(ONE, "judge/moved", "v1")
    hands.push(OTHER, "judge/moved", "v1", to="usgov")
    assert differences(stack, Expected("judge/moved", "v1", ONE.digest)) == [
        f"judge/moved:v1 in usgov: is {OTHER.digest}, and must be {ONE.digest}"
    ]


def test_a_tag_that_is_absent(stack: Stack, hands: Hands) -> None:
    hands.push(ONE, "judge/absent", "v1", to="source")
    hands.push(ONE, "judge/absent", "v2", to="china")  # the repository is there, the tag is not
    assert differences(stack, Expected("judge/absent", "v1", ONE.digest)) == [
        f"judge/absent:v1 in china: is absent, and must be {ONE.digest}",
        f"judge/absent:v1 in usgov: is absent, and must be {ONE.digest}",
    ]


def test_a_source_that_is_not_as_it_was_pushed(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(OTHER, "judge/source", "v1")
    assert len(differences(stack, Expected("judge/source", "v1", ONE.digest))) == 3


def test_an_index_that_lacks_a_child(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(INDEX, "judge/child", "v1")
    child = INDEX.children[1].digest
    hands.delete("judge/child", child, at="china")
    assert differences(stack, Expected("judge/child", "v1", INDEX.digest)) == [
        f"judge/child:v1 in china: lacks its child {child}: status 404, code MANIFEST_UNKNOWN"
    ]


def test_a_blob_with_other_bytes(stack: Stack, hands: Hands) -> None:
    image = make_image("spoilt")
    hands.push_everywhere(image, "judge/blob", "v1")
    layer = digest_of(image.blobs[-1])
    file = hands.blob_file("usgov", layer)
    content = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert differences(stack, Expected("judge/blob", "v1", image.digest)) == [
        f"judge/blob:v1 in usgov: lacks the blob {layer}: status 200, {len(content)} bytes"
    ]


def test_a_deleted_image_that_is_still_there(stack: Stack, hands: Hands) -> None:
    hands.push_everywhere(ONE, "judge/deleted", "v1")
    gone = [Expected("judge/deleted", "v1", None), Expected("judge/deleted", ONE.digest, None)]
    for name in ("source", "china"):
        hands.delete("judge/deleted", ONE.digest, at=name)
    assert differences(stack, *gone) == [
        f"judge/deleted:v1 in usgov: is still there, as {ONE.digest}",
        f"judge/deleted@{ONE.digest} in usgov: is still there, as {ONE.digest}",
    ]
    hands.delete("judge/deleted", ONE.digest, at="usgov")
    assert differences(stack, *gone) == []


def test_a_refusal_is_no_absence(stack: Stack) -> None:
    source, china, _ = stack.endpoints.registries
    (verdict,) = judge([source, replace(china, password="wrong")], stack.endpoints.ca, [Expected("judge/refused", "v1", None)])
    assert verdict.differences() == ["judge/refused:v1 in china: cannot be read: status 401, code None"]


def test_a_registry_that_is_down(stack: Stack) -> None:
    stack.clouds["usgov"].kill()
    try:
        (said,) = differences(stack, Expected("judge/down", "v1", None))
    finally:
        stack.clouds["usgov"].start()
    assert said.startswith("judge/down:v1 in usgov: cannot be read: ConnectionRefusedError")


Serve = Callable[[int, bytes, str], Registry]


@pytest.fixture
def serve(stack: Stack) -> Iterator[Serve]:
    """A registry that gives the same answer to everything."""
    servers: list[HTTPServer] = []

    def start(status: int, body: bytes, digest: str) -> Registry:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Docker-Content-Digest", digest)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls = stack.endpoints.state / "tls"
        context.load_cert_chain(tls / "server.pem", tls / "server.key")
        server = HTTPServer(("127.0.0.1", 0), Handler)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return replace(stack.endpoints.source, name="odd", login_server=f"localhost:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "status, body, reference, said",
    [
        pytest.param(404, b"<html>not here</html>", "v1", "cannot be read: status 404, code None", id="a proxy's page is no absence"),
        pytest.param(404, b'{"errors": []}', "v1", "cannot be read: status 404, code None", id="an error without a code is none"),
        pytest.param(503, b"", "v1", "cannot be read: status 503, code None", id="a server that is busy"),
        pytest.param(200, b"no json", "v1", "holds what is no manifest", id="bytes that are no manifest"),
        pytest.param(200, b"[]", "v1", "holds what is no manifest", id="JSON that is no manifest"),
        pytest.param(200, b"{}", ONE.digest, f"has other bytes at {ONE.digest}: their digest is {digest_of(b'{}')}", id="other bytes"),
    ],
)
def test_odd_answers(stack: Stack, serve: Serve, status: int, body: bytes, reference: str, said: str) -> None:
    registry = serve(status, body, digest_of(body))
    for digest in (None, ONE.digest):
        expected = Expected("judge/odd", reference, digest)
        (verdict,) = judge([registry], stack.endpoints.ca, [expected])
        assert verdict.differences() == [f"{expected} in odd: {said}"]


def test_the_bytes_count_and_not_the_header(stack: Stack, serve: Serve) -> None:
    registry = serve(200, b"{}", ONE.digest)
    (verdict,) = judge([registry], stack.endpoints.ca, [Expected("judge/header", "v1", ONE.digest)])
    computed = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
    assert verdict.differences() == [f"judge/header:v1 in odd: is announced as {ONE.digest}, and its bytes are {computed}"]


def test_a_registry_of_another_authority_is_not_believed(stack: Stack, tmp_path: Path) -> None:
    from devkit.tls import make_authority

    (verdict,) = judge([stack.endpoints.source], make_authority(tmp_path).ca, [Expected("judge/tls", "v1", None)])
    assert "cannot be read: SSLCertVerificationError" in verdict.differences()[0]

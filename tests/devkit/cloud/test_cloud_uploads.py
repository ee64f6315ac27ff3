"""Uploads that go wrong: refused with the specification's codes, and neither a file nor an upload is left of them."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.devkit.cloud.running import Cloud, Clouds, MakeCloud, digest_of, image
from tests.devkit.process import PATIENCE

CONTENT = bytes(range(256)) * 400


def begin(cloud: Cloud, repository: str) -> str:
    return cloud.registry("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]


def unfinished(cloud: Cloud) -> set[str]:
    """The names of the files of uploads that have not ended."""
    return {path.name for path in (Path(cloud.config["state"]) / "unfinished").iterdir()}


def opened(cloud: Cloud) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", cloud.config["ports"]["registry"]), timeout=PATIENCE)
    return cloud.context.wrap_socket(plain, server_hostname="localhost")


def head_of(cloud: Cloud, request: str, **headers: str) -> bytes:
    """Of `METHOD PATH`, with the password; `_` in a header's name is `-`."""
    lines = [f"{request} HTTP/1.1", f"Host: {cloud.login_server}", f"Authorization: {cloud.basic('all')}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def wait_for(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "it did not come about"


def seen(cloud: Cloud, path: str, status: int) -> bool:
    return any(one["path"] == path and one["status"] == status for one in cloud.control("GET", "requests"))


@pytest.mark.parametrize(
    "content_range, status, code",
    [
        ("4-7", 416, "BLOB_UPLOAD_INVALID"),
        ("0-9", 400, "SIZE_INVALID"),
        ("0-2", 400, "SIZE_INVALID"),
        ("3-0", 416, "BLOB_UPLOAD_INVALID"),
        ("bytes", 400, "BLOB_UPLOAD_INVALID"),
        ("-4", 400, "BLOB_UPLOAD_INVALID"),
        ("0-99999999999999999999", 400, "BLOB_UPLOAD_INVALID"),
        ("0-3, 8-9", 400, "BLOB_UPLOAD_INVALID"),
    ],
)
def test_a_chunk_out_of_range_is_refused_and_the_upload_goes_on(clouds: Clouds, content_range: str, status: int, code: str) -> None:
    source, repository = clouds.source, "uploads/range"
    location = begin(source, repository)
    for method, target in (("PATCH", location), ("PUT", f"{location}?digest={digest_of(b'four')}")):
        answer = source.registry(method, target, body=b"four", headers={"Content-Range": content_range})
        assert (answer.status, answer.code) == (status, code)
    assert source.registry("GET", location).headers["Range"] == "0-0"
    assert source.registry("PUT", f"{location}?digest={digest_of(b'four')}", body=b"four").status == 201


def test_a_chunk_of_another_length_than_its_range_is_refused(clouds: Clouds) -> None:
    """In a transfer coding that tells no length beforehand."""
    source = clouds.source
    location = begin(source, "uploads/length")
    for content_range, code, came in (("0-9", b"SIZE_INVALID", "0-0"), ("0-3", b" 202 ", "0-3")):
        with opened(source) as wire:
            head = head_of(source, f"PATCH {location}", Transfer_Encoding="chunked", Content_Range=content_range, Connection="close")
            wire.sendall(head + b"4\r\nfour\r\n0\r\n\r\n")
            assert code in b"".join(iter(lambda: wire.recv(65536), b""))
        assert source.registry("GET", location).headers["Range"] == came


def test_a_compressed_body_is_stored_as_it_came(clouds: Clouds) -> None:
    for content in (b"\x1f\x8b no gzip", b"plain"):
        target = f"/v2/uploads/coded/blobs/uploads/?digest={digest_of(content)}"
        assert clouds.source.registry("POST", target, body=content, headers={"Content-Encoding": "gzip"}).status == 201


@pytest.mark.parametrize("upload", ["c9b8d3f2-0000-4000-8000-000000000000", "%00", "..", "%2e%2e", "x" * 6000, "'--"])
def test_an_unknown_upload_is_a_404(clouds: Clouds, upload: str) -> None:
    path = f"/v2/uploads/unknown/blobs/uploads/{upload}"
    for method, target in (("GET", path), ("PATCH", path), ("PUT", f"{path}?digest={digest_of(b'x')}"), ("DELETE", path)):
        answer = clouds.source.registry(method, target, body=b"x")
        assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN"), method


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:" + "A" * 64, "md5:" + "0" * 32, "sha256:..%2F..%2Fcloud.db", "sha256%3A%00"])
def test_a_blob_needs_a_digest_to_end_by(clouds: Clouds, digest: str) -> None:
    source, before = clouds.source, unfinished(clouds.source)
    location = begin(source, "uploads/digest")
    for method, target in (("PUT", location), ("POST", "/v2/uploads/digest/blobs/uploads/")):
        answer = source.registry(method, f"{target}?digest={digest}", body=b"x")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert source.registry("DELETE", location).status == 204
    assert unfinished(source) == before


def test_wrong_bytes_are_not_kept(clouds: Clouds) -> None:
    source, before = clouds.source, unfinished(clouds.source)
    digest = digest_of(b"right")
    location = begin(source, "uploads/wrong")
    assert source.registry("PATCH", location, body=b"wro").status == 202
    for method, target in (("PUT", location), ("POST", "/v2/uploads/wrong/blobs/uploads/")):
        answer = source.registry(method, f"{target}?digest={digest}", body=b"ng")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert source.registry("GET", location).code == "BLOB_UPLOAD_UNKNOWN"
    assert source.registry("GET", f"/v2/uploads/wrong/blobs/{digest}").code == "BLOB_UNKNOWN"
    assert unfinished(source) == before


def test_what_is_cut_off_leaves_nothing(clouds: Clouds) -> None:
    """The manifest whose blobs are all there, and the blob whose upload nobody has been told of."""
    source, repository, before = clouds.source, "uploads/cut", unfinished(clouds.source)
    source.push_blob(repository, b"layer")
    source.push_blob(repository, b"{}")
    for method, path, query, content in (
        ("PUT", f"/v2/{repository}/manifests/v1", "", image(b"layer")),
        ("POST", f"/v2/{repository}/blobs/uploads/", f"?digest={digest_of(CONTENT)}", CONTENT),
    ):
        with opened(source) as wire:
            wire.sendall(head_of(source, f"{method} {path}{query}", Content_Length=str(len(content) + 1)) + content)
        wait_for(lambda path=path: seen(source, path, 499))  # type: ignore[misc]
    assert source.registry("GET", f"/v2/{repository}/tags/list").code == "NAME_UNKNOWN"
    assert source.registry("GET", f"/v2/{repository}/blobs/{digest_of(CONTENT)}").code == "BLOB_UNKNOWN"
    assert unfinished(source) == before


def test_a_body_that_breaks_its_own_coding_leaves_nothing(clouds: Clouds) -> None:
    source, before = clouds.source, unfinished(clouds.source)
    with opened(source) as wire:
        target = f"/v2/uploads/coding/blobs/uploads/?digest={digest_of(b'four')}"
        wire.sendall(head_of(source, f"POST {target}", Transfer_Encoding="chunked") + b"4\r\nfour\r\n")
        wait_for(lambda: unfinished(source) != before)
        wire.sendall(b"none\r\n")
    wait_for(lambda: unfinished(source) == before)
    assert source.registry("GET", f"/v2/uploads/coding/blobs/{digest_of(b'four')}").code == "BLOB_UNKNOWN"


def test_many_may_push_one_blob_at_once(clouds: Clouds) -> None:
    source, repository, before = clouds.source, "uploads/same", unfinished(clouds.source)
    together, digest = threading.Barrier(8, timeout=PATIENCE), digest_of(CONTENT)

    def push(number: int) -> int:
        location = begin(source, repository if number % 2 else f"{repository}/other")
        together.wait()
        assert source.registry("PATCH", location, body=CONTENT[:50_000]).status == 202
        together.wait()
        return source.registry("PUT", f"{location}?digest={digest}", body=CONTENT[50_000:]).status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(push, range(8))) == [201] * 8
    assert source.registry("GET", f"/v2/{repository}/blobs/{digest}").body == CONTENT
    assert unfinished(source) == before


def test_chunks_of_one_upload_take_turns(clouds: Clouds) -> None:
    source, repository = clouds.source, "uploads/turns"
    location, together = begin(source, repository), threading.Barrier(2, timeout=PATIENCE)

    def at_once(method: str, target: str, headers: dict[str, str]) -> list[int]:
        def call(_: int) -> int:
            together.wait()
            return source.registry(method, target, body=CONTENT, headers=headers).status

        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(call, range(2)))

    assert at_once("PATCH", location, {"Content-Range": f"0-{len(CONTENT) - 1}"}) == [202, 416]
    assert at_once("PUT", f"{location}?digest={digest_of(CONTENT * 2)}", {}) == [201, 404]
    assert source.registry("GET", f"/v2/{repository}/blobs/{digest_of(CONTENT * 2)}").body == CONTENT * 2


def test_uploads_that_nobody_ends_are_given_up(make_cloud: MakeCloud) -> None:
    """After a day of the cloud's time; the one longest untouched when there are too many; all of them when the cloud ends."""
    cloud = make_cloud("giving-up").start()
    first = begin(cloud, "uploads/old")
    assert cloud.registry("PATCH", first, body=CONTENT).status == 202
    cloud.control("PUT", "clock", {"advanceSeconds": 23 * 3600})
    assert cloud.registry("GET", first).status == 204  # touched: it has another day
    second = begin(cloud, "uploads/new")
    cloud.control("PUT", "clock", {"advanceSeconds": 23 * 3600})
    assert cloud.registry("GET", second).status == 204
    cloud.control("PUT", "clock", {"advanceSeconds": 2 * 3600})
    wait_for(lambda: len(unfinished(cloud)) == 1)
    assert [cloud.registry("GET", one).status for one in (first, second)] == [404, 204]
    assert cloud.stop() == 0
    assert unfinished(cloud) == set()

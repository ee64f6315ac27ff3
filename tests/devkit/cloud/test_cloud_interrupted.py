"""An upload whose client is cut off in mid-body: what came of a chunk counts, what came of a PUT does not."""

import socket
import time
from collections.abc import Callable

from tests.devkit.cloud.running import Cloud, Clouds, digest_of
from tests.devkit.process import PATIENCE

CONTENT = bytes(range(256)) * 2000
HALF = len(CONTENT) // 2


def test_a_chunk_that_broke_off_is_resumed_where_it_stopped(clouds: Clouds) -> None:
    source, repository = clouds.source, "interrupted/chunk"
    location = source.registry("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    cut_off(source, "PATCH", location)
    came = size_of(source, location)
    assert 0 < came <= HALF
    again = source.registry("PATCH", location, body=CONTENT, headers={"Content-Range": f"0-{len(CONTENT) - 1}"})
    assert (again.status, again.headers["Range"]) == (416, f"0-{came - 1}")
    rest = {"Content-Range": f"{came}-{len(CONTENT) - 1}"}
    assert source.registry("PATCH", location, body=CONTENT[came:], headers=rest).status == 202
    assert_ends_whole(source, repository, location, b"")


def test_a_put_that_broke_off_may_be_sent_again(clouds: Clouds) -> None:
    """As regctl does; the bytes of an earlier chunk stay."""
    source, repository = clouds.source, "interrupted/put"
    location = source.registry("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"]
    assert source.registry("PATCH", location, body=CONTENT[:1000]).status == 202
    cut_off(source, "PUT", f"{location}?digest={digest_of(CONTENT)}")
    assert size_of(source, location) == 1000
    out_of_order = {"Content-Range": "1001-1001"}
    assert source.registry("PUT", f"{location}?digest={digest_of(CONTENT)}", body=b"x", headers=out_of_order).status == 416
    assert_ends_whole(source, repository, location, CONTENT[1000:])


def cut_off(cloud: Cloud, method: str, target: str) -> None:
    """Sends half of CONTENT under the length of it all, breaks off once some has come, and returns when the cloud knows."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {cloud.login_server}", f"Authorization: {cloud.basic('all')}"]
    head = "\r\n".join([*lines, f"Content-Length: {len(CONTENT)}", "", ""]).encode()
    location = target.partition("?")[0]
    before = size_of(cloud, location)
    with (
        socket.create_connection(("127.0.0.1", cloud.config["ports"]["registry"])) as plain,
        cloud.context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        wire.sendall(head + CONTENT[:HALF])
        wait_for(lambda: size_of(cloud, location) > before)
    wait_for(lambda: any(one["path"] == location and one["status"] == 499 for one in cloud.control("GET", "requests")))


def size_of(cloud: Cloud, location: str) -> int:
    """Of an unfinished upload, as its Range tells; "0-0" is none here, not one byte."""
    status = cloud.registry("GET", location)
    assert status.status == 204
    last = int(status.headers["Range"].removeprefix("0-"))
    return last and last + 1


def wait_for(come: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come():
        assert time.monotonic() < deadline, "it did not come about"


def assert_ends_whole(cloud: Cloud, repository: str, location: str, last: bytes) -> None:
    assert cloud.registry("PUT", f"{location}?digest={digest_of(CONTENT)}", body=last).status == 201
    assert cloud.registry("GET", f"/v2/{repository}/blobs/{digest_of(CONTENT)}").body == CONTENT

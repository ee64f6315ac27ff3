"""A cloud that is killed with `kill -9`: what it has answered for is there, what it has not is gone without a trace."""

import http.client
import time
from pathlib import Path

import pytest

from tests.devkit.cloud.running import Cloud, MakeCloud, digest_of, image
from tests.devkit.process import PATIENCE

LAYER = bytes(range(256)) * 20_000
PROC = Path("/proc/self/status")


def files(cloud: Cloud, folder: str) -> set[str]:
    return {path.name for path in (Path(cloud.config["state"]) / folder).iterdir()}


def test_what_was_answered_for_is_there_after_a_kill(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("answered").start()
    cloud.push_blob("team/app", LAYER)
    cloud.kill()
    cloud.start()
    cloud.push_blob("team/app", b"{}")
    assert cloud.push_manifest("team/app", "v1", image(LAYER)).status == 201
    cloud.kill()
    cloud.start()
    assert cloud.registry("GET", "/v2/team/app/manifests/v1").body == image(LAYER)
    assert cloud.registry("GET", f"/v2/team/app/blobs/{digest_of(LAYER)}").body == LAYER


def test_a_kill_in_the_middle_of_an_upload_leaves_nothing(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("uploading").start()
    location = cloud.registry("POST", "/v2/team/app/blobs/uploads/").headers["Location"]
    connection = http.client.HTTPSConnection("localhost", cloud.config["ports"]["registry"], context=cloud.context)
    connection.putrequest("PUT", f"{location}?digest={digest_of(LAYER)}")
    for name, value in {"Authorization": cloud.basic("all"), "Content-Length": str(len(LAYER))}.items():
        connection.putheader(name, value)
    connection.endheaders(LAYER[:-1])
    deadline = time.monotonic() + PATIENCE
    while cloud.registry("GET", location).headers["Range"] == "0-0":
        assert time.monotonic() < deadline, "nothing has come"
    cloud.kill()
    connection.close()
    assert len(files(cloud, "unfinished")) == 1
    cloud.start()
    assert (files(cloud, "unfinished"), files(cloud, "blobs")) == (set(), set())
    assert cloud.registry("GET", location).code == "BLOB_UPLOAD_UNKNOWN"
    assert cloud.registry("GET", f"/v2/team/app/blobs/{digest_of(LAYER)}").code == "BLOB_UNKNOWN"
    cloud.push_blob("team/app", LAYER)
    assert cloud.registry("GET", f"/v2/team/app/blobs/{digest_of(LAYER)}").body == LAYER


@pytest.mark.skipif(not PROC.exists(), reason="only Linux tells how much memory a process had at most")
def test_a_large_layer_takes_no_more_memory_than_a_small_one(make_cloud: MakeCloud) -> None:
    """make bench-registry measures it with two gigabytes."""
    cloud, mebibytes, block = make_cloud("streaming").start(), 96, bytes(1024 * 1024)
    cloud.push_blob("team/app", block)
    before = most_memory(cloud)
    location = cloud.registry("POST", "/v2/team/app/blobs/uploads/").headers["Location"]
    connection = http.client.HTTPSConnection("localhost", cloud.config["ports"]["registry"], context=cloud.context)
    headers = {"Authorization": cloud.basic("all"), "Content-Length": str(mebibytes * len(block))}
    connection.request("PATCH", location, (block for _ in range(mebibytes)), headers)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (202, b"")
    digest = digest_of(block * mebibytes)
    assert cloud.registry("PUT", f"{location}?digest={digest}").status == 201
    connection.request("GET", f"/v2/team/app/blobs/{digest}", headers={"Authorization": cloud.basic("all")})
    answer = connection.getresponse()
    assert sum(len(piece) for piece in iter(lambda: answer.read(len(block)), b"")) == mebibytes * len(block)
    connection.close()
    assert most_memory(cloud) - before < 32, "mebibytes"


def most_memory(cloud: Cloud) -> float:
    """MiB, so far."""
    assert cloud.process is not None
    status = (PROC.parent.parent / str(cloud.process.pid) / "status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024

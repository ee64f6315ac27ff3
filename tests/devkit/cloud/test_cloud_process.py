"""The process: its start, its end, its storage, its log, its control API."""

import http.client
import json
import socket
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from devkit.tls import make_authority
from tests.devkit.cloud.running import Clouds, MakeCloud, digest_of, image
from tests.devkit.process import ROOT


def test_what_was_pushed_is_there_after_a_kill(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("killed").start()
    cloud.push_image("team/app", "v1")
    cloud.kill()
    cloud.start()
    assert cloud.registry("GET", "/v2/team/app/manifests/v1").body == image(b"layer")
    assert cloud.registry("GET", f"/v2/team/app/blobs/{digest_of(b'layer')}").body == b"layer"


def test_a_busy_port_is_one_sentence(clouds: Clouds, make_cloud: MakeCloud) -> None:
    cloud = make_cloud("second")
    cloud.config["ports"]["arm"] = clouds.source.config["ports"]["arm"]
    error = refused_start(cloud.file, cloud.config)
    assert f"port {cloud.config['ports']['arm']} of 127.0.0.1 is taken" in error


def test_a_settings_file_that_lacks_something_is_one_sentence(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("lacking")
    del cloud.config["tenantId"]
    assert "lacks 'tenantId'" in refused_start(cloud.file, cloud.config)
    cloud = make_cloud("mistaken")
    cloud.config["registry"]["tokens"][0]["actions"] = ["content/everything"]
    assert "a token's actions are among *, content/delete" in refused_start(cloud.file, cloud.config)


def test_a_cloud_that_cannot_note_a_delivery_ends_with_a_sentence(make_cloud: MakeCloud) -> None:
    """Its storage refuses to be written, as a full disk does; a cloud that went on would deliver nothing more."""
    cloud = make_cloud("full", eventSubscription={"endpoint": "http://127.0.0.1:1/nobody"}).start()
    with closing(sqlite3.connect(cloud.file.parent / "state" / "cloud.db")) as database:
        database.execute("CREATE TRIGGER full BEFORE UPDATE ON deliveries BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    cloud.push_image("team/app", "v1")
    assert cloud.process is not None
    assert cloud.process.wait(20) == 1
    assert cloud.log.read_text().splitlines()[-1] == (
        "the cloud full could not go on, for IntegrityError: the disk is full: start it again, and it takes up what it had begun"
    )


def refused_start(file: Path, config: object) -> str:
    file.write_text(json.dumps(config))
    ended = subprocess.run(
        [sys.executable, "-m", "devkit.cloud", str(file)], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    return ended.stderr


def test_the_control_api_wants_its_key_and_shows_no_secret(clouds: Clouds) -> None:
    source = clouds.source
    assert source.call("control", "GET", "/control/health").status == 401
    assert source.call("control", "GET", "/control/health", headers={"x-control-key": "\xff"}).status == 401
    assert source.control("GET", "health") == {"cloud": "source"}
    before = source.control("PUT", "imports", {})
    assert source.control("PUT", "imports", {"latencySeconds": 3}) == {**before, "latencySeconds": 3}
    assert source.control("PUT", "imports", before) == before
    headers = {"x-control-key": source.config["controlKey"]}
    assert source.call("control", "PUT", "/control/imports", body=b'{"bytesPerSecond": -1}', headers=headers).status == 400
    assert source.call("control", "PUT", "/control/event-subscription", body=b'{"endpoint": 5}', headers=headers).status == 400


def test_requests_are_recorded_and_logged_without_queries(clouds: Clouds) -> None:
    source = clouds.source
    source.registry("GET", "/v2/process/app/tags/list?last=looks-secret", user="pull")
    recorded = source.control("GET", "requests")[-1]
    assert recorded.keys() == {"at", "service", "method", "path", "status", "identity", "agent", "connection", "fault"}
    assert (recorded["service"], recorded["path"], recorded["identity"]) == ("registry", "/v2/process/app/tags/list", "pull")
    assert "looks-secret" not in source.log.read_text()


def test_every_port_listens_on_one_address_alone_and_strangers_are_not_trusted(clouds: Clouds) -> None:
    for port in clouds.target.config["ports"].values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), 1)
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection("localhost", clouds.target.config["ports"]["entra"]).request("GET", "/")


def test_an_upload_cut_short_is_taken_up_where_it_ended(clouds: Clouds) -> None:
    """A client dies in the middle of a chunk: what arrived counts, and the log stays free of tracebacks."""
    source, content = clouds.source, b"0123456789" * 1000
    location = source.registry("POST", "/v2/process/cut/blobs/uploads/").headers["Location"]
    connection = http.client.HTTPSConnection("localhost", source.config["ports"]["registry"], context=source.context)
    connection.putrequest("PATCH", location)
    for name, value in {"Authorization": source.basic("all"), "Content-Length": str(len(content))}.items():
        connection.putheader(name, value)
    connection.endheaders(content[:5000])
    connection.close()
    while source.control("GET", "requests")[-1]["method"] != "PATCH":
        pass
    arrived = int(source.registry("GET", location).headers["Range"].removeprefix("0-")) + 1
    assert arrived == 5000
    assert source.registry("PUT", f"{location}?digest={digest_of(content)}", body=content[arrived:]).status == 201


def test_an_authority_is_made_once(tmp_path: Path) -> None:
    files = make_authority(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert make_authority(tmp_path) == files
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert {path.name for path in tmp_path.iterdir() if path.stat().st_mode & 0o077} == {"ca.pem", "server.pem"}

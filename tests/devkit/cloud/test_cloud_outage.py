"""A cloud that is down, and what a day of it costs when a day is a second."""

import http.client
import socket
from functools import partial
from typing import Literal

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl
from devkit.local.ports import free_ports
from tests.devkit.cloud.faulty import answer_or_cut
from tests.devkit.cloud.receiving import Receiver, until
from tests.devkit.cloud.running import API, Cloud, Clouds, MakeCloud
from tests.devkit.cloud.test_cloud_imports import import_body

SERVICES = ("entra", "arm", "registry")


def reached(cloud: Cloud) -> list[bool]:
    """Which services answer anything."""
    return [answer_or_cut(partial(cloud.call, service, "GET", "/v2/")) is not None for service in SERVICES]


def refused(cloud: Cloud) -> list[bool]:
    """At which ports nobody listens."""
    return [socket.socket().connect_ex(("127.0.0.1", cloud.config["ports"][service])) != 0 for service in SERVICES]


@pytest.mark.parametrize("how, nobody", [("refuses", True), ("resets", False)])
def test_a_cloud_is_down_for_as_long_as_told(make_cloud: MakeCloud, how: Literal["refuses", "resets"], nobody: bool) -> None:
    cloud = make_cloud("down").start()
    control, ports = cloud.controls, cloud.config["ports"]
    kept_alive = http.client.HTTPSConnection("localhost", ports["registry"], context=cloud.context, timeout=20)
    kept_alive.request("GET", "/v2/")
    kept_alive.getresponse().read()
    control.down(how, seconds=3600)
    assert (reached(cloud), refused(cloud)) == ([False] * 3, [nobody] * 3)
    kept_alive.auto_open = 0  # no new connection in its place
    with pytest.raises((OSError, http.client.HTTPException)):
        kept_alive.request("GET", "/v2/")
        kept_alive.getresponse()
    kept_alive.close()
    control.set_clock(advance_seconds=3590)
    assert reached(cloud) == [False] * 3
    assert control.outage()["secondsLeft"] <= 10
    control.set_clock(advance_seconds=10)
    until(partial(reached, cloud), all)
    outage = control.outage()
    assert (outage["how"], outage["secondsLeft"]) == ("up", None)
    cut = control.requests(fault="outage")
    assert (outage["cut"], {one["status"] for one in cut}) == (len(cut), set() if nobody else {444})
    assert nobody or len(cut) == 2 * len(SERVICES) + 1  # the one that was kept alive


@pytest.mark.parametrize("how", ["refuses", "resets"])
def test_who_was_still_in_its_handshake_is_cut_off_too(make_cloud: MakeCloud, how: Literal["refuses", "resets"]) -> None:
    cloud = make_cloud("down").start()
    control, port = cloud.controls, cloud.config["ports"]["registry"]
    connection = http.client.HTTPConnection("localhost", port, timeout=20)
    connection.connect()
    control.down(how)
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.sock = cloud.context.wrap_socket(connection.sock, server_hostname="localhost")
        connection.request("GET", "/v2/")
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize("how", ["refuses", "resets"])
def test_a_cloud_that_starts_again_is_still_down_until_told(make_cloud: MakeCloud, how: Literal["refuses", "resets"]) -> None:
    cloud = make_cloud("down").start()
    control = cloud.controls
    control.down(how)
    cloud.kill()
    cloud.start()
    assert reached(cloud) == [False] * 3
    control.up()
    assert reached(cloud) == [True] * 3
    assert cloud.stop() == 0


def test_an_outage_of_eleven_hours_is_delivered_after_in_seconds(make_cloud: MakeCloud, receiver: Receiver) -> None:
    """Event Grid pauses 10 s, 30 s, 1, 5, 10, 30 min, 1, 3 and 6 h between its first ten attempts (acr.md 1.4): nine of them fail here."""
    (port,) = free_ports(1)
    cloud = make_cloud("patient", eventSubscription={"endpoint": f"http://127.0.0.1:{port}/"}, clockScale=20_000).start()
    control = cloud.controls
    cloud.push_image("outage/app", "v1")
    (event,) = until(control.events, lambda events: events[0]["attempts"] == 9)
    assert (event["state"], event["lastStatus"]) == ("pending", None)
    control.subscribe(receiver.endpoint)
    assert receiver.next()["subject"] == "outage/app:v1"
    (event,) = until(control.events, lambda events: events[0]["state"] != "pending")
    assert (event["state"], event["attempts"]) == ("delivered", 10)


def test_an_import_of_an_hour_outlasts_the_token_that_began_it(clouds: Clouds, make_cloud: MakeCloud) -> None:
    target = make_cloud("slow", clockScale=3600).start()
    control: CloudControl = target.controls
    control.set_imports(latency_seconds=3600)
    digest = clouds.source.push_image("outage/slow")
    token = target.entra_token().json["access_token"]
    answer = target.arm("POST", f"{target.registry_id}/importImage?{API}", import_body(clouds.source, f"outage/slow@{digest}"), token=token)
    assert answer.status == 202
    until(control.imports, lambda imports: imports[0]["state"] == "succeeded")
    poll = answer.headers["Location"].removeprefix(target.url("arm"))
    assert target.arm("GET", poll, token=token).status == 401
    assert target.arm("GET", poll).status == 200


def test_faults_go_on_after_an_outage(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("both").start()
    control = cloud.controls
    rule = control.impose(faults.status(503), on=faults.registry())
    control.down()
    control.up()
    assert cloud.registry("GET", "/v2/").status == 503
    assert control.fired(rule) == 1

"""A cloud's time: faster than the machine's, set forward, and with machines whose clocks are off."""

import json

import pytest

from tests.devkit.cloud.running import ACR_AUDIENCE, Cloud, MakeCloud


def catalog(cloud: Cloud, token: str) -> int:
    return cloud.call("registry", "GET", "/v2/_catalog", headers={"Authorization": f"Bearer {token}"}).status


def access_token(cloud: Cloud) -> str:
    path = f"/oauth2/token?service={cloud.login_server}&scope=registry:catalog:*"
    return str(cloud.call("registry", "GET", path, headers={"Authorization": cloud.basic("all")}).json["access_token"])


def test_a_token_expires_by_the_cloud_s_clock(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    token = access_token(cloud)
    assert catalog(cloud, token) == 200
    cloud.control("PUT", "clock", {"advanceSeconds": 4_499})
    assert catalog(cloud, token) == 200
    cloud.control("PUT", "clock", {"advanceSeconds": 2})
    assert catalog(cloud, token) == 401
    assert cloud.entra_token(audience=ACR_AUDIENCE).json["expires_in"] == 3599  # in the cloud's own seconds


def test_a_scale_outlives_a_restart_until_the_settings_say_otherwise(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    before = cloud.control("PUT", "clock", {"scale": 3600})["now"]
    cloud.kill()
    cloud.start()
    assert cloud.control("GET", "clock")["scale"] == 3600
    assert cloud.control("GET", "clock")["now"] > before
    cloud.kill()
    cloud.config["clockScale"] = 2
    cloud.start()
    assert cloud.control("GET", "clock")["scale"] == 2


def test_machines_whose_clock_goes_back_refuse_what_was_signed_before(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    token = access_token(cloud)
    cloud.control("PUT", "clock", {"skewSeconds": -600})
    assert catalog(cloud, token) == 401  # not yet valid
    cloud.control("PUT", "clock", {"skewSeconds": 0})
    assert catalog(cloud, token) == 200


def test_switches_are_set_by_name_and_outlive_a_restart(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    headers = {"x-control-key": cloud.config["controlKey"]}
    for wrong in (b'{"sha513": "accepted"}', b'{"sha512": "perhaps"}'):
        assert cloud.call("control", "PUT", "/control/unknowns", body=wrong, headers=headers).status == 400
    assert cloud.control("PUT", "unknowns", {"sha512": "accepted"})["sha512"] == "accepted"
    cloud.kill()
    cloud.start()
    assert cloud.control("GET", "unknowns")["sha512"] == "accepted"


@pytest.mark.parametrize(
    "changed", [{"advanceSeconds": 1e12}, {"scale": 1e12}, {"skewSeconds": 1e12}, {"skewSeconds": -1e12}, {"advanceSeconds": 1e400}]
)
def test_a_time_that_nobody_could_write_is_refused_and_not_kept(acr: Cloud, changed: dict[str, float]) -> None:
    before = acr.control("GET", "clock")
    headers = {"x-control-key": acr.config["controlKey"]}
    assert acr.call("control", "PUT", "/control/clock", body=json.dumps(changed).encode(), headers=headers).status == 400
    after = acr.control("GET", "clock")
    assert (after["scale"], after["skewSeconds"], after["now"][:4]) == (before["scale"], before["skewSeconds"], before["now"][:4])


def test_a_clock_that_is_advanced_again_and_again_stops_before_times_end(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("late").start()
    headers, century = {"x-control-key": cloud.config["controlKey"]}, json.dumps({"advanceSeconds": 100 * 365 * 86_400}).encode()
    statuses = [cloud.call("control", "PUT", "/control/clock", body=century, headers=headers).status for _ in range(80)]
    assert (statuses[0], statuses[-1]) == (200, 400)
    assert cloud.control("PUT", "clock", {"scale": 2})["now"] > "9700"
    assert cloud.entra_token().status == 200


def test_a_refusal_of_entra_s_has_the_cloud_s_time(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    now = cloud.control("PUT", "clock", {"skewSeconds": 86_400 * 365})["now"]
    refused = cloud.entra_token(client_secret="wrong").json
    assert refused["timestamp"][:10] in {now[:10], cloud.control("GET", "clock")["now"][:10]}
    assert f"Timestamp: {refused['timestamp']}" in refused["error_description"]

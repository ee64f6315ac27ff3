"""A cloud's time: faster than the machine's, set forward, and with machines whose clocks are off."""

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

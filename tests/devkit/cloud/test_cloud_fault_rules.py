"""The rules: whom they befall and how often, what is told of them, what is refused, and that they outlive the cloud."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from devkit.local import faults
from devkit.local.control import CloudControl, ControlRefused
from tests.devkit.cloud.faulty import behaving, look
from tests.devkit.cloud.running import Cloud, Clouds, MakeCloud


@pytest.fixture
def cloud(clouds: Clouds) -> Cloud:
    return clouds.source


@pytest.fixture
def control(cloud: Cloud) -> Iterator[CloudControl]:
    with behaving(cloud) as control:
        yield control


def test_so_many_pass_so_many_fail_and_all_are_counted(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("rules/counted", "v1")
    overloaded = control.impose(faults.status(503), on=faults.registry("GET", faults.manifests("rules/counted")), skip=1, times=2)
    assert [look(cloud, "rules/counted") for _ in range(5)] == [200, 503, 503, 200, 200]
    (rule,) = control.faults()
    assert (rule["id"], rule["matched"], rule["fired"]) == (overloaded, 5, 2)
    assert rule["last"].endswith("Z")
    asked = [(one["status"], one["fault"]) for one in control.requests("rules/counted", method="GET")]
    assert asked == [(200, None), (503, overloaded), (503, overloaded), (200, None), (200, None)]


def test_the_first_rule_that_fires_is_the_only_one(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("rules/first", "v1")
    on = faults.registry("GET|HEAD", faults.manifests("rules/first"))
    rules = [control.impose(faults.status(status), on=on, times=1) for status in (500, 502)]
    assert [look(cloud, "rules/first") for _ in range(3)] == [500, 502, 200]
    assert [(one["id"], one["matched"], one["fired"]) for one in control.faults()] == [(rules[0], 3, 1), (rules[1], 2, 1)]


def test_chance_is_the_same_for_the_same_seed(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("rules/chance", "v1")

    def played(seed: int) -> list[int]:
        control.behave()
        control.impose(faults.status(500), on=faults.registry("GET"), chance=0.5, seed=seed)
        return [look(cloud, "rules/chance") for _ in range(16)]

    first, other = played(1), played(2)
    assert played(1) == first != other
    assert set(first) == {200, 500}


def test_a_rule_may_be_for_one_caller_alone(cloud: Cloud, control: CloudControl) -> None:
    cloud.push_image("rules/whose", "v1")
    client = cloud.config["principals"][0]["clientId"]
    control.impose(faults.status(500), on=faults.registry("GET", identity="pull"))
    control.impose(faults.status(503), on=faults.entra(identity=client))
    control.impose(faults.status(500), on=faults.arm("POST", holding="rules/whose"))
    asked = [cloud.registry("GET", "/v2/rules/whose/manifests/v1", user=user).status for user in ("all", "pull")]
    assert asked == [200, 500]
    assert [cloud.entra_token(principal=number).status for number in (0, 1)] == [503, 200]
    control.impose(faults.status(502), on=faults.arm("GET", identity=client))
    with pytest.raises(ControlRefused, match="holding is not for the registry"):
        control.impose(faults.status(500), on={"service": "registry", "holding": "all"})


def test_a_token_of_nonsense_names_no_caller(cloud: Cloud, control: CloudControl) -> None:
    control.impose(faults.status(503), on=faults.registry("POST", identity="pull"))
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    form = {"grant_type": "refresh_token", "service": cloud.login_server, "refresh_token": f"e30.{deep}.x"}
    assert cloud.form("registry", "/oauth2/token", form).status == 401


def test_rules_and_their_counts_outlive_the_cloud(make_cloud: MakeCloud) -> None:
    cloud = make_cloud("own").start()
    cloud.push_image("rules/kept", "v1")
    control = cloud.controls
    control.impose(faults.status(500), on=faults.registry("GET"), times=2)
    assert look(cloud, "rules/kept") == 500
    before = control.faults()
    cloud.kill()
    cloud.start()
    assert control.faults() == before
    assert [look(cloud, "rules/kept") for _ in range(2)] == [500, 200]
    control.impose(faults.status(500), on=faults.registry("PUT"))
    assert [rule["id"] for rule in control.faults()] == ["fault-1", "fault-2"]


def test_rules_are_replaced_together_or_not_at_all(cloud: Cloud, control: CloudControl) -> None:
    rules = [{"id": name, "service": "arm", "fault": {"kind": "stuck"} if name == "c" else faults.reset()} for name in "abc"]
    control.send("PUT", "faults", rules[:2])
    with pytest.raises(ControlRefused, match="at arm is one of latency"):
        control.send("PUT", "faults", rules)
    with pytest.raises(ControlRefused, match="there is a rule 'a' already"):
        control.send("POST", "faults", rules[0])
    assert [rule["id"] for rule in control.faults()] == ["a", "b"]
    control.lift("a")
    with pytest.raises(ControlRefused, match="no such rule"):
        control.lift("a")
    headers = {"x-control-key": cloud.config["controlKey"]}
    report = cloud.call("control", "GET", "/faults", headers=headers).json
    assert [rule["id"] for rule in report["rules"]] == ["b"]
    assert (report["outage"]["how"], report["eventChaos"]["drop"], report["clock"]["scale"]) == ("up", 0, 1)
    assert cloud.call("control", "GET", "/faults").status == 401


@pytest.mark.parametrize(
    "rule, said",
    [
        ({"service": "moon"}, "service is one of registry, arm"),
        ({}, "needs service"),
        ({"service": "arm", "fault": {"kind": "fire"}}, "fault.kind at arm is one of latency"),
        ({"service": "arm", "fault": {"kind": "stale_read", "seconds": 1}}, "fault.kind at arm is one of latency"),
        ({"service": "arm", "fault": {"kind": "latency"}}, "the fault latency needs seconds"),
        ({"service": "arm", "fault": {"kind": "latency", "seconds": "1"}}, "seconds must be a number"),
        ({"service": "arm", "fault": {"kind": "latency", "seconds": 1, "minutes": 1}}, "no 'minutes'; it may have: seconds"),
        ({"service": "arm", "fault": {"kind": "status", "status": 200}}, "status is from 400 to 599"),
        ({"service": "arm", "fault": {"kind": "reset", "when": "never"}}, "when is one of before, after, body"),
        ({"service": "imports", "fault": {"kind": "fails", "text": "odd"}}, "text is one of unauthorized, denied"),
        ({"service": "arm", "chance": 0.5}, "needs a seed"),
        ({"service": "arm", "chance": 2, "seed": 1}, "chance is from 0 to 1"),
        ({"service": "arm", "path": "("}, "path is no regular expression"),
        ({"service": "arm", "times": -1}, "times must be a whole number"),
        ({"service": "arm", "while": 1}, "no 'while'; it may have: service, id, method"),
        ({"service": "imports", "method": "GET"}, "an import is told by its path alone"),
    ],
)
def test_what_is_not_a_rule_is_told_what_is_allowed(control: CloudControl, rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlRefused, match=said.replace("?", r"\?")):
        control.send("POST", "faults", {"fault": faults.reset(), **rule})
    assert control.faults() == []

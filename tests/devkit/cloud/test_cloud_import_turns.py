"""Imports that wait cost the others nothing, and what a registry does not take is looked at when it lands."""

from typing import Any

import pytest

from devkit.cloud.imports.request import ImportRequest, InvalidImport
from tests.devkit.cloud.running import API, Cloud, Clouds, MakeCloud
from tests.devkit.cloud.test_cloud_imports import ended, import_body


def impose(cloud: Cloud, on: str, fault: dict[str, Any]) -> None:
    cloud.control("PUT", "faults", [{"service": "imports", "path": on, "fault": fault}])


def test_imports_that_are_stuck_leave_their_turns_to_others(clouds: Clouds, make_cloud: MakeCloud) -> None:
    source, target = clouds.source, make_cloud("turns").start()
    digest = source.push_image("turns/stuck", layer=b"turns")
    source.push_image("turns/free", layer=b"turns")
    impose(target, "turns/stuck.*", {"kind": "stuck"})
    for _ in range(20):  # more than are copied at once
        target.begin_import(import_body(source, f"turns/stuck@{digest}"))
    assert ended(target, import_body(source, f"turns/free@{digest}")).status == 200


def test_what_is_soft_deleted_while_it_is_on_its_way_is_not_taken(clouds: Clouds, make_cloud: MakeCloud) -> None:
    source, target = clouds.source, make_cloud("landing")
    target.config["registry"]["policies"] = {"softDeleteDays": 7}
    target.start()
    digest = source.push_image("turns/late", layer=b"late")
    ended(target, import_body(source, f"turns/late@{digest}"))
    impose(target, "turns/late.*", {"kind": "lands_late", "seconds": 1})
    ended(target, import_body(source, f"turns/late@{digest}"))
    assert target.registry("DELETE", f"/v2/turns/late/manifests/{digest}").status == 202
    target.control("PUT", "clock", {"advanceSeconds": 5})
    while "did not land late" not in target.log.read_text():
        assert target.process is not None and target.process.poll() is None
    assert target.registry("HEAD", f"/v2/turns/late/manifests/{digest}").status == 404


@pytest.mark.parametrize("spelling", [str.lower, lambda path: path.replace("resourceGroups", "resourcegroups")])
def test_arm_tells_paths_apart_without_case(clouds: Clouds, spelling: Any) -> None:
    cloud = clouds.target
    assert cloud.arm("GET", f"{spelling(cloud.registry_id)}?{API}").status == 200
    assert cloud.arm("POST", f"{spelling(cloud.registry_id)}/importimage?{API}", {}).status == 400


def test_a_password_that_cannot_be_sent_is_refused_at_once(clouds: Clouds) -> None:
    body = import_body(clouds.source, "a/b")
    body["source"]["credentials"]["password"] = "\ud800"
    with pytest.raises(InvalidImport, match="not a text that can be sent"):
        ImportRequest.parse(body)

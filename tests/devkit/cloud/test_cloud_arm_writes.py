"""ARM's bucket of writes."""

from typing import Any

import pytest

from devkit.local.control import ControlRefused
from tests.devkit.cloud.running import API, Answer, Clouds
from tests.devkit.cloud.test_cloud_imports import import_body


def post(clouds: Clouds) -> Answer:
    return clouds.target.arm("POST", f"{clouds.target.registry_id}/importImage?{API}", import_body(clouds.source, "arm/writes@sha256:0"))


def test_a_write_more_than_there_are_is_refused_until_the_bucket_has_one_again(clouds: Clouds) -> None:
    asked = clouds.target.controls
    assert asked.arm_writes()["size"] is None
    asked.set_arm_writes(2, 30)
    statuses = [post(clouds).status for _ in range(2)]
    refused = post(clouds)
    assert 429 not in statuses
    assert (refused.status, refused.json["error"]["code"]) == (429, "SubscriptionRequestsThrottled")
    assert 29 <= int(refused.headers["Retry-After"]) <= 30
    assert clouds.target.arm("GET", f"{clouds.target.registry_id}?{API}").status == 200
    asked.set_clock(advance_seconds=30)
    assert [post(clouds).status == 429 for _ in range(2)] == [False, True]
    assert asked.arm_writes()["refused"] == 2
    asked.set_arm_writes(None)
    assert post(clouds).status != 429


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": "many"}, {"size": 5, "secondsEach": 0}])
def test_a_bucket_of_another_kind_is_not_taken(clouds: Clouds, wrong: dict[str, Any]) -> None:
    with pytest.raises(ControlRefused, match="400"):
        clouds.target.controls.send("PUT", "arm-writes", wrong)

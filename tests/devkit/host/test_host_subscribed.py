"""The host's Event Grid webhook and the local cloud's Event Grid, each the other's proof."""

import pytest

from tests.devkit.cloud.receiving import until
from tests.devkit.cloud.running import MakeCloud
from tests.devkit.host.running import Host
from tests.devkit.host.test_host_eventgrid import HOOK


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
def test_it_shakes_hands_and_takes_events_in_either_schema(host: Host, make_cloud: MakeCloud, schema: str) -> None:
    subscription = {"endpoint": f"{host.url}{HOOK}", "destination": "webhook", "schema": schema, "maxEventsPerBatch": 2}
    cloud = make_cloud("publisher").start()
    assert cloud.control("PUT", "event-subscription", subscription)["provisioningState"] == "Succeeded"
    (event,) = cloud.control("POST", "events", {"repository": "team/app", "overrides": {"data": {"value": 7}}})
    until(lambda: cloud.control("GET", "events")[0]["state"], lambda state: state != "pending")
    assert host.ended(event["id"])["output"] == {"type": "int", "value": 7}

"""What is in flight, counted over all pages of the durable store."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.count_runs import CONTINUATION, Counted, count_runs, counted
from telemetry import figures
from tests.unit.replication.settings_values import listed, target


def child(number: int, target: str, **status: Any) -> dict[str, Any]:
    return {"name": "publish_to_target", "instanceId": f"a:v{number}~0f~{target}", "customStatus": status or None}


PAGES = {
    "": [
        {"name": "replicate_image_event", "instanceId": "a:v1~0f", "customStatus": {"waiting": {"reason": "source_denied"}}},
        {"name": "replicate_image_event", "instanceId": "a:v2~0f", "customStatus": json.dumps({"message": "…", "waiting": None})},
        child(1, "china", state="importing", failure={"code": "unreachable"}),
    ],
    "next": [
        child(2, "china", state="waiting: throttled", waiting={"reason": "throttled"}),
        child(3, "china", state="waiting: throttled", waiting={"reason": "throttled"}),
        child(2, "usgov", state="waiting for an index that lists it", failure=None),
        child(3, "usgov"),
        {"name": "prober", "instanceId": "prober~~:source~1", "customStatus": None},
        {"name": "import_children", "instanceId": "a:v1~0f~usgov~0123456789ab", "customStatus": None},
    ],
}


async def serving(status: int) -> TestServer:
    async def answer(request: web.Request) -> web.Response:
        assert (request.query["runtimeStatus"], request.query["showInput"]) == ("Pending,Running", "false")
        token = request.headers.get(CONTINUATION, "")
        return web.json_response(PAGES[token], status=status, headers={} if token else {CONTINUATION: "next"})

    app = web.Application()
    app.router.add_get("/durabletask/instances", answer)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_all_pages_are_counted_by_name_target_and_reason() -> None:
    server = await serving(200)
    in_flight, waiting = await counted(str(server.make_url("/durabletask/")))
    await server.close()
    event, china, usgov = (
        (("orchestration", "replicate_image_event"),),
        (("orchestration", "publish_to_target"), ("target", "china")),
        (("orchestration", "publish_to_target"), ("target", "usgov")),
    )
    probes = (("orchestration", "prober"), ("target", "source"))
    assert in_flight == {event: 2, china: 3, usgov: 2, (("orchestration", "import_children"), ("target", "usgov")): 1, probes: 1}
    assert waiting == {
        (*event, ("reason", "source_denied")): 1,
        (*china, ("reason", "throttled")): 2,
        (*usgov, ("reason", "index")): 1,
    }


async def test_a_store_that_does_not_answer_is_counted_as_nothing_known() -> None:
    server = await serving(500)
    with pytest.raises(RuntimeError, match="answered 500"):
        await counted(str(server.make_url("/durabletask/")))
    await server.close()


async def test_credentials_are_counted_though_the_store_is_down_and_nothing_in_flight_is_told_as_0(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, list[tuple[float, dict[str, str]]]] = {}
    for name in ("in_flight", "waiting", "expiry"):
        monkeypatch.setattr(getattr(figures, name), "count", lambda counted, name=name: told.update({name: list(counted)}))
    for name, value in listed(target(), SourceACRPullTokenExpires="2027-01-31").items():
        monkeypatch.setenv(name, value)
    answers: list[Any] = [RuntimeError("down"), (Counted(), Counted())]

    async def asked(_: str) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("api.count_runs.counted", asked)
    client: Any = SimpleNamespace(_orchestration_bindings=SimpleNamespace(rpc_base_url="http://127.0.0.1:1/"))
    run: Any = count_runs.build().get_user_function().client_function
    with pytest.raises(RuntimeError):
        await run(timer=None, client=client)
    assert [labels for _, labels in told.pop("expiry")] == [{"target": "source", "credential": "pull token"}] and told == {}
    await run(timer=None, client=client)
    assert told["in_flight"] == [
        (0.0, {"orchestration": "replicate_image_event"}),
        (0.0, {"orchestration": "publish_to_target", "target": "china"}),
    ]

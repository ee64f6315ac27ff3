"""Whatever the source, a target's registry, its ARM, its Entra and the store answer, a step ends: with what it promises or with a refusal,
after a bounded number of questions, and nobody else is asked."""

import asyncio
import importlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import ledger.stores
import registries.connections
from devkit.tls import TlsFiles
from replication.failures import CODES, Failure
from tests.unit.activities.deviations import Deviation, changes, deviations
from tests.unit.activities.hostilecloud import ACCESS, ENTRA, REFRESH, ROW, Host, tree

PASSWORD, SECRET, KEY = "canary-Pull-password-4", "canary-Client~secret-5", "Y2FuYXJ5LWtleS02"
SECRETS = (PASSWORD, SECRET, KEY, ENTRA, REFRESH, ACCESS)
GUID = "6f1e2d3c-0000-4000-8000-00000000000"
MOST_ASKED = 60  # requests of one step to one side
LONGEST = 40_000  # characters of what a step answers: an operation may have 16,384
STEPS: dict[str, dict[str, Any]] = {
    "authenticate_target": {},
    "fetch_source_token": {"targets": ["china"]},
    "look": {},
    "look of a delete": {"removing": True},
    "look at what has no tag": {"tag": None},
    "start_import": {"tag": None, "index": True, "run": "one", "at": "2026-01-02T03:04:05+00:00"},
    "start_import of a child": {"tag": None, "child": 2, "run": "one", "at": "2026-01-02T03:04:05+00:00"},
    "check_import": {"tag": None, "operation": "/subscriptions/s/operationResults/1?x=1", "generation": ROW["generation"]},
    "check_import of a child": {"tag": None, "operation": "/operationResults/1", "generation": "g", "child": 0},
    "verify_digest": {"tag": None, "generation": "g"},
    "verify_digest of a tag": {},
    "move_tag": {},
    "delete_artifact": {"tag": None, "removing": True},
    "examine_source": {"tag": None, "suspects": []},
    "look_at_children": {"tag": None, "page": 0, "imports": {"0": {"generation": "g", "seconds": 1.0}}},
    "put_index": {"tag": None},
    "put_index of a child": {"tag": None, "child": 1},
}
plans = st.lists(st.none() | deviations, max_size=6)


class Scene:
    """Both hosts on one loop, for all examples; connections and tokens are new in each."""

    def __init__(self, tls: TlsFiles, elsewhere: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.source, self.target = Host(has=True), Host(has=False)
        self.servers = [self.loop.run_until_complete(host.listen(tls)) for host in (self.source, self.target)]
        for host in (self.source, self.target):
            host.elsewhere = f"localhost:{elsewhere}"

    def settings(self) -> dict[str, str]:
        source, target = f"localhost:{self.source.port}", f"localhost:{self.target.port}"
        registry = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries"
        cloud = {"authority": f"https://{target}", "resourceManager": f"https://{target}", "armAudience": "https://arm.example"}
        cloud |= {"acrAudience": "https://acr.example", "loginServerSuffix": "azurecr.example"}
        china = {"name": "china", "cloud": cloud, "registry": f"{registry}/contosocn", "loginServer": target, "tenantId": f"{GUID}1"}
        china |= {"clientId": f"{GUID}2", "clientSecretSetting": "ChinaClientSecret"}
        return {
            "SourceACRResourceId": f"{registry}/contoso",
            "SourceACRLoginServer": source,
            "SourceACRPullTokenName": "pull",
            "SourceACRPullTokenPassword": PASSWORD,
            "ReplicationTargets": json.dumps([china]),
            "ChinaClientSecret": SECRET,
            "ReplicationStore": "HostileStorage",
            "HostileStorage": f"AccountName=contoso;AccountKey={KEY};TableEndpoint=https://{target}/contoso",
        }

    def ask(self, step: str, digest: str, more: dict[str, Any]) -> dict[str, Any]:
        name = step.partition(" ")[0]
        function = getattr(importlib.import_module(f"activities.{name}"), name).build().get_user_function()
        work = {"target": "china", "repository": "team/app", "tag": "v1", "digest": digest, "removing": False, **more}
        answer: dict[str, Any] = self.loop.run_until_complete(self._once(function, work))
        return answer

    async def _once(self, function: Any, work: dict[str, Any]) -> Any:
        try:
            return await asyncio.wait_for(function(work), 60)
        finally:
            await registries.connections.connections().close()
            await ledger.stores.store().close()
            registries.connections._current = ledger.stores._current = None

    def close(self) -> None:
        for server in self.servers:
            server.close()
        self.loop.run_until_complete(asyncio.sleep(0.01))
        self.loop.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[socket.socket]:
    """A host that no setting names."""
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        yield trap


@pytest.fixture(scope="module")
def scene(tls: TlsFiles, elsewhere: socket.socket) -> Iterator[Scene]:
    with pytest.MonkeyPatch.context() as patch, closing(Scene(tls, elsewhere.getsockname()[1])) as made:
        for name in os.environ:
            if name.startswith(("Source", "Replication")):
                patch.delenv(name)
        for name, value in made.settings().items():
            patch.setenv(name, value)
        patch.setattr("registries.lists.MOST_PAGES", 3)
        patch.setattr("registries.egress.READ_WITHIN", 2)
        yield made


def check(scene: Scene, elsewhere: socket.socket, answer: dict[str, Any]) -> None:
    told = json.dumps(answer)
    assert len(told) < LONGEST
    assert [secret for secret in SECRETS if secret in told] == []
    for refused in (answer.get("failure"), answer.get("cause")):
        if refused is not None:
            failure = Failure.from_json(refused)
            assert failure.code in CODES
            assert failure.code not in ("unexpected", "settings_invalid")
            assert failure.said.isprintable() and failure.hint and failure.doing
    assert len(scene.source.asked) <= MOST_ASKED and len(scene.target.asked) <= MOST_ASKED
    with pytest.raises(BlockingIOError):
        elsewhere.accept()


def ask(scene: Scene, step: str, plan: tuple[list[Deviation | None], list[Deviation | None]], oddities: list[Any], *, held: bool) -> Any:
    digest, scene.source.manifests = tree(oddities)
    scene.target.manifests, scene.target.has = scene.source.manifests, held
    scene.source.plan, scene.target.plan = list(plan[0]), list(plan[1])
    scene.source.asked, scene.target.asked = [], []
    return scene.ask(step, digest, STEPS[step])


@pytest.mark.parametrize("held", [False, True], ids=["lacking", "held"])
@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_answered_where_all_is_well(scene: Scene, elsewhere: socket.socket, step: str, held: bool) -> None:
    """Or nothing would be tested below."""
    answer = ask(scene, step, ([], []), [], held=held)
    check(scene, elsewhere, answer)
    assert "failure" not in answer and "cause" not in answer


quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
any_plan = given(
    step=st.sampled_from(sorted(STEPS)),
    plan=st.tuples(plans, plans),
    oddities=st.just([]) | st.lists(changes, max_size=1),
    held=st.booleans(),
)


@settings(max_examples=60, suppress_health_check=quiet)
@any_plan
@example(step="start_import of a child", plan=([None, Deviation(status=404, body=b'{"errors":[{"code":"NAME_UNKNOWN"}]}')], []),
         oddities=[], held=False)  # fmt: skip
def test_whatever_is_answered_a_step_ends(scene: Scene, elsewhere: socket.socket, step: str, plan: Any, oddities: Any, held: bool) -> None:
    check(scene, elsewhere, ask(scene, step, plan, oddities, held=held))


@pytest.mark.large
@settings(max_examples=2_000, suppress_health_check=quiet)
@any_plan
def test_two_thousand_plans(scene: Scene, elsewhere: socket.socket, step: str, plan: Any, oddities: Any, held: bool) -> None:
    check(scene, elsewhere, ask(scene, step, plan, oddities, held=held))

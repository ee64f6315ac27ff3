"""How much runs at once, and for how long: host.json's limits."""

from collections.abc import Iterator

import pytest

from tests.devkit.host.platform import began, platform, ran
from tests.devkit.host.running import WEBHOOK, Host, eventually

LIMITS = {"maxConcurrentActivityFunctions": 3, "maxConcurrentOrchestratorFunctions": 2, "maxConcurrentEntityFunctions": 1}
MORE = {"maxOrchestrationActions": 13, "overridableExistingInstanceStates": "AnyState"}


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = platform(tmp_path_factory.mktemp("limited"), {**LIMITS, **MORE}, host_json={"functionTimeout": "00:00:01"}).start()
    yield host
    assert host.stop() == 0  # what heeds no cancellation does not keep it


def test_no_more_activities_run_at_once_than_they_may(limited: Host) -> None:
    assert max(ran(limited, "crowded", "crowded", {"many": 12})["output"]) == 3


def test_no_more_orchestrators_run_at_once_than_they_may(limited: Host) -> None:
    pushing = [began(limited, "pushing", f"pushing-{number}") for number in range(6)]
    assert max(int(limited.ended(instance)["output"]) for instance in pushing) <= 2


def test_no_more_entities_run_at_once_than_they_may(limited: Host) -> None:
    for key in "abcd":
        assert limited.call("POST", f"/api/signal/{key}").status == 200
    assert [state(limited, key) for key in "abcd"] == [{"sum": 1, "most": 1}] * 4


def state(host: Host, key: str) -> dict[str, int]:
    look = lambda: (found := host.call("GET", f"{WEBHOOK}/entities/tally/{key}")).status == 200 and found.json  # noqa: E731
    return dict(eventually(look, f"the state of {key}"))


def test_entities_run_while_every_orchestrators_place_is_taken(limited: Host) -> None:
    work = limited.folder / "work"
    held = [began(limited, "holding", f"holding-{number}") for number in range(2)]
    for instance in held:
        eventually((work / f"held {instance}").exists, "an orchestrator that holds its place")
    waiting = began(limited, "pushing", "waiting")
    assert limited.call("POST", "/api/signal/beside").status == 200
    assert state(limited, "beside")["sum"] == 1
    assert limited.status(waiting)["runtimeStatus"] == "Pending"
    eventually(lambda: "holding has not returned for 1 seconds" in limited.log.read_text(), "word of those that hold")
    (work / "go").touch()
    assert [limited.ended(instance)["output"] for instance in held] == ["let go"] * 2


@pytest.mark.parametrize("activity", ["linger", "heedless"])
def test_an_activity_over_its_time_fails_and_the_orchestrator_hears_of_it(limited: Host, activity: str) -> None:
    output = ran(limited, "lingering", f"over-{activity}", {"activity": activity})["output"]
    assert output.startswith(
        f"Activity function '{activity}' failed:  Microsoft.Azure.WebJobs.Host.FunctionTimeoutException: Timeout value of"
    )
    assert f"00:00:01 was exceeded by function: Functions.{activity}" in output


def test_a_trigger_over_its_time_is_a_500(limited: Host) -> None:
    assert limited.call("GET", "/api/slow").status == 500
    assert "00:00:01 was exceeded by function: Functions.slow" in limited.log.read_text()


def test_an_orchestrator_with_more_actions_than_it_may_do_fails(limited: Host) -> None:
    failed = ran(limited, "crowded", "over", {"many": 14})
    assert failed["runtimeStatus"] == "Failed"
    assert "Maximum amount of orchestration actions (13) has been reached" in failed["output"]
    assert ran(limited, "crowded", "just", {"many": 13})["runtimeStatus"] == "Completed"


def test_a_start_replaces_a_running_instance_where_host_json_lets_it(limited: Host) -> None:
    began(limited, "lingering", "replaced")
    eventually(lambda: limited.status("replaced")["runtimeStatus"] == "Running", "the first episode")
    assert ran(limited, "leaf", "replaced")["name"] == "leaf"
    assert limited.rows("inbox") == 0

import json
from pathlib import Path

import pytest

from devkit.host.durable.versions import Versions
from devkit.host.problem import Problem
from devkit.host.settings import HostConfig, app_settings, unread


def written(folder: Path, value: object) -> Path:
    path = folder / "file.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_values_are_the_apps_settings(tmp_path: Path) -> None:
    assert app_settings(written(tmp_path, {"IsEncrypted": False, "Values": {"A": "1"}})) == {"A": "1"}


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert app_settings(written(tmp_path, '\ufeff{"Values": {"A": "1"}}')) == {"A": "1"}


def test_comments_and_last_commas_are_taken_as_the_host_takes_them(tmp_path: Path) -> None:
    text = '{ // first\n"Values": {"A": "http://x/*y*/,}", /* a\nb */ "B": "\\"//", }, }'
    assert app_settings(written(tmp_path, text)) == {"A": "http://x/*y*/,}", "B": '"//'}


def test_sections_that_only_the_core_tools_read_are_named(tmp_path: Path) -> None:
    path = written(tmp_path, {"Values": {}, "Host": {"CORS": "*"}, "ConnectionStrings": {}})
    assert unread(path) == ["Host"]


def test_a_mistake_behind_a_comment_is_told_by_its_own_line(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="line 2 column 11"):
        app_settings(written(tmp_path, "// 1\n/* 2 */ { x"))


@pytest.mark.parametrize(
    "content, said",
    [
        pytest.param({"Values": {"A": 1, "B": "x", "C": True}}, "the value of A, C is not a string", id="numbers"),
        pytest.param("{", "is not JSON", id="half an object"),
        pytest.param([], "holds no JSON object", id="a list"),
        pytest.param({"IsEncrypted": True, "Values": {"A": "secret"}}, "is encrypted.*func settings decrypt", id="encrypted"),
        pytest.param({"Values": []}, "Values in .* is not an object", id="a list of values"),
    ],
)
def test_a_wrong_settings_file_is_one_sentence_without_its_values(tmp_path: Path, content: object, said: str) -> None:
    with pytest.raises(Problem, match=said):
        app_settings(written(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"nowhere\.json \(No such file or directory\)"):
        app_settings(tmp_path / "nowhere.json")


def test_an_empty_host_json_has_azures_defaults(tmp_path: Path) -> None:
    config = HostConfig.read(written(tmp_path, {"version": "2.0"}), {})
    assert (config.route_prefix, config.hub, config.versions, config.store_inputs) == ("api", "TestHubName", Versions(), False)


def test_a_host_json_is_honoured_and_its_expressions_resolved(tmp_path: Path) -> None:
    limits = {"maxConcurrentActivityFunctions": 3, "maxConcurrentOrchestratorFunctions": 4}
    versions = {"defaultVersion": "%V%", "versionMatchStrategy": "strict", "versionFailureStrategy": "Fail"}
    durable = {"hubName": "Hub%STAGE%", "storeInputsInOrchestrationHistory": True, **limits, **versions}
    durable |= {"overridableExistingInstanceStates": "AnyState", "storageProvider": {"type": "AzureStorage"}, "unknown": None}
    content = {
        "functionTimeout": "00:01:30",
        "unknown": {"key": 1},
        "extensions": {"unknown": [], "http": {"routePrefix": "/v1/"}, "durableTask": durable},
    }
    config = HostConfig.read(written(tmp_path, content), {"STAGE": "Test", "V": "1.0"})
    assert config == HostConfig(
        route_prefix="v1", hub="HubTest", versions=Versions(default="1.0", match="Strict", on_mismatch="Fail"),
        store_inputs=True, activities=3, orchestrators=4, entities=4, traces=False, replaces_running=True, actions=100_000, timeout=90.0,
    )  # fmt: skip


@pytest.mark.parametrize("hub", ["x", "1abc", "a-b-c", "a" * 46])
def test_a_name_that_no_task_hub_may_have_is_refused(tmp_path: Path, hub: str) -> None:
    with pytest.raises(Problem, match="is not a task hub name"):
        HostConfig.read(written(tmp_path, {"extensions": {"durableTask": {"hubName": hub}}}), {})


def test_other_back_ends_have_other_rules_for_a_hubs_name(tmp_path: Path) -> None:
    durable = {"hubName": "my-hub_1", "storageProvider": {"type": "azureManaged"}}
    assert HostConfig.read(written(tmp_path, {"extensions": {"durableTask": durable}}), {}).hub == "my-hub_1"


@pytest.mark.parametrize("wrong", [{"extensions": []}, {"extensions": {"durableTask": 1}}, {"extensions": {"http": []}}])
def test_a_host_json_of_another_shape_is_one_sentence(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(Problem, match="is not an object"):
        HostConfig.read(written(tmp_path, wrong), {})


@pytest.mark.parametrize("text, seconds", [("00:05:00", 300.0), ("1.02:00:00", 93_600.0), ("-1", None)])
def test_a_function_time_out_is_a_time_span_or_none(tmp_path: Path, text: str, seconds: float | None) -> None:
    assert HostConfig.read(written(tmp_path, {"functionTimeout": text}), {}).timeout == seconds


@pytest.mark.parametrize("text", ["5", "00:00:00", 300])
def test_a_function_time_out_of_another_form_is_named(tmp_path: Path, text: object) -> None:
    with pytest.raises(Problem, match=r"functionTimeout .* write hours, minutes and seconds"):
        HostConfig.read(written(tmp_path, {"functionTimeout": text}), {})


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("maxConcurrentActivityFunctions", "many", "must be a whole number"),
        ("maxConcurrentEntityFunctions", 0, "must be a whole number"),
        ("versionMatchStrategy", "Newer", "must be one of None, Strict, CurrentOrOlder"),
        ("versionFailureStrategy", 1, "must be one of Reject, Fail"),
        ("defaultVersion", ["1.0"], "write a text"),
    ],
)
def test_a_durable_setting_that_cannot_be_is_named(tmp_path: Path, name: str, value: object, said: str) -> None:
    with pytest.raises(Problem, match=f"{name} .* {said}"):
        HostConfig.read(written(tmp_path, {"extensions": {"durableTask": {name: value}}}), {})

"""What is taken where the app runs, and told before it is deployed."""

import ast
from pathlib import Path

import pytest

from replication.doubts import doubts
from replication.settings import Settings
from replication.unknownsettings import KNOWN, OURS, unknown_settings
from tests.unit.replication.settings_values import SAMPLE, listed, target

ROOT = Path(__file__).parents[3]
NOW = 1_790_000_000.0  # 2026-09-21


def found(values: dict[str, str], **more: str) -> list[str]:
    given = {**values, **more}
    return [one.setting for one in doubts(given, Settings.parse(given), NOW)]


def test_what_is_right_leaves_no_doubt() -> None:
    assert found(SAMPLE, TASK_HUB_NAME="MultiCloudPublish", AZURE_FUNCTIONS_DURABLE_STRICT_TYPING="1") == []
    assert found(listed(target(clientSecretExpires="2026-12-31", limits={"importDeadline": 1})), ReplicationImportDeadline="60") == []


@pytest.mark.parametrize(
    "setting, text",
    [
        ("SourceACRPullTokenExpires", "2026-01-31"),
        ("ReplicationImportDeadline", "0"),
        ("TASK_HUB_NAME", "a-b"),
        ("AZURE_FUNCTIONS_DURABLE_STRICT_TYPING", "0"),
    ],
)
def test_what_can_hardly_be_meant_is_told(setting: str, text: str) -> None:
    assert found(SAMPLE, **{setting: text}) == [setting]
    assert [one.setting for one in doubts({setting: text}, None, NOW)] == [setting]


def test_so_is_what_a_target_has_of_its_own() -> None:
    assert found(listed(target(clientSecretExpires="2026-01-31", limits={"importDeadline": 0}))) == [
        "ReplicationTargets[0].clientSecretExpires",
        "ReplicationTargets[0].limits.importDeadline",
    ]


@pytest.mark.parametrize(
    "name, nearest",
    [
        ("ReplicationPatince", "ReplicationPatience"),
        ("SourceCaFile", "SourceCAFile"),
        ("sourceacrpulltokenname", "SourceACRPullTokenName"),
        ("TargetAzureServicePrincipalTenant", "TargetAzureServicePrincipalTenantId"),
        ("SourceProxyUrl", "SourceProxy"),
    ],
)
def test_a_name_that_nobody_reads_is_told_with_the_nearest(name: str, nearest: str) -> None:
    (mistake,) = unknown_settings({**SAMPLE, name: "canary"})
    assert (mistake.setting, mistake.example) == (name, nearest)
    assert f"is {nearest} meant?" in mistake.wrong and "canary" not in str(mistake)


def test_one_that_is_like_none_is_told_too() -> None:
    assert [one.example for one in unknown_settings({"Replicationxyzxyzxyzxyzxyz": ""})] == ["remove it"]


def test_settings_of_others_and_those_that_settings_name_are_not_ours_to_judge() -> None:
    others = {"AzureWebJobsStorage": "x", "SourceVersion": "x", "TargetFramework": "x", "Sourced": "x", "WEBSITE_SITE_NAME": "x"}
    named = listed(target(clientSecretSetting="ReplicationChinaSecret"), ReplicationChinaSecret="x")
    stored = {"ReplicationStore": "ReplicationTables", "ReplicationTables__accountName": "contoso", "ReplicationTables__clientId": "x"}
    assert unknown_settings({**SAMPLE, **others}) == ()
    assert unknown_settings(named) == ()
    assert unknown_settings(stored) == ()


def test_whatever_the_app_reads_is_known() -> None:
    trees = [
        ast.parse(file.read_text()) for folder in ("replication", "ledger", "registries", "api") for file in (ROOT / folder).rglob("*.py")
    ]
    texts = {node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {text for text in texts if OURS.fullmatch(text)} - {"Replication", "ReplicationIntents"} == KNOWN

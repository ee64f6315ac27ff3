"""What a user copies works: the example settings, the README's list of targets, the names of all settings."""

import json
import re
from pathlib import Path

from replication.settings import LIMITS, SINGLE_TARGET, Settings
from replication.targetfields import FIELDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXAMPLE = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]


def test_the_example_settings_need_nothing_but_their_secrets() -> None:
    empty = [name for name, value in EXAMPLE.items() if not value]
    assert empty == ["SourceACRPullTokenPassword", "ChinaClientSecret"]
    settings = Settings.parse(EXAMPLE | dict.fromkeys(empty, "a secret"))
    assert list(settings.targets) == ["china"]


def test_the_example_settings_have_what_host_json_refers_to() -> None:
    assert set(re.findall("%([A-Z_]+)%", (ROOT / "host.json").read_text())) <= EXAMPLE.keys()
    assert EXAMPLE["AZURE_FUNCTIONS_DURABLE_STRICT_TYPING"] == "1"


def test_the_targets_of_the_readme_have_the_fields_that_there_are() -> None:
    listed = next(json.loads(text) for text in re.findall(r"```json\n(\[.*?\])\n```", README, re.DOTALL))
    assert {name for one in listed for name in one} <= FIELDS


def test_every_setting_is_in_the_readme() -> None:
    read = (*LIMITS, *SINGLE_TARGET, "ReplicationTargets", *re.findall(r'"(SourceA\w+)"', (ROOT / "replication/settings.py").read_text()))
    assert [name for name in read if f"`{name}`" not in README] == []

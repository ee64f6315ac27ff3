"""`mcpub config check|show`: what is told, from whichever file, and what is never printed."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app, run
from tests.unit.replication.settings_values import CLIENT_SECRET, CLOUD, GROUP, GUID, PULL_PASSWORD, SAMPLE, listed, target
from tests.unit.replication.test_credentialfields import NO_SECRET, PEM

ROOT = Path(__file__).parents[3]
PASSWORD = "canary-of-the-key"
RIGHT = listed(
    target(
        repositories={"include": ["team/*"], "exclude": ["team/draft"]},
        tags={"include": [r"^v\d+$"]},
        prefixes={"team/": "mirror/"},
        deletes="keep",
        extras="remove",
        acrAudience="https://containerregistry.azure.net",
        proxy="http://proxy.example:3128",
        limits={"importDeadline": 600},
    ),
    {
        **NO_SECRET,
        "name": "hub",
        "cloud": CLOUD,
        "registry": f"{GROUP}/contosohub",
        "clientCertificateSetting": "HubCertificate",
        "clientCertificatePasswordSetting": "HubPassword",
        "sendCertificateChain": True,
        "sourceTokenName": "hub-pull",
        "sourceTokenPasswordSetting": "HubPull",
        "sourceTokenPassword2Setting": "HubPull2",
        "caFile": "/etc/ssl/hub.pem",
    },
    HubCertificate=PEM,
    HubPassword=PASSWORD,
    HubPull="https://contoso-kv.vault.azure.net/secrets/hub-pull",
    HubPull2=PULL_PASSWORD,
)
WRONG = {**RIGHT, "ReplicationSettle": CLIENT_SECRET, "SourceACRPullTokenName": ""}


def told(*arguments: str, stdin: str | None = None, **environment: str) -> tuple[int, str]:
    """(exit status, all that was printed)."""
    result = CliRunner().invoke(app, ["config", *arguments], input=stdin, env=environment)
    for secret in (PULL_PASSWORD, CLIENT_SECRET, PASSWORD, PEM.splitlines()[1]):
        assert secret not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


FORMS = {
    "local settings": lambda values: json.dumps({"IsEncrypted": False, "Values": values}),
    "what az lists": lambda values: json.dumps([{"name": name, "value": value, "slotSetting": False} for name, value in values.items()]),
    "lines": lambda values: "# settings\n\n" + "".join(f"export {name}='{value}'\n" for name, value in values.items() if "\n" not in value),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_of_settings_is_checked(tmp_path: Path, form: str) -> None:
    file = tmp_path / "settings"
    file.write_text(FORMS[form](SAMPLE))
    assert told("check", str(file)) == (0, "All settings are right: 1 target.\n")
    file.write_text(FORMS[form]({**SAMPLE, "ReplicationSettle": CLIENT_SECRET, "SourceACRPullTokenName": ""}))
    assert told("check", str(file)) == (
        1,
        "2 mistakes:\n"
        "SourceACRPullTokenName is missing\n    example: replication-pull\n"
        "ReplicationSettle is not a number of seconds from 0 to 3600\n    example: 60\n",
    )


def test_between_double_quotes_a_quote_is_escaped(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in listed(target()).items()))
    assert told("check", str(file)) == (0, "All settings are right: 1 target.\n")


def test_the_settings_may_be_piped_in_or_stand_in_the_environment() -> None:
    assert told("check", "-", stdin=json.dumps(RIGHT)) == (0, "All settings are right: 2 targets.\n")
    assert told("check", **RIGHT) == (0, "All settings are right: 2 targets.\n")


def test_what_is_set_in_vain_or_can_hardly_be_meant_is_told_too() -> None:
    values = {**RIGHT, "ReplicationPatince": "60", "SourceACRPullTokenExpires": "2020-01-31"}
    status, words = told("check", "-", stdin=json.dumps(values))
    assert (status, words.splitlines()[0]) == (1, "2 mistakes:")
    assert "ReplicationPatince is no setting of the app" in words and "SourceACRPullTokenExpires is in the past" in words
    assert told("show", "-", stdin=json.dumps(values))[0] == 0


def test_what_keeps_telemetry_from_being_exported_is_told_too() -> None:
    values = {**WRONG, "OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    status, words = told("check", "-", stdin=json.dumps(values))
    assert (status, words.splitlines()[0]) == (1, "4 mistakes:")
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is no URL" in words and "OTEL_EXPORTER_OTLP_PROTOCOL asks for" in words


def test_a_mistake_in_a_target_is_told_by_its_place() -> None:
    status, words = told("check", "-", stdin=json.dumps(listed(target(tags={"include": ["v["]}))))
    assert status == 1
    assert words.startswith("1 mistake:\nReplicationTargets[0].tags.include[0] matches no tag: ")


@pytest.mark.parametrize(
    "text, reason",
    [
        (None, "No such file or directory"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b'{"Values": ', "is not JSON: line 1, column 12"),
        (b'{"IsEncrypted": true, "Values": {"a": "b"}}', "is encrypted: run 'func settings decrypt'"),
        (b'{"Values": 7}', "has settings that are no texts: Values."),
        (b'{"Values": {"a": {}, "b": 60, "c": "", "d e": 1}}', "has settings that are no texts: a, b, one of an odd name."),
        (b'{"Values": {"a": "1", "a": "2"}}', "has a twice"),
        (b'[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]', "has a twice"),
        (b'[{"name": [], "value": "1"}]', "is missing"),
        (b"[7]", "is missing"),
        (b"no equals sign", "line 1: want NAME=VALUE"),
    ],
)
def test_a_file_that_cannot_be_read_is_no_mistake_of_the_settings(tmp_path: Path, text: bytes | None, reason: str) -> None:
    file = tmp_path / "settings"
    if text is not None:
        file.write_bytes(text)
    status, words = told("check", str(file))
    assert status == (1 if reason == "is missing" else 2)
    assert reason in words


def test_source_and_targets_are_shown_as_the_app_understands_them() -> None:
    status, words = told("show", "-", stdin=json.dumps({**RIGHT, "SourceListingIdentity": "system", "ReplicationPatience": "5"}))
    assert status == 0
    for part in (
        "contoso.azurecr.io",
        "replication-pull, password •••• (SourceACRPullTokenPassword)",
        "the app's own managed identity",
        "patience 5 s",
        "china",
        "contosocn.azurecr.cn",
        "client secret: the setting ChinaSecret",
        f"application {GUID}",
        "repositories team/* but not team/draft",
        r"tags ^v\d+$",
        "team/ → mirror/",
        "deletes are kept",
        "extras are removed",
        "through http://proxy.example:3128",
        "import deadline 600 s",
        "login.sovereign.example",
        "certificate: the setting HubCertificate",
        "everything",
        "hub-pull, password •••• (HubPull →",
        "hub-pull, password •••• (HubPull2)",
        "contoso-kv.vault.azure.net/hub-pull)",
        "key vaults read by",
        "trusting /etc/ssl/hub.pem alone",
    ):
        assert part in words, part


def test_wrong_settings_are_not_shown_but_told() -> None:
    assert told("show", "-", stdin=json.dumps(WRONG)) == told("check", "-", stdin=json.dumps(WRONG))


def test_it_runs_as_a_module_and_as_mcpub() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"mcpub": f"{run.__module__}:{run.__name__}"}
    environment = {**SAMPLE, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "config", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "All settings are right: 1 target.\n", "")


def test_it_is_installed_with_what_it_needs_and_the_app_without() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["cli"]
    assert set(wanted) <= set((ROOT / "requirements-dev.txt").read_text().splitlines())
    assert set(wanted) <= set((ROOT / "constraints.txt").read_text().splitlines())
    assert not [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line.startswith(("typer", "rich"))]

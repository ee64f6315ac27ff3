"""The settings read whole: the C# sample's names, the source, the limits."""

import pytest

from replication.clouds import CLOUDS
from replication.credential import ClientSecret
from replication.limits import Limits
from replication.mistakes import InvalidSettings
from replication.secret import Secret
from replication.settings import LIMITS, Settings
from replication.targets import Listing
from tests.unit.replication.settings_values import CLIENT_SECRET, GROUP, GUID, PULL_PASSWORD, SAMPLE, SOURCE, listed, target


def mistakes_of(values: dict[str, str]) -> list[tuple[str, str]]:
    """(setting, what is wrong), each with an example."""
    with pytest.raises(InvalidSettings) as invalid:
        Settings.parse(values)
    for mistake in invalid.value.mistakes:
        assert mistake.example
        assert str(mistake) == f"{mistake.setting} {mistake.wrong} (example: {mistake.example})"
        assert str(mistake) in str(invalid.value)
    return [(mistake.setting, mistake.wrong) for mistake in invalid.value.mistakes]


def test_the_names_of_the_sample_work_for_one_target() -> None:
    settings = Settings.parse(SAMPLE)
    (china,) = settings.targets.values()
    assert (china.name, china.cloud, str(china.registry)) == ("china", CLOUDS["china"], f"{GROUP}/contosocn")
    assert (china.login_server, china.tenant_id, china.client_id) == ("contosocn.azurecr.cn", GUID, GUID)
    assert china.credential == ClientSecret(setting="TargetAzureServicePrincipalClientKey", secret=Secret(CLIENT_SECRET))
    assert (str(settings.source.registry), settings.source.login_server) == (f"{GROUP}/contoso", "contoso.azurecr.io")
    assert (settings.source.token_name, settings.source.token_password) == ("replication-pull", Secret(PULL_PASSWORD))
    assert settings.limits == Limits()


@pytest.mark.parametrize(
    "name, cloud",
    [
        ("AzureChinaCloud", "china"),
        ("AzureUSGovernment", "usgov"),
        ("AzureGlobalCloud", "public"),
        ("AzureCloud", "public"),
        ("azureCHINAcloud", "china"),
    ],
)
def test_clouds_go_by_the_names_of_the_sample(name: str, cloud: str) -> None:
    settings = Settings.parse({**SAMPLE, "TargetAzureEnvironmentName": name, "SourceAzureEnvironmentName": name})
    assert list(settings.targets) == [cloud]
    assert settings.source.login_server == f"contoso.{CLOUDS[cloud].login_server_suffix}"


@pytest.mark.parametrize("missing", sorted(SAMPLE))
def test_what_is_missing_is_named(missing: str) -> None:
    assert mistakes_of({name: value for name, value in SAMPLE.items() if name != missing}) == [(missing, "is missing")]
    assert mistakes_of({**SAMPLE, missing: ""}) == [(missing, "is missing")]


@pytest.mark.parametrize(
    "setting, value, wrong",
    [
        ("TargetAzureEnvironmentName", "AzureGermanCloud", "is not the name of a cloud"),
        ("SourceAzureEnvironmentName", "china", "is not the name of a cloud"),
        ("TargetAzureServicePrincipalTenantId", "contoso.onmicrosoft.com", "is not a GUID"),
        ("TargetAzureServicePrincipalClientId", f"{GUID}\n", "is not a GUID"),
        ("TargetACRResourceId", "contosocn", "is not the resource id of a container registry"),
        ("TargetACRResourceId", f"{GROUP}/contoso-cn", "is not the resource id of a container registry"),
        ("TargetACRResourceId", f"{GROUP}/contosocn ", "is not the resource id of a container registry"),
        ("TargetACRResourceId", f"{GROUP}/evil.example#", "is not the resource id of a container registry"),
        ("TargetACRResourceId", f"{GROUP}/contoſocn", "is not the resource id of a container registry"),
        ("TargetACRResourceId", f"{GROUP}/contosocn/tokens/pull", "is not the resource id of a container registry"),
        ("SourceACRResourceId", f"{GROUP.replace('Registry', 'Service')}/contoso", "is not the resource id of a container registry"),
        ("SourceACRResourceId", f"{GROUP.replace('/images/', '//')}/contoso", "is not the resource id of a container registry"),
        ("SourceACRResourceId", f"{GROUP.replace('/images/', '/im?ages/')}/contoso", "is not the resource id of a container registry"),
        ("SourceACRLoginServer", "https://contoso.azurecr.io", "is not a login server (a host name, without https:// or a path)"),
        ("SourceACRLoginServer", "contoso.azurecr.io/", "is not a login server (a host name, without https:// or a path)"),
        ("SourceACRLoginServer", "pull:pw@contoso.azurecr.io", "is not a login server (a host name, without https:// or a path)"),
        ("SourceACRLoginServer", "contoso.azurecr.io\n", "is not a login server (a host name, without https:// or a path)"),
    ],
)
def test_what_is_wrong_is_told(setting: str, value: str, wrong: str) -> None:
    assert mistakes_of({**SAMPLE, setting: value}) == [(setting, wrong)]


@pytest.mark.parametrize("written", ["/{}/", "{}", "/{}"])
def test_an_id_may_be_written_in_any_case_and_with_slashes_around(written: str) -> None:
    values = {**SAMPLE, "SourceACRResourceId": written.format(f"{GROUP}/Contoso".strip("/").upper())}
    assert Settings.parse(values).source.login_server == "contoso.azurecr.io"


@pytest.mark.parametrize("login_server", ["contoso-d7f6.azurecr.io", "localhost:5001", "contoso.privatelink.azurecr.io"])
def test_a_login_server_of_its_own_is_taken_as_it_is(login_server: str) -> None:
    assert Settings.parse({**SAMPLE, "SourceACRLoginServer": login_server}).source.login_server == login_server


@pytest.mark.parametrize("given, client_id", [("system", None), (GUID, GUID)])
def test_a_managed_identity_may_list_the_source(given: str, client_id: str | None) -> None:
    source = Settings.parse({**SAMPLE, "SourceListingIdentity": given}).source
    assert source.listing == Listing(client_id=client_id, audience=CLOUDS["public"].acr_audience)
    assert Settings.parse(SAMPLE).source.listing is None
    wrong = "is neither 'system' nor the client id of a managed identity"
    assert mistakes_of({**SAMPLE, "SourceListingIdentity": f"{given} "}) == [("SourceListingIdentity", wrong)]


def test_without_any_target_there_is_nothing_to_do() -> None:
    assert mistakes_of(dict(SOURCE)) == [("ReplicationTargets", "is missing: there is no target to replicate to")]


def test_the_two_ways_to_name_targets_exclude_each_other() -> None:
    assert mistakes_of({**SAMPLE, **listed(target())}) == [
        ("TargetAzureEnvironmentName", "is set beside ReplicationTargets, which names all targets")
    ]


def test_a_target_is_not_its_own_source() -> None:
    assert mistakes_of({**SAMPLE, "TargetACRResourceId": SOURCE["SourceACRResourceId"].upper()}) == [
        ("TargetACRResourceId", "gives target 'china' the registry of the source")
    ]


def test_a_port_makes_no_other_registry() -> None:
    public = {"cloud": "public", "registry": f"{GROUP}/other"}
    own = target(**public, loginServer="contoso.azurecr.io:443")
    assert mistakes_of(listed(own)) == [("ReplicationTargets", "gives target 'china' the registry of the source")]
    named = {**listed(target(**public, loginServer="x.azurecr.io")), "SourceACRLoginServer": "x.azurecr.io:443"}
    assert mistakes_of(named) == [("ReplicationTargets", "gives target 'china' the registry of the source")]
    twice = [
        target(loginServer=f"x.azurecr.cn{port}", registry=f"{GROUP}/other{name}", name=name) for name, port in (("a", ""), ("b", ":443"))
    ]
    assert mistakes_of(listed(*twice)) == [("ReplicationTargets", "gives target 'b' the registry of target 'a'")]


def test_all_mistakes_are_told_at_once() -> None:
    values = {**SAMPLE, "SourceACRResourceId": "x", "TargetAzureServicePrincipalTenantId": "x", "ReplicationSettle": "x"}
    del values["SourceACRPullTokenPassword"], values["TargetACRResourceId"]
    assert [setting for setting, _ in mistakes_of(values)] == [
        "SourceACRResourceId",
        "SourceACRPullTokenPassword",
        "TargetACRResourceId",
        "TargetAzureServicePrincipalTenantId",
        "ReplicationSettle",
    ]


def test_what_rests_on_something_wrong_is_checked_too() -> None:
    values = {**SAMPLE, "SourceACRLoginServer": "https://x", "TargetAzureServicePrincipalTenantId": "x"}
    values["TargetACRResourceId"] = values["SourceACRResourceId"]
    assert mistakes_of({**values, "SourceACRResourceId": ""}) == [
        ("SourceACRResourceId", "is missing"),
        ("SourceACRLoginServer", "is not a login server (a host name, without https:// or a path)"),
        ("TargetAzureServicePrincipalTenantId", "is not a GUID"),
    ]
    assert mistakes_of(values)[-1] == ("TargetACRResourceId", "gives target 'china' the registry of the source")


def test_an_empty_environment_names_everything_that_is_needed() -> None:
    assert [setting for setting, _ in mistakes_of({})] == [
        "SourceACRResourceId",
        "SourceACRPullTokenName",
        "SourceACRPullTokenPassword",
        "ReplicationTargets",
        "AzureWebJobsStorage",
    ]


@pytest.mark.parametrize("setting", LIMITS)
@pytest.mark.parametrize("text, seconds", [("0", 0), ("1.5", 1.5), ("3600", 3600), (" 60 ", 60)])
def test_a_limit_is_a_number_of_seconds(setting: str, text: str, seconds: float) -> None:
    field, _ = LIMITS[setting]
    assert Settings.parse({**SAMPLE, setting: text}).limits == Limits.from_json({field: seconds})


@pytest.mark.parametrize("setting", LIMITS)
@pytest.mark.parametrize("text", ["-1", "-0.1", "2592001", "1e9", "nan", "NaN", "inf", "-inf", "1e400", "60s", "00:01:00", "0x10", "1,5"])
def test_no_limit_is(setting: str, text: str) -> None:
    assert mistakes_of({**SAMPLE, setting: text}) == [(setting, f"is not a number of seconds from 0 to {LIMITS[setting][1]}")]


def test_limits_travel_as_they_are() -> None:
    limits = Settings.parse({**SAMPLE, "ReplicationSettle": "5", "ReplicationPatience": "0.5"}).limits
    assert Limits.from_json(limits.to_json()) == limits


def test_settings_that_are_printed_show_no_secret() -> None:
    shown = repr(Settings.parse(SAMPLE))
    assert "contosocn.azurecr.cn" in shown
    assert PULL_PASSWORD not in shown
    assert CLIENT_SECRET not in shown

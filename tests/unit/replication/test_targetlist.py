"""`ReplicationTargets`: many targets, clouds of one's own, and every mistake in its place."""

from typing import Any

import pytest

from replication.clouds import CLOUDS, Cloud
from replication.credential import ClientSecret
from replication.secret import Secret
from replication.settings import Settings
from replication.targets import Target
from tests.unit.replication.settings_values import CLIENT_SECRET, CLOUD, GROUP, GUID, SOURCE, listed, target
from tests.unit.replication.test_settings import mistakes_of


def only(**changed: Any) -> Target:
    (one,) = Settings.parse(listed(target(**changed))).targets.values()
    return one


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_cloud_goes_by_its_name(cloud: str) -> None:
    one = only(cloud=cloud)
    assert (one.cloud, one.login_server) == (CLOUDS[cloud], f"contosocn.{CLOUDS[cloud].login_server_suffix}")
    assert one.credential == ClientSecret(setting="ChinaSecret", secret=Secret(CLIENT_SECRET))


def test_a_cloud_of_ones_own_is_described_whole() -> None:
    one = only(cloud=CLOUD)
    assert one.cloud == Cloud(
        authority="https://login.sovereign.example",
        resource_manager="https://management.sovereign.example",
        arm_audience="https://arm.sovereign.example",
        acr_audience="https://acr.sovereign.example",
        login_server_suffix="azurecr.sovereign.example",
    )
    assert one.login_server == "contosocn.azurecr.sovereign.example"


@pytest.mark.parametrize("field", CLOUD)
@pytest.mark.parametrize("value, wrong", [(None, "is missing"), ("", "is not valid"), (7, "is not valid"), ("http://x", "is not valid")])
def test_each_part_of_a_cloud_is_checked(field: str, value: object, wrong: str) -> None:
    assert mistakes_of(listed(target(cloud={**CLOUD, field: value}))) == [(f"ReplicationTargets[0].cloud.{field}", wrong)]


@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https://h\n",
        "https://h ost",
        "https://h\t.example",
        "https://user@h",
        "https://:password@h",
        "https://h?x=1",
        "https://h#x",
        "https://h:99999",
        "https://h:x",
        "https://[::1",
        "https://xn--\u2100.example",
        "HTTP://h",
        "//h",
        "h",
    ],
)
def test_an_address_is_a_plain_https_url(url: str) -> None:
    assert mistakes_of(listed(target(cloud={**CLOUD, "authority": url}))) == [("ReplicationTargets[0].cloud.authority", "is not valid")]


@pytest.mark.parametrize("url", ["https://localhost:5211", "https://login.example/", "https://127.0.0.1:1"])
def test_an_address_may_have_a_port(url: str) -> None:
    assert only(cloud={**CLOUD, "authority": url}).cloud.authority == url.rstrip("/")


@pytest.mark.parametrize(
    "changed, mistake",
    [
        ({"name": "China"}, ("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first")),
        ({"name": "c" * 33}, ("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first")),
        ({"name": "china\n"}, ("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first")),
        ({"name": "a~b"}, ("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first")),
        ({"name": "-"}, ("name", "must be 1 to 32 of a-z, 0-9 and '-', which is not the first")),
        ({"name": "source"}, ("name", "is what the source is called in figures")),
        ({"name": 7}, ("name", "is not a text")),
        ({"name": ""}, ("name", "is missing")),
        ({"cloud": "moon"}, ("cloud", "must be the name of a cloud or an object that describes one")),
        ({"cloud": None}, ("cloud", "must be the name of a cloud or an object that describes one")),
        ({"cloud": ["china"]}, ("cloud", "must be the name of a cloud or an object that describes one")),
        ({"cloud": {**CLOUD, "region": "x"}}, ("cloud.region", "is not known")),
        ({"registry": "contosocn"}, ("registry", "is not the resource id of a container registry")),
        ({"registry": None}, ("registry", "is missing")),
        ({"registry": {}}, ("registry", "is not a text")),
        (
            {"loginServer": "https://contosocn.azurecr.cn"},
            ("loginServer", "is not a login server (a host name, without https:// or a path)"),
        ),
        ({"loginServer": ""}, ("loginServer", "is not a login server (a host name, without https:// or a path)")),
        ({"loginServer": "Contosocn.azurecr.cn"}, ("loginServer", "is not a login server (it has upper-case letters)")),
        ({"loginServer": "contosocn"}, ("loginServer", "is not a login server (it has no domain)")),
        ({"loginServer": "contosocn.azurecr.io"}, ("loginServer", "is below the domain of another cloud (public)")),
        ({"loginServer": "contosocn.azurecr.cn:99999"}, ("loginServer", "has a port above 65535")),
        ({"acrAudience": "https://x.example/.default"}, ("acrAudience", "ends in /.default: an audience is named without it")),
        (
            {"cloud": {**CLOUD, "armAudience": "https://x.example/.default"}},
            ("cloud.armAudience", "ends in /.default: an audience is named without it"),
        ),
        ({"cloud": {**CLOUD, "authority": "https://login.example/adfs"}}, ("cloud.authority", "has a path")),
        ({"cloud": {**CLOUD, "resourceManager": "https://arm.example/base/"}}, ("cloud.resourceManager", "has a path")),
        ({"registry": f"{GROUP.replace('images', '..')}/contosocn"}, ("registry", "is not the resource id of a container registry")),
        ({"loginServer": 5}, ("loginServer", "is not a login server (a host name, without https:// or a path)")),
        ({"tenantId": "contoso"}, ("tenantId", "is not a GUID")),
        ({"clientId": f"{{{GUID}}}"}, ("clientId", "is not a GUID")),
        ({"clientId": False}, ("clientId", "is not a text")),
        ({"clientSecretSetting": CLIENT_SECRET}, ("clientSecretSetting", "must be the name of a setting, not the secret itself")),
        ({"clientSecretSetting": "Elsewhere"}, ("clientSecretSetting", "names a setting that is missing or empty")),
        ({"clientSecret": CLIENT_SECRET}, ("clientSecret", "is not known")),
    ],
)
def test_a_mistake_is_told_in_its_place(changed: dict[str, Any], mistake: tuple[str, str]) -> None:
    assert mistakes_of(listed(target(**changed))) == [(f"ReplicationTargets[0].{mistake[0]}", mistake[1])]


@pytest.mark.parametrize("missing", sorted(target()))
def test_every_field_is_needed(missing: str) -> None:
    value = target()
    del value[missing]
    ((setting, _),) = mistakes_of(listed(value))
    assert setting == f"ReplicationTargets[0].{missing}"


@pytest.mark.parametrize("entry", [None, 7, "china", [], [target()]])
def test_an_entry_is_an_object(entry: object) -> None:
    assert mistakes_of(listed(target(), entry)) == [("ReplicationTargets[1]", "is not an object")]


@pytest.mark.parametrize("text", ["[", "{'name'}", "[" * 100_000, "9" * 10_000, "[\x00]"])
def test_a_list_that_is_no_json_is_told_without_its_text(text: str) -> None:
    ((setting, wrong),) = mistakes_of({**listed(), "ReplicationTargets": text})
    assert (setting, wrong.split(" (")[0]) == ("ReplicationTargets", "is not JSON")


@pytest.mark.parametrize("text", ['[{"name": "a", "name": "a"}]', '[{"prefixes": {"a/": "b/", "a/": "c/"}}]'])
def test_a_field_that_is_there_twice_is_told(text: str) -> None:
    assert mistakes_of({**listed(), "ReplicationTargets": text}) == [
        ("ReplicationTargets", "has an object with two fields of one name, of which JSON would keep the last")
    ]


def test_where_the_json_breaks_is_told() -> None:
    assert mistakes_of({**listed(), "ReplicationTargets": '[\n  {"name": china}]'}) == [
        ("ReplicationTargets", "is not JSON (line 2, column 12)")
    ]


@pytest.mark.parametrize("text", ["{}", '"china"', "7", "null", "[]"])
def test_what_is_no_list_of_targets_is_told(text: str) -> None:
    assert mistakes_of({**listed(), "ReplicationTargets": text}) == [("ReplicationTargets", "is not a JSON list of 1 to 100 targets")]


@pytest.mark.parametrize("login_server", ["localhost:5001", "contosocn.registry.example", "contosocn-a1b2.azurecr.cn", "127.0.0.1:65535"])
def test_a_login_server_may_be_a_private_name(login_server: str) -> None:
    assert only(loginServer=login_server).login_server == login_server


def many(count: int) -> dict[str, str]:
    return listed(*(target(name=f"t{number}", registry=f"{GROUP}/contoso{number}") for number in range(count)))


def test_a_hundred_targets_are_taken_in_the_order_of_the_settings() -> None:
    assert list(Settings.parse(many(100)).targets) == [f"t{number}" for number in range(100)]


def test_a_hundred_and_one_are_too_many() -> None:
    assert mistakes_of(many(101)) == [("ReplicationTargets", "is not a JSON list of 1 to 100 targets")]


def test_a_name_stands_for_one_target() -> None:
    assert mistakes_of(listed(target(), target(registry=f"{GROUP}/other1"), target(registry=f"{GROUP}/other2"))) == [
        ("ReplicationTargets", "has two targets of the name 'china'")
    ]


def test_a_registry_is_the_target_of_one_entry_and_never_the_source() -> None:
    same = listed(
        target(), target(name="again", registry=f"{GROUP}/CONTOSOCN"), target(name="back", registry=SOURCE["SourceACRResourceId"])
    )
    assert mistakes_of(same) == [
        ("ReplicationTargets", "gives target 'again' the registry of target 'china'"),
        ("ReplicationTargets", "gives target 'back' the registry of the source"),
    ]


def test_mistakes_of_all_entries_are_told_at_once() -> None:
    wrong = mistakes_of(listed(target(name="", tenantId="x"), target(name="b"), target(name="c", cloud={}, registry="x")))
    assert [setting for setting, _ in wrong] == [
        "ReplicationTargets[0].name",
        "ReplicationTargets[0].tenantId",
        *(f"ReplicationTargets[2].cloud.{field}" for field in CLOUD),
        "ReplicationTargets[2].registry",
    ]


def test_doubles_are_told_beside_other_mistakes() -> None:
    source = target(name="back", registry=SOURCE["SourceACRResourceId"], tenantId="x")
    assert mistakes_of(listed(target(clientId="x"), target(), source)) == [
        ("ReplicationTargets[0].clientId", "is not a GUID"),
        ("ReplicationTargets[2].tenantId", "is not a GUID"),
        ("ReplicationTargets", "has two targets of the name 'china'"),
        ("ReplicationTargets", "gives target 'china' the registry of target 'china'"),
        ("ReplicationTargets", "gives target 'back' the registry of the source"),
    ]


def test_registries_are_shared_where_prefixes_keep_targets_apart() -> None:
    below = listed(target(prefixes={"team/": "a/", "web/": "b/"}), target(name="again", prefixes={"team/": "c/"}))
    assert list(Settings.parse(below).targets) == ["china", "again"]
    for shared in ({"team/": "a/x/"}, {"": ""}, {"web/": "a/"}):
        assert mistakes_of(listed(target(prefixes={"team/": "a/"}), target(name="again", prefixes=shared))) == [
            ("ReplicationTargets", "gives target 'again' the registry of target 'china'")
        ]
    source = target(registry=SOURCE["SourceACRResourceId"], prefixes={"team/": "a/"})
    assert mistakes_of(listed(source)) == [("ReplicationTargets", "gives target 'china' the registry of the source")]


def test_filters_share_no_registry() -> None:
    """Whether two regular expressions have a name in common is nothing to rely on."""
    both = listed(target(repositories={"include": ["a/*"]}), target(name="again", repositories={"include": ["b/*"]}))
    assert mistakes_of(both) == [("ReplicationTargets", "gives target 'again' the registry of target 'china'")]

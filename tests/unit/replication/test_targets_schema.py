"""The documented schema of `ReplicationTargets` and the parser agree: on what there is, and on what has the right shape."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.clouds import CLOUDS
from replication.limitsettings import LIMITS_OF_A_TARGET
from replication.mistakes import InvalidSettings
from replication.scope import DELETES, EXTRAS
from replication.settings import Settings
from replication.targetfields import CLOUD_FIELDS, FIELDS
from replication.targetlist import MOST
from replication.texts import LOGIN_SERVER, SETTING_NAME, TARGET_NAME
from tests.unit.replication.schema import valid
from tests.unit.replication.settings_values import CLOUD, GROUP, GUID, SAMPLE, listed, target
from tests.unit.replication.test_credentialfields import NO_SECRET, PEM

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/targets.schema.json").read_text())
TARGET = SCHEMA["$defs"]["target"]
LONGEST_SEGMENT = "a" * 199 + "/"
NO_FILES: list[Any] = [None, "", "f", 7]
HELD = {"ChinaCertificate": PEM, "Pull": "a password"}


def parsed(entries: Any) -> bool:
    try:
        Settings.parse({**listed(), "ReplicationTargets": json.dumps(entries), **HELD})
    except InvalidSettings:
        return False
    return True


def test_both_know_the_same_fields() -> None:
    assert TARGET["properties"].keys() == FIELDS
    assert set(SCHEMA["$defs"]["cloud"]["required"]) == SCHEMA["$defs"]["cloud"]["properties"].keys() == CLOUD_FIELDS.keys()
    limits = TARGET["properties"]["limits"]["properties"]
    assert {name: limit["maximum"] for name, limit in limits.items()} == {name: most for name, (_, most) in LIMITS_OF_A_TARGET.items()}


def test_both_know_the_same_values() -> None:
    assert TARGET["properties"]["cloud"]["oneOf"][0]["enum"] == list(CLOUDS)
    assert TARGET["properties"]["deletes"]["enum"] == list(DELETES)
    assert TARGET["properties"]["extras"]["enum"] == list(EXTRAS)
    assert SCHEMA["maxItems"] == MOST
    patterns = {name: SCHEMA["$defs"][name]["pattern"] for name in ("host", "setting")}
    assert patterns == {"host": f"^{LOGIN_SERVER.pattern}$", "setting": f"^{SETTING_NAME.pattern}$"}
    assert TARGET["properties"]["name"]["pattern"] == f"^{TARGET_NAME.pattern}$"


RIGHT: list[dict[str, Any]] = [
    target(),
    target(cloud=CLOUD, loginServer="localhost:5001", registry=SAMPLE["TargetACRResourceId"].upper() + "/"),
    target(loginServer=None, acrAudience=None, caFile=None, proxy=None),
    target(acrAudience="HTTPS://acr.example/", caFile="/etc/ssl/ca.pem", proxy="http://proxy.example:3128/"),
    {**NO_SECRET, "clientCertificateSetting": "ChinaCertificate", "clientCertificatePasswordSetting": "Pull", "sendCertificateChain": True},
    {**NO_SECRET, "federatedTokenFile": "/var/run/token"},
    target(sourceTokenName="cn", sourceTokenPasswordSetting="Pull"),
    target(sourceTokenName="cn", sourceTokenPasswordSetting="Pull", sourceTokenPassword2Setting="Pull"),
    target(clientSecretExpires="2027-01-31"),
    target(limits={}),
    target(limits={"settle": 0, "recheck": 7200, "patience": 0.5, "importDeadline": 1}),
    target(repositories={}, tags={"include": [], "exclude": []}, mediaTypes={"include": ["application/*+json"]}),
    target(repositories={"include": ["*", "a.b/c?-d_e", r"^(a|b)/\w+$"]}, tags={"exclude": ["V*", "^.*-rc$"]}),
    target(prefixes={"": ""}, deletes="keep", extras="remove"),
    target(prefixes={"a/b.c__d/": "x/", LONGEST_SEGMENT: "", "": "rest/"}),
]


def each(field: str, *values: Any) -> list[dict[str, Any]]:
    return [target(**{field: value}) for value in values]


WRONG: list[dict[str, Any]] = [
    *(one for name in sorted(target()) for one in each(name, None, 7, "", [], {}, "ä", "a\n")),
    *({name: value for name, value in target().items() if name != gone} for gone in target()),
    target(unknown=1),
    *(target(cloud={**CLOUD, **value}) for value in ({"more": "x"}, {"authority": "http://x"}, {"loginServerSuffix": "X"})),
    *(target(cloud={**CLOUD, name: url}) for name in ("authority", "resourceManager") for url in ("https://x/adfs", "https://x?y")),
    target(cloud={**CLOUD, "armAudience": "https://x/.default"}),
    *each("loginServer", "https://x", "x.example:99999", "a/b", "A.example", "", 7),
    *each("acrAudience", "acr", "", 7, [], "https://x?y=1", "https://x#y", "https://u:p@x", "https://x:99999", "https://x/.default"),
    *each("registry", "foo/abcde", f"{GROUP.replace('images', '..')}/contosocn", f"{GROUP}/contosocn/tokens/pull"),
    *each("name", "source", "-", "-a"),
    *each("caFile", "ca.pem", "/", "/a//b", "/" + "a" * 1024, 7),
    *each("proxy", "http://p:99999", "http://p:65536/"),
    *each("proxy", "proxy:3128", "socks5://p", "http://u:p@p", "http://p/path", "http://p?x=1", "http://p#x", 7),
    target(federatedTokenFile="/f"),
    {**NO_SECRET, "clientCertificateSetting": "ChinaCertificate", "federatedTokenFile": "/f"},
    {**NO_SECRET, "clientCertificateSetting": "ChinaCertificate", "sendCertificateChain": "yes"},
    *({**NO_SECRET, "federatedTokenFile": value} for value in NO_FILES),
    target(sendCertificateChain=False),
    *each("clientSecretExpires", None, "", "2027-13-01", "2027-1-31", "2027-01-31T00:00:00Z", 20270131),
    {**NO_SECRET, "federatedTokenFile": "/f", "clientSecretExpires": "2027-01-31"},
    target(clientCertificatePasswordSetting="Pull"),
    target(sourceTokenName="cn"),
    target(sourceTokenPasswordSetting="Pull"),
    target(sourceTokenPassword2Setting="Pull"),
    target(sourceTokenName="cn", sourceTokenPassword2Setting="Pull"),
    target(sourceTokenName="", sourceTokenPasswordSetting="Pull"),
    *each("limits", [], None, {"deleteDelay": 1}, {"patience": 86_401}, {"settle": -1}, {"settle": True}, {"settle": "1"}),
    *each("repositories", [], None, {"includes": []}, {"include": "a"}, {"include": [7]}, {"include": [""]}),
    *(target(repositories={"exclude": [value]}) for value in ("Team", "a b", "[a]", "a\n", "*" * 301)),
    target(tags={"include": ["v:*"]}),
    target(tags={"include": ["*"] * 101}),
    target(mediaTypes={"include": ["a; b"]}),
    *each("prefixes", [], None, {}, {"a": "b/"}, {"a/": "b"}, {"a/": None}, {"/": ""}, {"A/": ""}),
    target(prefixes={"a" * 200 + "/": ""}),
    target(prefixes={f"a{number}/": f"b{number}/" for number in range(101)}),
    *each("deletes", None, "never", []),
    *each("extras", None, True, "delete"),
]  # fmt: skip


@pytest.mark.parametrize("entry", RIGHT, ids=range(len(RIGHT)))
def test_what_is_right_is_right_for_both(entry: dict[str, Any]) -> None:
    assert valid([entry], SCHEMA)
    assert parsed([entry])


def test_what_has_a_wrong_shape_is_wrong_for_both() -> None:
    assert [entry for entry in WRONG if valid([entry], SCHEMA)] == []
    assert [entry for entry in WRONG if parsed([entry])] == []


@pytest.mark.parametrize("entries", [{}, [], None, "china", 7, [None], ["china"], [[target()]], [target()] * 101])
def test_a_list_has_one_to_a_hundred_objects(entries: Any) -> None:
    assert not valid(entries, SCHEMA)
    assert not parsed(entries)


spoilt: st.SearchStrategy[Any] = st.sampled_from(
    [None, 7, 0.5, True, "", "x", "a/", "/a", "^a", "a*", "keep", "remove", "https://x", "http://x", GUID, "Pull", [], {}]
)
nested = spoilt | st.dictionaries(
    st.sampled_from(["include", "exclude", "patience", "a/", ""]), spoilt | st.lists(spoilt, max_size=2), max_size=2
)


@given(
    st.sampled_from(RIGHT),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), nested, max_size=2),
    st.sets(st.sampled_from(sorted(FIELDS)), max_size=1),
)
def test_the_schema_refuses_nothing_that_the_parser_takes(right: dict[str, Any], more: dict[str, Any], gone: set[str]) -> None:
    """The other way round it takes more: it knows no setting, and compiles nothing."""
    entry = {name: value for name, value in {**right, **more}.items() if name not in gone}
    if parsed([entry]):
        assert valid([entry], SCHEMA)

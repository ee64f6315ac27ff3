"""Whatever is set wrong, no message shows a secret, not even one that was pasted into the wrong field."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.mistakes import InvalidSettings
from replication.settings import LIMITS, Settings
from tests.unit.replication.settings_values import CLIENT_SECRET, CLOUD, GROUP, PULL_PASSWORD, SAMPLE, listed, target
from tests.unit.replication.test_settings import mistakes_of

SECRETS = (PULL_PASSWORD, CLIENT_SECRET)
spoilt: st.SearchStrategy[Any] = st.sampled_from(
    [
        *SECRETS,
        f" {CLIENT_SECRET}\n",
        f"https://user:{CLIENT_SECRET}@host",
        f"{GROUP}/{CLIENT_SECRET}",
        f"@{PULL_PASSWORD}",
        "",
        "x",
        None,
        7,
        [],
        {},
    ]
)


@st.composite
def spoilt_targets(draw: st.DrawFn) -> list[Any]:
    """One to three, each with some fields spoilt, made up or missing."""

    def spoil(value: dict[str, Any]) -> dict[str, Any]:
        more = draw(st.dictionaries(st.sampled_from([*value, "loginServer", "clientSecret", *SECRETS]), spoilt, max_size=3))
        gone = draw(st.none() | st.sampled_from(sorted(value)))
        return {name: one for name, one in {**value, **more}.items() if name != gone}

    entry = st.builds(lambda cloud: spoil(target(cloud=cloud)), st.just("china") | st.builds(lambda: spoil(dict(CLOUD))))
    return draw(st.lists(entry | spoilt, min_size=1, max_size=3))


@st.composite
def spoilt_settings(draw: st.DrawFn) -> dict[str, str]:
    right = draw(st.just(SAMPLE) | st.just(listed(target())))
    texts = spoilt.map(lambda value: value if isinstance(value, str) else json.dumps(value))
    more = draw(
        st.dictionaries(
            st.sampled_from([*right, *LIMITS, "SourceACRLoginServer", "SourceAzureEnvironmentName", "ReplicationStore"]), texts, max_size=4
        )
    )
    if "ReplicationTargets" in right and "ReplicationTargets" not in more:
        cut = draw(st.just(None) | st.integers(1, 400))
        more["ReplicationTargets"] = json.dumps(draw(spoilt_targets()))[:cut]
    return {**right, **more}


AROUND = "has spaces or line ends around it"


@pytest.mark.parametrize("secret", [f" {PULL_PASSWORD}", f"{PULL_PASSWORD}\n", f"{PULL_PASSWORD}\t"])
def test_a_secret_that_was_pasted_with_more_than_itself_is_told(secret: str) -> None:
    assert mistakes_of({**SAMPLE, "SourceACRPullTokenPassword": secret}) == [("SourceACRPullTokenPassword", AROUND)]
    assert mistakes_of({**SAMPLE, "TargetAzureServicePrincipalClientKey": secret}) == [("TargetAzureServicePrincipalClientKey", AROUND)]
    field = "ReplicationTargets[0].clientSecretSetting"
    assert mistakes_of({**listed(target()), "ChinaSecret": secret}) == [(field, f"names a setting that {AROUND}")]


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("pull ", AROUND),
        ("pu ll", "is not the name of a token (no spaces, no ':')"),
        (f"pull:{PULL_PASSWORD}", "is not the name of a token (no spaces, no ':')"),
        ("@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y)", "is a Key Vault reference: a token's name is no secret"),
    ],
)
def test_a_tokens_name_is_one(name: str, wrong: str) -> None:
    assert mistakes_of({**SAMPLE, "SourceACRPullTokenName": name}) == [("SourceACRPullTokenName", wrong)]
    own = listed(target(sourceTokenName=name, sourceTokenPasswordSetting="ChinaSecret"))
    assert mistakes_of(own) == [("ReplicationTargets[0].sourceTokenName", wrong)]


@given(spoilt_settings())
def test_no_message_shows_a_secret(values: dict[str, str]) -> None:
    try:
        Settings.parse(values)
    except InvalidSettings as invalid:
        shown = f"{invalid} {invalid!r} {invalid.mistakes!r}"
        for secret in SECRETS:
            assert secret not in shown
            assert secret[:12] not in shown
            assert secret[-12:] not in shown
        assert all(mistake.setting and mistake.wrong and mistake.example for mistake in invalid.mistakes)

"""Whatever is set wrong, no message shows a secret, not even one that was pasted into the wrong field."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from replication.mistakes import InvalidSettings
from replication.settings import LIMITS, Settings
from tests.unit.replication.settings_values import CLIENT_SECRET, CLOUD, GROUP, PULL_PASSWORD, SAMPLE, listed, target

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

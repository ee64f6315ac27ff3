"""What property tests are fed: valid names, as odd and as long as the grammar allows, events of any shape, and any JSON."""

import json
from typing import Any

from hypothesis import strategies as st

REGISTRY = "/subscriptions/0a/resourceGroups/images/providers/Microsoft.ContainerRegistry/registries/contoso"

words = st.text("abz019", min_size=1, max_size=5)
parts = st.builds(
    lambda first, more: first + "".join(map("".join, more)),
    words,
    st.lists(st.tuples(st.sampled_from([".", "_", "__", "-", "---"]), words), max_size=2),
)
repositories = st.lists(parts, min_size=1, max_size=4).map("/".join)
long_repositories = st.tuples(st.sampled_from(["team/app-", "a/", "x", "my__app."]), st.integers(100, 254)).map(
    lambda drawn: (drawn[0] * 255)[: drawn[1]] + "0"
)
tags = st.from_regex(r"\A[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\Z")
digests = st.integers(0, 16**64 - 1).map(lambda number: f"sha256:{number:064x}")

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
json_values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4))


@st.composite
def odd_events(draw: st.DrawFn) -> str:
    """An event in which anything may be missing, doubled or of another kind: near enough to a right one to get past the first checks."""

    def some(right: Any) -> Any:
        return draw(st.sampled_from([right, right, right, right]) | json_values)

    target = {"repository": some("team/app"), "tag": some("v1"), "digest": some(f"sha256:{'a' * 64}")}
    data = {"target": some(_without(draw, target)), "request": some({"host": some("contoso.azurecr.io")})}
    kind = some(draw(st.sampled_from(["Microsoft.ContainerRegistry.ImagePushed", "ImageDeleted", "ChartPushed"])))
    names = draw(st.sampled_from([("eventType", "topic"), ("type", "source")]))
    event = {"id": some("1"), names[0]: kind, names[1]: some(REGISTRY), "data": some(_without(draw, data))}
    return json.dumps(some(_without(draw, event)))


def _without(draw: st.DrawFn, value: dict[str, Any]) -> dict[str, Any]:
    """Mostly whole."""
    gone = draw(st.just(None) | st.just(None) | st.sampled_from(sorted(value)))
    return {name: one for name, one in value.items() if name != gone}


@st.composite
def valid_events(draw: st.DrawFn) -> str:
    """Of either action."""
    target = {
        "repository": draw(repositories | long_repositories),
        "tag": draw(st.none() | st.just("") | tags),
        "digest": draw(digests),
    }
    kind = draw(st.sampled_from(["Microsoft.ContainerRegistry.ImagePushed", "Microsoft.ContainerRegistry.ImageDeleted"]))
    identifier = draw(st.text(min_size=1, max_size=1024))
    return json.dumps({"id": identifier, "eventType": kind, "topic": REGISTRY, "data": {"target": target}})

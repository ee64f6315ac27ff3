"""What Event Grid delivers: parsed whole or refused with a reason, and nothing in between."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.events import ImageEvent, NotForUs
from replication.references import Digest, Repository, Tag
from tests.unit.replication.strategies import REGISTRY, json_values, odd_events, valid_events

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


def pushed(**changed: Any) -> dict[str, Any]:
    """As in "Azure Container Registry as an Event Grid source", Event Grid's schema; times have seven decimals there."""
    event = {
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "topic": REGISTRY,
        "subject": "team/app:v1",
        "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "eventTime": "2018-04-25T21:39:47.6549614Z",
        "data": data(),
        "dataVersion": "1.0",
        "metadataVersion": "1",
    }
    return {**event, **changed}


def data(host: str = "contoso.azurecr.io", **target: Any) -> dict[str, Any]:
    named = {"mediaType": "application/vnd.docker.distribution.manifest.v2+json", "size": 3023, "digest": DIGEST, "length": 3023}
    return {
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "timestamp": "2018-04-25T21:39:47.123456789Z",
        "action": "push",
        "target": {**named, "repository": "team/app", "tag": "v1", **target},
        "request": {"id": "7c66f28b", "host": host, "method": "PUT", "useragent": "docker/18.03"},
    }


def cloud_event(**changed: Any) -> dict[str, Any]:
    """The same event by the CloudEvents 1.0 schema."""
    event = {
        "specversion": "1.0",
        "id": "831e1650-001e-001b-66ab-eeb76e069631",
        "source": REGISTRY,
        "subject": "team/app:v1",
        "type": "Microsoft.ContainerRegistry.ImagePushed",
        "time": "2018-04-25T21:39:47.6549614Z",
        "data": data(),
    }
    return {**event, **changed}


def parsed(event: object, source: str = REGISTRY) -> ImageEvent:
    return ImageEvent.parse(json.dumps(event), source)


@pytest.mark.parametrize("event", [pushed(), cloud_event()], ids=["Event Grid's schema", "CloudEvents"])
def test_a_push_is_the_same_in_both_envelopes(event: dict[str, Any]) -> None:
    assert parsed(event) == ImageEvent(
        id="831e1650-001e-001b-66ab-eeb76e069631",
        topic=REGISTRY.lower(),
        action="push",
        repository=Repository("team/app"),
        tag=Tag("v1"),
        digest=Digest.parse(DIGEST),
        happened=1524692387.654961,
        host="contoso.azurecr.io",
    )


@pytest.mark.parametrize(
    "event_type, action",
    [
        ("Microsoft.ContainerRegistry.ImagePushed", "push"),
        ("ImagePushed", "push"),
        ("Microsoft.ContainerRegistry.ImageDeleted", "delete"),
        ("ImageDeleted", "delete"),
    ],
)
def test_a_type_may_be_short(event_type: str, action: str) -> None:
    assert parsed(pushed(eventType=event_type)).action == action
    assert parsed(cloud_event(type=event_type)).action == action


@pytest.mark.parametrize(
    "event_type",
    [
        "Microsoft.ContainerRegistry.ChartPushed",
        "Microsoft.EventGrid.SubscriptionValidationEvent",
        "imagepushed",
        "Microsoft.ContainerRegistry.Microsoft.ContainerRegistry.ImagePushed",
        "",
        None,
        7,
        ["ImagePushed"],
        {"ImagePushed": 1},
        pytest.param("x" * 100_000, id="long"),
    ],
)
def test_other_types_are_not_for_us(event_type: object) -> None:
    with pytest.raises(NotForUs, match="are not replicated, only ImagePushed and ImageDeleted") as refused:
        parsed(pushed(eventType=event_type))
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize("tag", ["", None])
def test_an_empty_tag_is_no_tag(tag: str | None) -> None:
    assert parsed(pushed(data=data(tag=tag))).tag is None


def test_a_tag_that_is_left_out_is_no_tag() -> None:
    event = pushed()
    del event["data"]["target"]["tag"]
    assert parsed(event).tag is None


def test_a_whole_repository_is_deleted_without_a_digest() -> None:
    event = pushed(eventType="ImageDeleted", data={"target": {"repository": "team/app"}})
    assert (parsed(event).digest, parsed(event).host) == (None, None)


def test_a_push_without_a_digest_names_no_content() -> None:
    with pytest.raises(NotForUs, match="a push without a digest names no content"):
        parsed(pushed(data=data(digest="")))


@pytest.mark.parametrize("written", [REGISTRY, REGISTRY.upper(), REGISTRY.lower(), REGISTRY + "/"])
def test_the_topic_is_compared_as_arm_does(written: str) -> None:
    assert parsed(pushed(topic=written)).topic == REGISTRY.lower()
    assert parsed(pushed(), written).topic == REGISTRY.lower()


@pytest.mark.parametrize("topic", [REGISTRY + "2", REGISTRY[1:], REGISTRY + "\n", "", "*", None, [REGISTRY], {REGISTRY: 1}])
def test_another_topic_is_not_for_us(topic: object) -> None:
    for event in (pushed(topic=topic), cloud_event(source=topic)):
        with pytest.raises(NotForUs, match="topic is not the source registry of SourceACRResourceId"):
            parsed(event)


@pytest.mark.parametrize("identifier", [None, "", 7, ["1"], "x" * 1025])
def test_an_event_without_a_usable_id_is_not_for_us(identifier: object) -> None:
    with pytest.raises(NotForUs, match="it has no id"):
        parsed(pushed(id=identifier))


@pytest.mark.parametrize(
    "target, told",
    [
        ({"repository": "../evil"}, "'../evil' is not a repository"),
        ({"repository": None}, "NoneType is not a repository"),
        ({"repository": "https://evil.example/app"}, "is not a repository"),
        ({"tag": "v1\n"}, r"'v1\\n' is not a tag"),
        ({"tag": 0}, "int is not a tag"),
        ({"digest": "sha256:abc"}, "'sha256:abc' is not a digest"),
        ({"digest": False}, "bool is not a digest"),
    ],
)
def test_a_name_outside_the_grammar_is_told_and_not_for_us(target: dict[str, Any], told: str) -> None:
    with pytest.raises(NotForUs, match=f"data.target: .*{told}"):
        parsed(pushed(data=data(**target)))


@pytest.mark.parametrize("hostile", ["evil.example", "contoso.azurecr.io@evil.example", "", "x" * 10_000])
def test_the_host_of_the_request_is_kept_for_a_comparison_and_reaches_nothing_else(hostile: str) -> None:
    assert parsed(pushed(data=data(host=hostile))) == ImageEvent(**{**_fields(parsed(pushed())), "host": hostile})


def _fields(event: ImageEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ImageEvent.__dataclass_fields__}


@pytest.mark.parametrize("request_", [None, [], "contoso.azurecr.io", {}, {"host": None}, {"host": 5}])
def test_an_odd_request_is_no_reason_to_refuse(request_: object) -> None:
    assert parsed(pushed(data={**data(), "request": request_})).host is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        '"ImagePushed"',
        "{",
        "\x00",
        "\ufeff{}",
        '{"data": {}}',
        json.dumps([pushed()]),
        json.dumps(pushed(data=None)),
        json.dumps(pushed(data=json.dumps(data()))),
        json.dumps(pushed(data=[data()])),
        json.dumps(pushed(data={**data(), "target": [1]})),
        json.dumps(pushed(data={**data(), "target": "team/app"})),
        pytest.param("[" * 100_000, id="deeper than the parser goes"),
        pytest.param('{"a":' * 50_000 + "1" + "}" * 50_000, id="deep and well-formed"),
        pytest.param("9" * 10_000, id="a number of ten thousand digits"),
    ],
)
def test_odd_shapes_are_not_for_us(text: str) -> None:
    with pytest.raises(NotForUs):
        ImageEvent.parse(text, REGISTRY)


@pytest.mark.parametrize("depth", range(100, 1000, 20))
def test_no_depth_of_a_type_that_is_none_gets_through(depth: int) -> None:
    """What the JSON parser still takes, another recursion may not."""
    with pytest.raises(NotForUs):
        ImageEvent.parse('{"eventType": ' + "[" * depth + "]" * depth + "}", REGISTRY)


def check(text: str) -> None:
    """Parsed, with names inside the grammar, or refused in one line."""
    try:
        event = ImageEvent.parse(text, REGISTRY)
    except NotForUs as refused:
        assert str(refused).isprintable()
        assert len(str(refused)) < 500
        return
    assert event.topic == REGISTRY.lower()
    assert event.action == "delete" or event.digest is not None
    assert Repository.parse(str(event.repository)) == event.repository
    assert event.tag is None or Tag.parse(str(event.tag)) == event.tag
    assert event.digest is None or Digest.parse(str(event.digest)) == event.digest


@given(st.text())
def test_any_text_parses_or_is_not_for_us(text: str) -> None:
    check(text)


@given(json_values.map(json.dumps))
def test_any_json_parses_or_is_not_for_us(text: str) -> None:
    check(text)


@given(odd_events())
def test_any_event_parses_or_is_not_for_us(text: str) -> None:
    check(text)


@given(valid_events())
def test_any_event_with_names_inside_the_grammar_parses(text: str) -> None:
    target, event = json.loads(text)["data"]["target"], ImageEvent.parse(text, REGISTRY)
    assert (str(event.repository), str(event.digest)) == (target["repository"], target["digest"])
    assert str(event.tag or "") == (target["tag"] or "")


WRONG_TIMES: list[Any] = ["yesterday", "", "0001-01-01T00:00:00+23:00", "2018" * 20, 1524692387, None, {}, ["2018-04-25"]]


@pytest.mark.parametrize("time", ["2018-04-25T21:39:47Z", "2018-04-25T23:39:47+02:00", "2018-04-25T21:39:47"])
def test_an_event_tells_when_it_happened(time: str) -> None:
    assert parsed(pushed(eventTime=time)).happened == parsed(cloud_event(time=time)).happened == 1524692387.0


@pytest.mark.parametrize("time", WRONG_TIMES, ids=repr)
def test_a_time_is_for_figures_alone_and_none_refuses_the_event(time: Any) -> None:
    assert parsed(pushed(eventTime=time)).happened is None

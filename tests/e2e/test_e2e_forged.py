"""Whoever has the webhook's key can post what he likes: it is kept where it can be seen, and reaches no registry."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from devkit.local.clouds import SOURCE
from devkit.local.images import digest_of, make_image, make_index
from tests.e2e.eventually import eventually
from tests.e2e.running import Json, Site, rejected_id, text_of

DIGEST = digest_of(b"nothing has it")
LONGEST_KEPT = 16 * 1024
# What replaces `data.target` of an event that is good otherwise, or a part of its envelope.
TARGETS: dict[str, Any] = {
    "a repository that climbs": {"repository": "../../etc/passwd", "digest": DIGEST},
    "a repository with capitals": {"repository": "Team/App", "digest": DIGEST},
    "a repository with a query": {"repository": "team/app?x=1#y", "digest": DIGEST},
    "a repository that ends a line": {"repository": "team/app\n", "digest": DIGEST},
    "a repository that is too long": {"repository": "a" * 256, "digest": DIGEST},
    "a repository that is another host's": {"repository": "https://evil.example/v2/app", "digest": DIGEST},
    "a repository that is a list": {"repository": ["team/app"], "digest": DIGEST},
    "a tag that ends a line": {"repository": "forged/app", "digest": DIGEST, "tag": "v1\r\nX-Evil: 1"},
    "a tag that is a path": {"repository": "forged/app", "digest": DIGEST, "tag": "../manifests/v1"},
    "a tag that is too long": {"repository": "forged/app", "digest": DIGEST, "tag": "v" * 129},
    "a digest that is cut": {"repository": "forged/app", "digest": DIGEST[:-1]},
    "a digest in capitals": {"repository": "forged/app", "digest": DIGEST.upper()},
    "a digest of another algorithm": {"repository": "forged/app", "digest": "sha512:" + "0" * 128},
    "a push of nothing": {"repository": "forged/app"},
    "letters that look like others": {"repository": "forged/аpp", "digest": DIGEST},
    "control characters": {"repository": "forged/\x00\x1b[2J\x7f\u2028\u202e", "digest": DIGEST},
    "half a character": {"repository": "forged/\ud800", "digest": DIGEST},
    "a target that is text": "forged/app",
    "a target that asks to be an object of ours": {
        "__class__": "ImageEvent", "__module__": "replication.events", "__data__": {"repository": "forged/app", "digest": DIGEST}
    },
    "17 KB": {"repository": "🙂" * 4400, "digest": DIGEST},
}  # fmt: skip
ENVELOPES: dict[str, Any] = {
    "another registry's topic": {"topic": "/subscriptions/x/resourceGroups/y/providers/Microsoft.ContainerRegistry/registries/evil"},
    "a longer topic": {"topic": f"{SOURCE.registry_id}/evil"},
    "no topic": {"topic": None},
    "a type that is not ours": {"eventType": "Microsoft.ContainerRegistry.ChartPushed"},
    "no id": {"id": ""},
    "an id that is too long": {"id": "x" * 1025},
    "no data": {"data": None},
    "data that asks to be an object of ours": {"data": {"__class__": "Settings", "__module__": "replication.settings", "__data__": "{}"}},
}
RAW = {"not JSON": "{", "a list": "[1]", "a text": '"text"', "nothing": "", "deeper than one can look": "[" * 20_000, "NaN": "NaN"}


@contextmanager
def untouched(site: Site) -> Iterator[None]:
    """No cloud is asked anything meanwhile."""
    site.until_quiet()
    before = {name: len(cloud.requests()) for name, cloud in site.clouds.items()}
    yield
    site.until_quiet()
    assert {name: len(cloud.requests()) for name, cloud in site.clouds.items()} == before


@pytest.fixture(scope="module")
def forged(site: Site) -> dict[str, Json]:
    """All of them posted, one by one; none reached a registry, and each is answered with success."""
    events = {name: site.event("forged/app", DIGEST) for name in (*TARGETS, *ENVELOPES)}
    for name, target in TARGETS.items():
        events[name]["data"]["target"] = target
    for name, parts in ENVELOPES.items():
        events[name] |= parts
    with untouched(site):
        statuses = {name: site.deliver(event).status for name, event in events.items()}
        for text in RAW.values():
            site.trigger(text)
        for text in (*map(text_of, events.values()), *RAW.values()):
            eventually(partial(site.run, rejected_id(text)), lambda run: run and run["state"] == "rejected")
    assert set(statuses.values()) == {202}, statuses
    return events


@pytest.mark.parametrize("name", [*TARGETS, *ENVELOPES])
def test_a_forged_event_is_kept_as_rejected(site: Site, forged: dict[str, Json], name: str) -> None:
    assert_rejected(site, text_of(forged[name]))


@pytest.mark.usefixtures("forged")
@pytest.mark.parametrize("name", RAW)
def test_what_is_no_event_at_all_is_kept_as_rejected(site: Site, name: str) -> None:
    assert_rejected(site, RAW[name])


def assert_rejected(site: Site, text: str) -> None:
    """With its reason, and 16 KB of its text as it came: a text, whatever it would like to be."""
    run = site.run(rejected_id(text))
    assert run is not None
    assert (run["state"], run["event"], run["targets"]) == ("rejected", None, [])
    kept, whole = run["rejected"]["event"], text.encode(errors="replace")
    assert kept.encode() == whole[: len(kept.encode())]
    assert len(kept.encode()) == len(whole) or LONGEST_KEPT - 4 < len(kept.encode()) <= LONGEST_KEPT
    reason = run["rejected"]["reason"]
    assert run["message"] == f"rejected: {reason}"
    assert reason.isprintable()
    assert 0 < len(reason) < 400


def test_addresses_in_an_event_are_ignored(site: Site) -> None:
    """It is about a real image, so it is replicated; nobody calls where it says."""
    image = make_image("addressed")
    with site.unheard():
        site.put(image, "forged/addressed", "v1")
    with trap() as address:
        event = site.event("forged/addressed", image.digest, "v1", loginServer=address)
        event["data"]["request"] |= {"host": address, "addr": address}
        event["data"]["target"] |= {
            "url": f"https://{address}/v2/forged/addressed/manifests/{image.digest}",
            "loginServer": address,
        }
        event["data"] |= {"source": {"instanceID": address}, "connectedregistry": {"name": address}}
        event["data"] |= {"__class__": "ImageEvent", "__module__": "replication.events", "__data__": {}}
        assert site.deliver(event).status == 202
        site.ends_as(site.run_id(event["id"], "forged/addressed", "v1"), "replicated")
    assert set(site.held("forged/addressed", "v1").values()) == {image.digest}


@pytest.mark.parametrize("batched", [False, True], ids=["single", "batched"])
@pytest.mark.parametrize("schema", ["Event Grid's", "CloudEvents"])
def test_both_schemas_arrive_single_and_in_batches(site: Site, schema: str, batched: bool) -> None:
    """What the source never had, and what is forged; each becomes an instance of its own."""
    repository = f"forged/schema-{schema[0].lower()}-{'many' if batched else 'one'}"
    events = [site.event(repository, DIGEST, "v1"), site.event("../x", DIGEST, "v1")]
    if schema == "CloudEvents":
        events = [cloud_event(event) for event in events]
    headers = {"Content-Type": f"application/cloudevents{'-batch' if batched else ''}+json"} if schema == "CloudEvents" else {}
    for body in [events] if batched else events:
        assert site.post_events(json.dumps(body).encode(), site.secrets["host/eventgrid_extension"], **headers).status == 202
    site.ends_as(site.run_id(events[0]["id"], repository, "v1"), "already_absent")
    assert_rejected(site, text_of(events[1]))


def cloud_event(event: Json) -> Json:
    """CloudEvents 1.0, JSON format; as Event Grid maps its own schema to it."""
    names = {"topic": "source", "eventType": "type", "eventTime": "time"}
    kept = {names.get(name, name): value for name, value in event.items() if name not in ("dataVersion", "metadataVersion")}
    return {"specversion": "1.0", **kept}


@pytest.mark.large
def test_ten_thousand_events_in_one_batch_are_ten_thousand_instances(site: Site) -> None:
    """As many as fit into the megabyte that Event Grid sends; whether the answer comes in its time or later, they are all taken."""
    events: list[Json] = [{"id": f"batch-{number}", "eventType": "ImagePushed"} for number in range(10_000)]
    with suppress(TimeoutError):
        assert site.deliver(*events).status == 202
    eventually(partial(site.run, rejected_id(text_of(events[-1]))), lambda run: run, within=400)
    for event in events[::100]:
        run = site.ended(rejected_id(text_of(event)))
        assert run["rejected"]["reason"] == "its topic is not the source registry of SourceACRResourceId"


@contextmanager
def trap() -> Iterator[str]:
    """The address of a host that no setting names, and that nobody calls meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()


OPERATIONS = [
    "https://{trap}/subscriptions/s?x=1",
    "//{trap}/x",
    "/\\{trap}/x",
    "@{trap}/x",
    "/x HTTP/1.1\r\nHost: {trap}\r\n\r\n",
    "/{{host}}/x",
    ":1@{trap}/",
]


LIMITS = {"settle": 0.1, "delete_delay": 0.1, "recheck": 0.1, "untagged_wait": 0.1, "patience": 0.5, "waiting": 0.5, "unknown_import": 0.1}
FORGED = {"began": "2026-01-01T00:00:00+00:00", "limits": {**LIMITS, "import_deadline": 2.0, "rounds": 1}}


def test_who_can_start_a_publication_names_no_host(site: Site) -> None:
    """Inputs carry names, which are looked up in the settings."""
    with trap() as address:
        hostile = dict.fromkeys(("loginServer", "login_server", "host", "registry", "authority", "endpoint"), address)
        reviving = {"__class__": "Target", "__module__": "replication.targets", "__data__": json.dumps(hostile)}
        right = {"target": "china", "repository": "forged/input", "tag": "v1", "digest": DIGEST, "removing": False}
        works: list[Any] = [right | hostile, reviving, f"https://{address}", [right]]
        works += [right | {"target": target} for target in (address, f"https://{address}", f"china@{address}", hostile, reviving, None)]
        works += [right | {"repository": name} for name in (f"{address}/app", f"https://{address}/app", "../x", f"@{address}/x", "a" * 300)]
        works += [right | {"digest": digest} for digest in (f"sha256:{address}", f"{DIGEST}/../../{address}", None)]
        started = [site.start("publish_to_target", {"work": work, **FORGED, **hostile}) for work in works]
        ends = [site.over(instance) for instance in started]
    assert set(ends) <= {"Completed", "Failed"}


def test_an_operation_that_somebody_made_up_is_asked_of_the_configured_arm_or_of_nobody(site: Site) -> None:
    with trap() as address:
        started = []
        for number, text in enumerate(OPERATIONS):
            index, repository = make_index(f"operation {number}", ("amd64",)), f"forged/operation-{number}"
            with site.unheard():
                site.put(index, repository, "v1")
            begun = {"generation": "g", "unknown": False, "ask_after": 0, "since": 0.0, "asked": 0.0, "ended": None}
            work = {"target": "china", "repository": repository, "tag": None, "digest": index.digest, "removing": False}
            began = datetime.now(UTC).isoformat()
            given = {
                "work": work,
                "page": 0,
                "began": began,
                "limits": FORGED["limits"],
                "started": {"0": begun | {"operation": text.replace("{trap}", address)}},
            }
            started.append(site.start("import_children", given))
        ends = [site.over(instance) for instance in started]
    assert set(ends) <= {"Completed", "Failed"}
    for instance in started:
        assert "check_import" in [one.get("FunctionName") for one in site.instance(instance)["historyEvents"]]


def test_an_event_about_what_the_source_never_had_brings_nothing(site: Site) -> None:
    event = site.event("forged/app", DIGEST, "v1")
    assert site.deliver(event).status == 202
    site.ends_as(site.run_id(event["id"], "forged/app", "v1"), "already_absent")
    assert [cloud.imports("forged/app") for cloud in site.clouds.values()] == [[], [], []]


@pytest.mark.parametrize("key", [None, "", "wrong", "host/function", "host/durabletask_extension"])
def test_without_the_right_key_nothing_is_taken(site: Site, key: str | None) -> None:
    event = site.event("forged/keyless", DIGEST, "v1")
    answer = site.post_events(f"[{text_of(event)}]".encode(), site.secrets.get(key or "", key))
    assert (answer.status, answer.body) == (401, b"")
    assert site.run(site.run_id(event["id"], "forged/keyless", "v1")) is None


@pytest.mark.parametrize("body", [b"", b"{", b"1", b'"text"', b"[1]", b'[{"id": "1"}, 2]', b"\xff\xfe", b"[" * 20_000])
def test_the_webhook_refuses_what_holds_no_events(site: Site, body: bytes) -> None:
    assert site.post_events(body, site.secrets["host/eventgrid_extension"]).status == 400

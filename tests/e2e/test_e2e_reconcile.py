"""What events have missed, and what waits for an operator's word: with a source that may be listed by the app's identity."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devkit.local.images import make_image, make_index
from devkit.local.ports import free_ports
from tests.e2e.eventually import eventually
from tests.e2e.running import BOTH, Json, Site
from tests.e2e.search import searched

IDENTITY = "6f1e2d3c-0000-4000-8000-000000000042"
HEADER = "canary-of-the-listing-identity"
RIGHTS = "Microsoft.ContainerRegistry/registries"
OLD, NEW, GONE = (make_image(f"reconcile {name}") for name in ("old", "new", "gone"))


class Listed(Site):
    """China gives up what the source lacks, US Government reports it. Of a deleted repository three manifests go unasked."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, ReplicationRemovals="3")
        source, settings = self.stack.clouds["source"].settings, self.stack.app_settings
        china, usgov = json.loads(settings["ReplicationTargets"])
        (port,) = free_ports(1)
        settings |= {
            "ReplicationTargets": json.dumps([china | {"extras": "remove"}, usgov]),
            "SourceListingIdentity": "system",
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{port}/msi/token",
            "IDENTITY_HEADER": HEADER,
        }
        self.secrets["the identity's header"] = HEADER
        may = [f"{RIGHTS}/read", f"{RIGHTS}/pull/read"]
        source["managedIdentity"] = {"header": HEADER, "identities": [{"clientId": IDENTITY, "assigned": "system", "actions": may}]}
        source["ports"]["identity"] = port

    def reconciled(self, **asked: list[str]) -> Json:
        key = {"x-functions-key": self.secrets["host/master"]}
        started = self.app.send("POST", "/api/reconcile", key, json.dumps(asked).encode())
        assert started.status == 202, started.body
        path = started.json()["status"]
        told: Json = eventually(lambda: self.get(path).json(), lambda told: told["state"] == "ended")
        return told


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listed]:
    site = Listed(tmp_path_factory.mktemp("listed"))
    for _ in searched(site):
        yield site


def test_what_no_event_told_of_is_found_and_put_right(listed: Listed) -> None:
    index = make_index("reconcile index", ["amd64", "arm64"], layers=1)
    for image, tag in ((OLD, "moved"), (GONE, "gone"), (OLD, "untagged")):
        listed.ends_as(listed.push(image, "reconcile/app", tag), "replicated")
    with listed.unheard():
        listed.put(NEW, "reconcile/app", "moved")
        listed.put(index, "reconcile/lost", "v1")
        listed.put(make_image("reconcile signature", layers=0, subject=NEW), "reconcile/app")
        assert listed.ask("source", "DELETE", f"/v2/reconcile/app/manifests/{GONE.digest}").status == 202
    assert listed.ask("source", "DELETE", "/acr/v1/reconcile/app/_tags/untagged").status == 202
    told = listed.reconciled()
    china, usgov = told["targets"]
    assert (china["failure"], usgov["failure"]) == (None, None)
    assert china["outcomes"] == {"deleted": 1, "replicated": 1}
    assert usgov["outcomes"] == {"kept": 1, "replicated": 1}
    assert listed.held("reconcile/app", "moved") == dict.fromkeys(("source", *BOTH), NEW.digest)
    assert listed.held("reconcile/lost", "v1") == dict.fromkeys(("source", *BOTH), index.digest)
    assert listed.held("reconcile/app", "gone") == {"source": None, "china": None, "usgov": GONE.digest}
    assert listed.held("reconcile/app", "untagged") == {"source": None, "china": None, "usgov": OLD.digest}
    assert [one["said"].partition(" in ")[0] for one in usgov["told"] if one["repository"] == "reconcile/app"] == ["usgov: kept (foreign)"]
    again = listed.reconciled(targets=["china"])
    assert [one["outcomes"] for one in again["targets"]] == [{"already_current": 2}]


def test_a_wrong_question_is_told_how_to_ask(listed: Listed) -> None:
    key = {"x-functions-key": listed.secrets["host/master"]}
    answer = listed.app.send("POST", "/api/reconcile", key, b'{"targets": ["nowhere"]}')
    assert (answer.status, '{"targets": ["china"]}' in answer.json()["error"]) == (400, True)
    assert listed.app.send("POST", "/api/reconcile", {}, b"").status == 401
    for instance, word, status in (("a!b:-~0123456789abcdef~china", b'{"goAhead": true}', 404), ("x", b'{"goAhead": "yes"}', 400)):
        assert listed.app.send("POST", f"/api/removals/{instance}", key, word).status == status


@pytest.mark.parametrize(("word", "outcome"), [(True, "deleted"), (False, "kept")])
def test_a_large_removal_waits_for_an_operators_word(listed: Listed, word: bool, outcome: str) -> None:
    repository, images = f"reconcile/large-{outcome}", [make_image(f"large {outcome} {number}") for number in range(4)]
    for image in images:
        listed.ends_as(listed.push(image, repository, image.digest[-8:]), "replicated")
    assert listed.ask("source", "DELETE", f"/acr/v1/{repository}").status == 202
    run = listed.newest_run(repository, None)
    listed.running(run, f"waiting: more than 3 manifests would be removed; say POST /api/removals/{run}~china", ["china"])
    key = {"x-functions-key": listed.secrets["host/master"]}
    for target in BOTH:
        said = listed.app.send("POST", f"/api/removals/{run}~{target}", key, json.dumps({"goAhead": word}).encode())
        assert said.status == 202, said.body
    ended = listed.ended(run)
    assert [(target["outcome"], target["reason"]) for target in ended["targets"]] == [(outcome, None if word else "not_confirmed")] * 2
    held = listed.held(repository, images[0].digest)
    assert {held[target] for target in BOTH} == {None if word else images[0].digest}
    assert listed.app.send("POST", f"/api/removals/{run}~china", key, b'{"goAhead": true}').status == 409

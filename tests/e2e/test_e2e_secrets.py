"""Where the secrets are: nowhere in storage, in logs or in answers, however they would be written there.

The search must be able to find: canaries are planted in each place, in each form, and it sees them all."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from devkit.local.images import digest_of, make_image
from tests.devkit.cloud.proving import claims_in
from tests.e2e.eventually import eventually
from tests.e2e.forms import names_in
from tests.e2e.lines import Lines, lines_of
from tests.e2e.running import Site, rejected_id, text_of
from tests.e2e.search import TOKEN, ends_of_tokens, found_in, places


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


IMAGE = make_image("secretive")
JWT = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+")
# Passwords with whatever forms, URLs, JSON and headers have a meaning for.
PULL_PASSWORD, CHINA_SECRET, WRONG_SECRET = '+/="quoted"\\&=%2B?#pull', "~'$(china)\\n\"&=+%00;secret", '{"json": "wrong&secret+/="}'
NAMED = "canary-that-is-a-repository"
CANARIES = [f'{number} "canary" &+/ in a text' for number in range(8)]  # a text for each form: seen in that form or not at all
FORMS = {
    "as it is": CANARIES[0],
    "in a URL": quote(CANARIES[1], safe=""),
    "in JSON": json.dumps(CANARIES[2]),
    "in base64": in_base64(CANARIES[3]),
    "in base64, one on": in_base64(f"1{CANARIES[4]}."),
    "in base64, two on": in_base64(f"22{CANARIES[5]}.."),
    "as a password": f"Basic {in_base64(f'name:{CANARIES[6]}')}",
    "cut": CANARIES[7][:16],
}
TABLES = ("instance", "history")
LOGS = ("host", "source", "china", "usgov")


@dataclass(frozen=True)
class Scene:
    site: Site
    lines: Lines
    places: dict[str, bytes]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """After a push, a delete, a wrong secret, a forged event and some questions, and a host that was killed in the middle of it."""
    site = Site(tmp_path_factory.mktemp("secrets"), ReplicationWaiting="1")
    be_awkward(site)
    with lines_of(site) as lines, site:
        site.ends_as(site.push(IMAGE, f"secrets/{NAMED}", "v1"), "replicated", "failed")
        deleted = site.delete(f"secrets/{NAMED}", IMAGE.digest)
        for query in ("tag=v1", f"digest={IMAGE.digest}", "tag=%00"):
            site.get(f"/api/status?repository=secrets/{NAMED}&{query}")
        for text in FORMS.values():
            event = site.event(text, digest_of(b"none"))
            site.deliver(event)
            eventually(partial(site.run, rejected_id(text_of(event))), lambda run: run and run["state"] == "rejected")
        site.ends_as(deleted, "deleted", "failed")
        site.reading("usgov", f"secrets/{NAMED}", "v1")  # the app has not come so far there
        site.push(IMAGE, "secrets/unfinished", "v1")
        commands = dict(command_lines(site))
        site.stack.host.kill()
        site.secrets |= {f"credential {number} on the line": value for number, value in enumerate(credentials(lines))}
        yield Scene(site, lines, {**dict(places(site)), **commands})


def be_awkward(site: Site) -> None:
    """Before it starts. The secret of usgov is a wrong one."""
    clouds, settings = site.stack.clouds, site.stack.app_settings
    (pull,) = [token for token in clouds["source"].settings["registry"]["tokens"] if token["name"] == "replication-pull"]
    (china,) = clouds["china"].settings["principals"]
    pull["password"], china["clientSecret"] = PULL_PASSWORD, CHINA_SECRET
    settings |= {"SourceACRPullTokenPassword": PULL_PASSWORD, "ChinaClientSecret": CHINA_SECRET, "UsgovClientSecret": WRONG_SECRET}
    site.secrets |= {"source/replication-pull": PULL_PASSWORD, "china/client-secret": CHINA_SECRET, "wrong": WRONG_SECRET}


def command_lines(site: Site) -> Iterator[tuple[str, bytes]]:
    """What everybody on the machine may read, where there is such a place."""
    for child in (*site.stack.clouds.values(), site.stack.host):
        place = Path(f"/proc/{child.pid}/cmdline")
        if place.exists():
            yield f"the command line of {child.name}", place.read_bytes()


def credentials(lines: Lines) -> Iterator[str]:
    """Of a token its signature, without which the rest opens nothing, and without which it is not stored whole."""
    for credential in set().union(*(proxy.credentials for proxy in lines.all)):
        yield credential.rpartition(".")[2] if credential.startswith("eyJ") else credential


def test_an_import_names_a_digest_and_a_repository_and_the_configured_source(scene: Scene) -> None:
    (body, *_) = [one.body for one in scene.lines.arm.seen if "/importImage?" in one.path]
    source = {
        "registryUri": scene.lines.source.address,
        "sourceImage": f"secrets/{NAMED}@{IMAGE.digest}",
        "credentials": {"username": "replication-pull", "password": PULL_PASSWORD},
    }
    wanted = {"source": source, "targetTags": [], "untaggedTargetRepositories": [f"secrets/{NAMED}"], "mode": "Force"}
    assert json.loads(body) == wanted


def test_no_secret_and_no_token_is_anywhere(scene: Scene) -> None:
    ends = ends_of_tokens(scene.site)
    assert [told for place, content in scene.places.items() for told in found_in(place, content, scene.site.secrets, ends)] == []


def test_the_tokens_that_were_derived_from_secrets_are_searched_for(scene: Scene) -> None:
    """Of Entra and of both registries: for an exchange, refresh, and for each scope."""
    used = [claims_in(token.decode()) for left in scene.site.notes.left() for stream in left.streams for token in JWT.findall(stream)]
    assert {one.get("grant_type") for one in used} >= {None, "refresh_token", "access_token"}
    assert len({one["aud"] for one in used}) >= 4  # ARM, the exchange, and each registry for itself
    assert len(ends_of_tokens(scene.site)) > 4


def test_the_secrets_were_in_play(scene: Scene) -> None:
    lines = scene.lines
    assert CHINA_SECRET in lines.entra.credentials
    assert in_base64(f"replication-pull:{PULL_PASSWORD}") in lines.source.credentials
    for proxy in lines.all:
        assert any(TOKEN.match(credential.encode()) for credential in proxy.credentials)


@pytest.mark.parametrize("canary", CANARIES, ids=FORMS)
@pytest.mark.parametrize("place", [*(f"the table {table} of host.db" for table in TABLES), "the app's answers"])
def test_the_search_sees_a_canary_in_a_stored_text(scene: Scene, place: str, canary: str) -> None:
    assert names_in(scene.places[place], {"canary": canary}) == ["canary"]


def test_the_search_sees_a_canary_in_the_database_s_files(scene: Scene) -> None:
    files = [content for place, content in scene.places.items() if place.startswith("host/host.db")]
    assert len(files) >= 2  # the write-ahead log is one of them
    assert names_in(b"".join(files), {"canary": NAMED}) == ["canary"]


@pytest.mark.parametrize("kept", ["host/spans.jsonl", "host/ledger.db"])
def test_the_search_sees_a_canary_in_what_else_the_host_and_the_app_keep(scene: Scene, kept: str) -> None:
    """Of the ledger in a freed page, or in the write-ahead log: its row goes when its import has ended."""
    assert names_in(b"".join(content for place, content in scene.places.items() if place.startswith(kept)), {"canary": NAMED}) == ["canary"]


@pytest.mark.parametrize("log", LOGS)
def test_the_search_sees_a_canary_in_a_line_of_a_log(scene: Scene, log: str) -> None:
    assert names_in(scene.places[f"logs/{log}.log"], {"canary": NAMED}) == ["canary"]

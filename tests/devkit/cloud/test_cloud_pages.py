"""What people see of a registry with a browser, and who may see it."""

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from devkit.tls import TlsFiles
from tests.devkit.cloud.browsing import IMAGE, KEY, SCRIPT, Found, looked_at, page, push_hostile, push_many, shown
from tests.devkit.cloud.running import OCI_INDEX, OCI_MANIFEST, Cloud, descriptor, digest_of, image, index
from tests.e2e.eventually import eventually

OURS = {"html", "head", "meta", "link", "title", "style", "body", "nav", "main", "footer", "section", "div", "h1", "h2", "a", "p", "pre",
        "span", "code", "table", "tr", "th", "td", "dl", "dt", "dd", "time"}  # fmt: skip


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    with looked_at(tmp_path_factory.mktemp("shown"), tls) as running:
        yield running


def crawled(cloud: Cloud) -> dict[str, Found]:
    """Every page that a link leads to, by its address."""
    found: dict[str, Found] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found[path] = shown(cloud, path)
            waiting += found[path].links
    return found


def test_a_push_is_seen_with_its_event_and_its_tags(cloud: Cloud) -> None:
    digest = cloud.push_image("seen/app", "v1")
    overview = shown(cloud)
    for text in (cloud.login_server, cloud.registry_id, "seen/app", "seen/app:v1", "ImagePushed", "pending"):
        assert text in overview.text
    assert "/repositories/seen/app" in overview.links
    repository = shown(cloud, "/repositories/seen/app")
    assert f"/manifests/seen/app@{digest}" in repository.links
    for text in ("v1", OCI_MANIFEST, digest[:19]):
        assert text in repository.text
    manifest = shown(cloud, f"/manifests/seen/app@{digest}")
    for text in (digest, digest_of(b"layer")[:19], digest_of(b"{}")[:19], '"schemaVersion": 2'):
        assert text in manifest.text


def test_platforms_are_those_of_the_index_and_of_the_config(cloud: Cloud) -> None:
    config = b'{"os": "linux", "architecture": "arm", "variant": "v7"}'
    described = descriptor(config, "application/vnd.oci.image.config.v1+json")
    child = image(b"layer", config=described)
    for blob in (config, b"layer"):
        cloud.push_blob("platforms/app", blob)
    whole = index(child).replace(b'"size":', b'"platform": {"os": "windows", "architecture": "amd64"}, "size":')
    assert cloud.push_manifest("platforms/app", digest_of(child), child).status == 201
    assert cloud.push_manifest("platforms/app", "v1", whole, OCI_INDEX).status == 201
    text = shown(cloud, "/repositories/platforms/app").text
    assert "linux/arm/v7" in text
    assert "windows/amd64" in text
    child_link = f"/manifests/platforms/app@{digest_of(child)}"
    assert child_link in shown(cloud, f"/manifests/platforms/app@{digest_of(whole)}").links
    assert cloud.registry("DELETE", f"/v2/platforms/app/manifests/{digest_of(child)}").status == 202
    left = shown(cloud, f"/manifests/platforms/app@{digest_of(whole)}")
    assert child_link not in left.links
    assert "not held" in left.text


def test_an_import_is_seen_with_its_error(cloud: Cloud) -> None:
    source = {"registryUri": cloud.login_server, "sourceImage": "nowhere/app:v1", "credentials": {"username": "x", "password": "not-it"}}
    cloud.begin_import({"source": source, "targetTags": ["nowhere/app:v1"]})
    text = eventually(lambda: shown(cloud).text, lambda text: "failed" in text)
    assert "nowhere/app:v1" in text
    assert "not-it" not in text


def test_faults_in_force_are_seen_and_an_outage(cloud: Cloud) -> None:
    assert "Faults" not in shown(cloud).text
    rule = {"id": "busy", "service": "registry", "path": "/v2/faulty/.*", "fault": {"kind": "status", "status": 503, "message": SCRIPT}}
    cloud.control("POST", "faults", rule)
    cloud.control("PUT", "outage", {"how": "resets"})
    try:
        text = shown(cloud).text
        assert "every port but this one resets" in text
        for part in ("Faults", "busy", "/v2/faulty/.*", '"status": 503'):
            assert part in text
    finally:
        cloud.control("PUT", "outage", {"how": "up"})
        cloud.control("DELETE", "faults")


def test_long_lists_go_on_on_another_page(cloud: Cloud) -> None:
    push_many(cloud, "many/tags", 101)
    first = shown(cloud, "/repositories/many/tags")
    assert ("v0099" in first.text, "v0100" in first.text) == (True, True)  # the manifests name their tags as well
    more_tags, more_manifests = [one for one in first.links if one.startswith("/repositories/many/tags?") and "refresh" not in one]
    assert "tags=v0099" in more_tags
    second = shown(cloud, more_tags)
    assert [one for one in second.links if one == "/repositories/many/tags"]  # back to the first
    assert len([one for one in second.links if one.startswith("/manifests/")]) == 1 + 100
    assert len([one for one in shown(cloud, more_manifests).links if one.startswith("/manifests/")]) == 100 + 1


def test_every_text_stays_a_text(cloud: Cloud) -> None:
    push_hostile(cloud, "hostile/app")
    pages = crawled(cloud)
    assert len(pages) > 6
    for path, found in pages.items():
        assert set(found.elements) <= OURS, path
    texts = "".join(found.text for found in pages.values())
    assert texts.count(SCRIPT) > 5
    assert texts.count(IMAGE) > 5


def test_no_page_holds_a_secret(cloud: Cloud) -> None:
    push_hostile(cloud, "secrets/app")
    config = cloud.config
    passwords = [token["password"] for token in config["registry"]["tokens"]]
    secrets = [KEY, config["controlKey"], *passwords, *(one["clientSecret"] for one in config["principals"])]
    for path, found in crawled(cloud).items():
        assert not [secret for secret in secrets if secret in found.text], path


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example:1", "", "[::1"])
def test_a_name_that_is_made_to_resolve_here_is_refused(cloud: Cloud, host: str) -> None:
    """DNS rebinding: the browser says the name that it was told."""
    for path in ("/", "/repositories/none/such"):
        answer = page(cloud, path, Host=host)
        assert (answer.status, b"<html" in answer.body) == (421, False)


def test_pages_need_no_key_and_nothing_else_goes_without_one(cloud: Cloud) -> None:
    for host in ("localhost", "127.0.0.1:5203", "LOCALHOST:1"):
        answer = page(cloud, "/", Host=host, Origin="https://evil.example")
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert cloud.call("control", "HEAD", "/").status == 200
    for method, path in (
        ("POST", "/"),
        ("PUT", "/"),
        ("GET", "/control/health"),
        ("GET", "/control/requests"),
        ("GET", "/none"),
        ("GET", "//"),
    ):
        assert cloud.call("control", method, path).status == 401, (method, path)


def test_nothing_of_elsewhere_is_loaded_and_no_script_would_run(cloud: Cloud) -> None:
    answer = page(cloud)
    rules = answer.body.decode().partition("<style>")[2].partition("</style>")[0]
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(rules.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "script-src" not in policy
    assert [one for one in shown(cloud).links if not one.startswith("/")] == []
    assert (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_refreshing_is_off_until_it_is_asked_for(cloud: Cloud) -> None:
    assert b'http-equiv="refresh"' not in page(cloud).body
    assert "/?refresh=5" in shown(cloud).links
    refreshing = page(cloud, "/?refresh=5")
    assert b'<meta http-equiv="refresh" content="5">' in refreshing.body
    assert "/" in Found(refreshing.body.decode()).links
    assert b'http-equiv="refresh"' not in page(cloud, "/?refresh=0;url=https://evil.example").body


@pytest.mark.parametrize(
    "path",
    [
        "repositories/none/such", "repositories/../..", "repositories/%2e%2e", f"repositories/{quote(SCRIPT)}",
        "manifests/none/such@sha256:12", f"manifests/none/such@sha256:{'0' * 64}", f"manifests/{quote(SCRIPT)}@x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(cloud: Cloud, path: str) -> None:
    answer = page(cloud, f"/{path}")
    assert (answer.status, set(Found(answer.body.decode()).elements) <= OURS) == (404, True)

"""Imports that overtake each other, a moving tag, or are killed."""

from functools import partial

from devkit.local import faults
from tests.devkit.cloud.faulty import look
from tests.devkit.cloud.receiving import advance, until
from tests.devkit.cloud.running import Cloud, Clouds, MakeCloud
from tests.devkit.cloud.test_cloud_imports import import_body


def wait_until_read(source: Cloud, path: str) -> None:
    """Until somebody has read it."""
    until(lambda: source.control("GET", "requests"), lambda rows: any((one["method"], one["path"]) == ("GET", path) for one in rows))


def end(target: Cloud, location: str) -> None:
    until(lambda: target.poll(location).status, lambda status: status != 202)
    assert target.poll(location).status == 200


def test_a_tag_that_moves_during_its_import_points_to_what_was_never_stored(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """acr.md 2.4.1: the operation reports success all the same. What the tag meant at the start outlives a kill."""
    source, target = clouds.source, make_cloud("raced", imports={"latencySeconds": 600}).start()
    first = source.push_image("races/raced", "v1", layer=b"first")
    location = target.begin_import(import_body(source, "races/raced:v1", targets=["races/raced:v1", "races/raced:v2"]))
    wait_until_read(source, "/v2/races/raced/manifests/v1")
    second = source.push_image("races/raced", "v1", layer=b"second")
    assert target.poll(location).status == 202
    target.kill()
    target.start()
    advance(target, 600)
    end(target, location)
    assert look(target, "races/raced", first) == 200
    for tag in ("v1", "v2"):
        assert target.registry("GET", f"/acr/v1/races/raced/_tags/{tag}").json["tag"]["digest"] == second
        pulled = target.registry("GET", f"/v2/races/raced/manifests/{tag}")
        assert (pulled.status, pulled.code) == (404, "MANIFEST_UNKNOWN")


def test_an_import_by_digest_does_not_race(clouds: Clouds, make_cloud: MakeCloud) -> None:
    source, target = clouds.source, make_cloud("settled", imports={"latencySeconds": 600}).start()
    digest = source.push_image("races/settled", "v1", layer=b"first")
    location = target.begin_import(import_body(source, f"races/settled@{digest}", targets=["races/settled:v1"]))
    source.push_image("races/settled", "v1", layer=b"second")
    advance(target, 600)
    end(target, location)
    assert target.registry("HEAD", "/v2/races/settled/manifests/v1").headers["Docker-Content-Digest"] == digest


def test_an_import_asked_for_twice_is_two_operations(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """acr.md 2.5: a client that repeats its POST starts a second one. Each lands for itself."""
    digest, target = clouds.source.push_image("races/twice"), make_cloud("asked-twice").start()
    body, control = import_body(clouds.source, f"races/twice@{digest}"), target.controls
    rule = control.impose(faults.slow(3600), on=faults.imports(), times=1)
    slow, quick = target.begin_import(body), target.begin_import(body)
    end(target, quick)
    assert target.poll(slow).status == 202
    assert target.registry("DELETE", f"/v2/races/twice/manifests/{digest}").status == 202
    advance(target, 3600)
    end(target, slow)
    assert look(target, "races/twice", digest) == 200
    assert [(one["state"], one["fault"]) for one in control.imports()] == [("succeeded", rule), ("succeeded", None)]


def test_of_two_forced_imports_to_one_tag_the_last_to_finish_wins(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """acr.md 2.4.10: whichever was asked for last."""
    source, target = clouds.source, make_cloud("forced").start()
    old, new = (source.push_image("races/forced", layer=layer) for layer in (b"old", b"new"))
    target.controls.impose(faults.slow(3600), on=faults.imports(f"races/forced@{old}"))
    bodies = [import_body(source, f"races/forced@{digest}", targets=["races/forced:v1"]) for digest in (old, new)]
    slow, quick = (target.begin_import(body) for body in bodies)
    end(target, quick)
    assert target.registry("HEAD", "/v2/races/forced/manifests/v1").headers["Docker-Content-Digest"] == new
    advance(target, 3600)
    end(target, slow)
    assert target.registry("HEAD", "/v2/races/forced/manifests/v1").headers["Docker-Content-Digest"] == old


def test_the_record_of_an_operation_expires(clouds: Clouds, make_cloud: MakeCloud) -> None:
    """acr.md 2.4.9. One that still runs is kept."""
    target = make_cloud("forgetting", imports={"operationSeconds": 7200}).start()
    control, digest = target.controls, clouds.source.push_image("races/expiring")
    control.impose(faults.slow(10_000), on=faults.imports(), times=1)
    slow, ended = (target.begin_import(import_body(clouds.source, f"races/expiring@{digest}")) for _ in range(2))
    end(target, ended)
    advance(target, 7000)
    assert [target.poll(one).status for one in (ended, slow)] == [200, 202]
    advance(target, 201)
    assert (answer := target.poll(ended)).status == 404
    assert answer.code == "ResourceNotFound"
    assert target.poll(slow).status == 202
    advance(target, 3000)
    until(partial(target.poll, slow), lambda answer: answer.status == 200)
    assert look(target, "races/expiring", digest) == 200

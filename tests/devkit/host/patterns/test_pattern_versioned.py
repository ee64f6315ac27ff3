"""New code beside instances in flight: each ends as the version that began it says."""

from devkit.host.durable.messages import Kind
from tests.devkit.host.crash.nursery import Victim
from tests.devkit.host.patterns.outside import Outside
from tests.devkit.host.patterns.story import different, events
from tests.devkit.host.running import eventually

OLD = {"release": "1.0", "receipt": "slip"}
NEW = {"release": "2.0", "receipt": "letter"}
SETTINGS = {"RELEASE": "1.0"}


def deploy(app: Victim, release: str) -> None:
    """Over a host that is killed, whatever it is doing; nothing if it is of that release."""
    if app.settings["RELEASE"] != release:
        app.kill()
        app.settings = {**app.settings, "RELEASE": release}
        app.start()


def begin(app: Victim, cart: str, query: str = "") -> None:
    assert app.call("PUT", f"/api/checkouts/{cart}{query}").status == 202


def steps(outside: Outside, cart: str) -> list[str]:
    return [path.split("/")[1] for path in outside.under(cart)]


def versions(app: Victim, cart: str) -> list[str]:
    """Of the instance and its child."""
    return [events(app, each, Kind.EXECUTION_STARTED)[0]["Version"] for each in (cart, f"{cart}:receipt")]


def test_an_instance_in_flight_ends_by_the_code_of_its_version_and_new_ones_take_the_new_way(app: Victim, outside: Outside) -> None:
    deploy(app, "1.0")
    begin(app, "twin")
    assert app.ended("twin")["output"] == OLD
    outside.hold("/price/rough")
    begin(app, "rough")
    outside.await_request("/price/rough")
    deploy(app, "2.0")
    outside.release("/price/rough")
    begin(app, "new")
    assert app.ended("rough")["output"] == OLD
    assert app.ended("new")["output"] == NEW
    assert steps(outside, "rough") == ["price", "price", "pay", "slip"]  # the first was killed
    assert steps(outside, "new") == ["price", "discount", "pay", "letter"]
    assert [versions(app, cart) for cart in ("twin", "rough", "new")] == [["1.0"] * 2, ["1.0"] * 2, ["2.0"] * 2]
    for child in ("", ":receipt"):
        assert not different(app, "rough", "twin", child)


def test_the_new_code_begins_an_old_version_for_who_asks_for_it(app: Victim, outside: Outside) -> None:
    deploy(app, "2.0")
    begin(app, "asked", "?release=1.0")
    assert app.ended("asked")["output"] == OLD
    assert steps(outside, "asked") == ["price", "pay", "slip"]


def test_after_a_step_back_what_the_new_code_began_waits_for_it_to_return(app: Victim, outside: Outside) -> None:
    deploy(app, "2.0")
    outside.hold("/price/ahead")
    begin(app, "ahead")
    outside.await_request("/price/ahead")
    deploy(app, "1.0")
    outside.release("/price/ahead")
    eventually(lambda: "ahead is not run: its version 2.0" in app.log.read_text(), "the reason why it waits")
    begin(app, "old")
    assert app.ended("old")["output"] == OLD  # others are not held up
    assert app.status("ahead")["runtimeStatus"] == "Running"
    deploy(app, "2.0")
    assert app.ended("ahead")["output"] == NEW
    assert "pay" in steps(outside, "ahead")

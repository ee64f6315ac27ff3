"""Runs that wait with others for what turns everybody away, and go on by themselves when it is over."""

from collections.abc import Iterator

import pytest

from devkit.local import faults
from devkit.local.images import make_image
from tests.e2e.eventually import eventually
from tests.e2e.running import Site, target_of
from tests.e2e.search import searched

IMAGE = make_image("waits with others")
WRONG = "wrong-secret-of-china-77d0"
RUNS = 8
IMPORT = "/subscriptions/.*/importImage"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With a wrong client secret for China. What may pass is tried again for a second, before it is waited for with others."""
    waiting = Site(tmp_path_factory.mktemp("waiting"), ReplicationPatience="1", ReplicationWaiting="600")
    waiting.secrets["wrong"] = WRONG
    waiting.stack.app_settings["ChinaClientSecret"] = WRONG
    yield from searched(waiting)


def refused(site: Site) -> int:
    """How often China's Entra has turned the app away."""
    return len(site.clouds["china"].requests(method="POST", status=401))


def test_a_corrected_secret_lets_all_who_wait_go_on(site: Site) -> None:
    runs = [site.push(IMAGE, f"waiting/app{number}", "v1") for number in range(RUNS)]
    for run in runs:
        at_usgov = target_of(site.running(run, "replicated", ["usgov"]), "usgov")
        assert at_usgov["waiting"] is None
    waits = [target_of(site.running(run, "waiting: credential_wrong", ["china"]), "china") for run in runs]
    assert {one["waiting"]["reason"] for one in waits} == {"credential_wrong"}
    assert all(one["waiting"]["since"] <= one["waiting"]["next_try"] for one in waits)

    asked = refused(site)
    eventually(lambda: refused(site), lambda now: now >= asked + 4)
    assert refused(site) < asked + RUNS  # one tries for all
    site.stack.host.kill()
    site.stack.app_settings["ChinaClientSecret"] = site.secrets["china/client-secret"]
    site.stack.host.start()
    for run in runs:
        site.ends_as(run, "replicated")
    assert all(set(site.held(f"waiting/app{number}", "v1").values()) == {IMAGE.digest} for number in range(RUNS))
    assert [len(site.clouds["china"].imports(f"waiting/app{number}")) for number in range(RUNS)] == [1] * RUNS
    site.until_quiet()


def test_a_cloud_that_comes_back_is_gone_on_with(site: Site) -> None:
    china = site.clouds["china"]
    china.down()
    runs = [site.push(IMAGE, f"waiting/down{number}", "v1") for number in range(3)]
    for run in runs:
        told = target_of(site.running(run, "waiting: unreachable", ["china"]), "china")
        assert told["waiting"]["reason"] == "unreachable"
    china.up()
    for run in runs:
        site.ends_as(run, "replicated")


FORBIDDEN = {  # what is refused, and of which requests
    "quota_reached": (faults.fails("quota"), faults.imports("waiting/quota_reached.*")),
    "import_denied": (faults.fails("denied"), faults.imports("waiting/import_denied.*")),
    "arm_denied": (faults.status(403, code="AuthorizationFailed"), faults.arm("POST", IMPORT, holding="waiting/arm_denied")),
}


def test_what_is_full_or_forbidden_is_waited_for_until_it_is_mended(site: Site) -> None:
    """Each reason for itself: one that lasts keeps nobody from going on who waits for another."""
    china = site.clouds["china"]
    rules = {code: china.impose(fault, on=on) for code, (fault, on) in FORBIDDEN.items()}
    runs = {code: [site.push(IMAGE, f"waiting/{code}{number}", "v1") for number in range(2)] for code in FORBIDDEN}
    for code in FORBIDDEN:
        for run in runs[code]:
            site.running(run, f"waiting: {code}", ["china"])
    tried = {code: china.fired(rule) for code, rule in rules.items()}
    for code, rule in rules.items():
        eventually(lambda rule=rule: china.fired(rule), lambda fired, code=code: fired > tried[code])  # type: ignore[misc]
    for code in FORBIDDEN:
        china.lift(rules[code])
        for run in runs[code]:
            site.ends_as(run, "replicated")
    site.until_quiet()


def test_a_run_that_waits_may_be_terminated_and_keeps_nobody_from_going_on(site: Site) -> None:
    china = site.clouds["china"]
    rule = china.impose(faults.fails("quota"), on=faults.imports())
    runs = [site.push(IMAGE, f"waiting/ended{number}", "v1") for number in range(2)]
    for run in runs:
        site.running(run, "waiting: quota_reached", ["china"])
    site.terminate(f"{runs[0]}~china")
    china.lift(rule)
    site.ends_as(runs[1], "replicated")
    site.until_quiet()

"""What a registry is set up to do: how many calls a minute it takes (acr.md 6), whether it lists referrers, and what ARM shows of it."""

import re
from collections.abc import Iterator

import pytest

from devkit.local.control import CloudControl
from devkit.tls import TlsFiles
from tests.devkit.cloud.running import API, OCI_INDEX, Answer, Cloud, MakeClouds, digest_of

SLOW = 0.001  # of the clock's scale: within a test its minute does not end


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles) -> Iterator[Cloud]:
    made = MakeClouds(tmp_path_factory.mktemp("limits"), tls)("limits", clockScale=SLOW).start()
    made.push_image("limits/app", "v1")
    yield made
    assert made.stop() == 0
    assert "Traceback" not in made.log.read_text(), made.log.read_text()


@pytest.fixture
def control(cloud: Cloud) -> Iterator[CloudControl]:
    """In a minute of its own."""
    control = cloud.controls
    control.set_clock(advance_seconds=60 - into_minute(control))
    yield control
    control.set_registry(rateLimits=None, referrersApi=True)


def into_minute(control: CloudControl) -> float:
    found = re.search(r":(\d\d\.\d+)Z$", control.clock()["now"])
    assert found is not None
    return float(found[1])


def ask(cloud: Cloud, method: str = "HEAD", path: str = "/v2/limits/app/manifests/v1", user: str = "all") -> Answer:
    return cloud.registry(method, path, user=user)


def test_one_identity_is_stopped_and_another_goes_on(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(rateLimits={"read": {"registry": 4, "identity": 2}})
    assert [ask(cloud).status for _ in range(3)] == [200, 200, 429]
    assert [ask(cloud, user="pull").status for _ in range(3)] == [200, 200, 429]
    assert cloud.call("registry", "GET", "/v2/").status == 429  # nobody's call counts for the registry
    assert ask(cloud, "DELETE", "/acr/v1/limits/app/_tags/absent").status == 404
    control.set_clock(advance_seconds=60)
    assert ask(cloud).status == 200


def test_it_says_how_long_the_minute_still_lasts(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(rateLimits={"read": {"identity": 0}})
    waits = []
    for _ in range(3):
        refused = ask(cloud, "GET")
        assert (refused.status, refused.code) == (429, "TOOMANYREQUESTS")
        waits.append(int(refused.headers["Retry-After"]))
        control.set_clock(advance_seconds=10)
    assert waits == [60, 50, 40]


@pytest.mark.parametrize(
    "limited, method, path",
    [
        ("write", "POST", "/v2/limits/app/blobs/uploads/"),
        ("write", "PATCH", "/acr/v1/limits/app/_tags/v1"),
        ("delete", "DELETE", f"/v2/limits/app/manifests/{digest_of(b'absent')}"),
        ("referrers", "GET", f"/v2/limits/app/referrers/{digest_of(b'absent')}"),
        ("read", "GET", f"/v2/limits/app/referrers/{digest_of(b'absent')}"),
        ("oauth", "GET", "/oauth2/token"),
        ("oauth", "POST", "/oauth2/exchange"),
    ],
)
def test_each_kind_of_call_has_its_limit(cloud: Cloud, control: CloudControl, limited: str, method: str, path: str) -> None:
    control.set_registry(rateLimits={limited: {"registry": 0}})
    assert ask(cloud, method, path).status == 429
    others = {name: {"registry": 0} for name in ("read", "write", "delete", "referrers", "oauth") if name != limited}
    if "referrers" not in path:  # which counts twice
        control.set_registry(rateLimits=others)
        assert ask(cloud, method, path).status != 429


def test_a_repository_may_be_named_like_the_referrers_api(cloud: Cloud, control: CloudControl) -> None:
    control.set_registry(rateLimits={"referrers": {"registry": 0}})
    assert ask(cloud, path="/v2/limits/referrers/app/manifests/v1").status == 404
    assert ask(cloud, "GET", f"/v2/limits/referrers/app/%72eferrers/{digest_of(b'absent')}").status == 429


@pytest.mark.parametrize("tier", ["basic", "standard", "premium"])
def test_a_tier_has_its_documented_numbers_and_nothing_is_limited_without_one(cloud: Cloud, control: CloudControl, tier: str) -> None:
    assert control.set_registry()["rateLimits"] is None
    assert control.set_registry(rateLimits=tier)["rateLimits"] == tier
    assert ask(cloud).status == 200


def test_under_a_customers_key_there_is_no_referrers_api(cloud: Cloud, control: CloudControl) -> None:
    path = f"/v2/limits/app/referrers/{digest_of(b'absent')}"
    assert ask(cloud, "GET", path).headers["Content-Type"] == OCI_INDEX
    control.set_registry(referrersApi=False)
    assert ask(cloud, "GET", path).status == 404


def test_arm_shows_how_a_registry_is_set_up(cloud: Cloud, control: CloudControl) -> None:
    def statuses() -> list[str]:
        properties = cloud.arm("GET", f"{cloud.registry_id}?{API}").json["properties"]
        shown = ("exportPolicy", "azureADAuthenticationAsArmPolicy", "quarantinePolicy", "softDeletePolicy")
        return [properties["encryption"]["status"], *(properties["policies"][name]["status"] for name in shown)]

    assert statuses() == ["disabled", "enabled", "enabled", "disabled", "disabled"]
    before = {"export": True, "armTokens": True, "quarantine": False, "softDeleteDays": None}
    control.set_registry(referrersApi=False, policies={"export": False, "armTokens": False, "quarantine": True, "softDeleteDays": 3})
    try:
        assert statuses() == ["enabled", "disabled", "disabled", "enabled", "enabled"]
    finally:
        control.set_registry(policies=before)

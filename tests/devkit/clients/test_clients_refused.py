"""Those who may not: each client says so and ends, and nothing has changed."""

import pytest

from tests.devkit.clients.atregistry import digest_at, password, put, reference
from tests.devkit.clients.client import Client, Failed
from tests.devkit.clients.images import one_platform
from tests.devkit.clients.table import covers
from tests.devkit.cloud.running import Clouds

REFUSED = r"(?i)unauthorized|authentication required|invalid username/password"


@covers("wrong password")
def test_a_wrong_password_is_a_clean_failure(client: Client, clouds: Clouds) -> None:
    cloud, wrong = clouds.source, "not-the-password"
    client.sign_in({})
    with pytest.raises(Failed, match=REFUSED) as failed:
        client.login(cloud.login_server, "all", wrong)
    assert wrong not in str(failed.value) and "goroutine" not in str(failed.value)


@covers("anonymous")
def test_nobody_may_pull_or_push(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"anonymous/{client.program}", one_platform("anonymous")
    pushed = put(cloud, repository, "v1", image)
    client.sign_in({})
    with pytest.raises(Failed, match=REFUSED):
        client.pull(pushed, image)
    with pytest.raises(Failed, match=REFUSED):
        client.push(image, reference(cloud, repository, "v2"))
    assert digest_at(cloud, repository, "v2") is None


@covers("pull-only token")
def test_a_token_for_pulling_pulls_and_does_no_more(client: Client, clouds: Clouds) -> None:
    cloud, repository, image = clouds.source, f"pull-only/{client.program}", one_platform("pull-only")
    pushed = put(cloud, repository, "v1", image)
    client.sign_in({cloud.login_server: ("pull", password(cloud, "pull"))})
    assert client.pull(pushed, image) == image.everything
    with pytest.raises(Failed, match=REFUSED):
        client.push(image, reference(cloud, f"{repository}-new"))
    with pytest.raises(Failed, match=REFUSED):
        client.delete(reference(cloud, repository, image.root))
    assert digest_at(cloud, f"{repository}-new") is None
    assert digest_at(cloud, repository) == image.root

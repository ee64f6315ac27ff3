"""The app's imports under either answer to what is not known of Azure."""

import pytest

from registries.arm import DEFAULT_RETRY_AFTER
from replication.failures import Refused
from replication.references import Digest, Repository
from tests.devkit.cloud.running import Clouds
from tests.devkit.cloud.test_cloud_import_unknowns import answering, push_too_many
from tests.unit.registries.live import ABSENT, check_refusal, imports_client, password_of, secret_of, source_of, target_of
from tests.unit.registries.test_imports import ended

APP = Repository("imports/unknown")


@pytest.mark.parametrize("status", ["400", "409"])
async def test_a_failed_import_is_one_by_either_status(clouds: Clouds, status: str) -> None:
    clouds.source.push_image(str(APP))
    with answering(clouds.target, failedImportStatus=status):
        async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
            state = await ended(imports, await imports.begin(APP, ABSENT), APP, ABSENT)
    assert state.failure is not None
    assert (state.state, state.failure.kind, state.failure.code) == ("failed", "transient", "import_failed")


@pytest.mark.parametrize("answer", ["sent", "absent"])
async def test_a_pause_that_is_not_told_is_arms_usual_one(clouds: Clouds, answer: str) -> None:
    digest = Digest.parse(clouds.source.push_image(str(APP)))
    with answering(clouds.target, retryAfter=answer):
        async with imports_client(target_of(clouds.target), source_of(clouds.source)) as imports:
            assert (await imports.begin(APP, digest)).retry_after == DEFAULT_RETRY_AFTER


@pytest.mark.parametrize("answer", ["poll", "post"])
async def test_too_large_an_index_is_refused_at_the_poll_or_at_once(clouds: Clouds, answer: str) -> None:
    digest = Digest.parse(push_too_many(clouds.source, str(APP)))
    source = source_of(clouds.source)
    with answering(clouds.target, oversizedIndex=answer):
        async with imports_client(target_of(clouds.target), source) as imports:
            if answer == "poll":
                state = await ended(imports, await imports.begin(APP, digest), APP, digest)
                assert state.failure is not None
                assert (state.failure.kind, state.failure.code) == ("conflict", "too_many_manifests")
                assert "50 manifests" in state.failure.said
                return
            with pytest.raises(Refused) as refused:
                await imports.begin(APP, digest)
    assert "50 manifests" in check_refusal(refused, "conflict", "too_many_manifests", password_of(source)).said


async def test_a_poll_that_needs_an_action_names_the_role(clouds: Clouds) -> None:
    """One that the tests' principal has not; without the switch it polls."""
    digest = Digest.parse(clouds.source.push_image(str(APP)))
    target, source = target_of(clouds.target), source_of(clouds.source)
    async with imports_client(target, source) as imports:
        begun = await imports.begin(APP, digest)
        assert begun.operation is not None
        with answering(clouds.target, operationReadRight="needed"), pytest.raises(Refused) as refused:
            await imports.look_at(begun.operation, APP, digest)
        failure = check_refusal(refused, "denied", "arm_denied", password_of(source), secret_of(target))
        assert "locations/operationResults/read" in failure.said
        assert (await ended(imports, begun, APP, digest)).state == "ended"

from datetime import timedelta
from types import SimpleNamespace

from devkit.host.retry import Retry

SECOND = timedelta(seconds=1)


def pauses(retry: Retry | None, runs: int) -> list[float | None]:
    assert retry is not None
    found = [retry.pause(retries) for retries in range(runs)]
    return [None if pause is None else pause.total_seconds() for pause in found]


def test_a_fixed_delay_is_the_same_each_time_until_the_last_retry() -> None:
    retry = Retry.of(SimpleNamespace(retry_strategy="fixed_delay", max_retry_count=2, delay_interval=3 * SECOND))
    assert pauses(retry, 4) == [3.0, 3.0, None, None]


def test_an_exponential_pause_doubles_up_to_its_most() -> None:
    options = SimpleNamespace(
        retry_strategy="exponential_backoff", max_retry_count=-1, minimum_interval=2 * SECOND, maximum_interval=7 * SECOND
    )
    assert pauses(Retry.of(options), 4) == [2.0, 4.0, 7.0, 7.0]


def test_without_a_policy_there_is_no_retry() -> None:
    assert Retry.of(None) is None

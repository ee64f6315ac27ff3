"""Whether the app still holds a thread when the host ends."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait

from devkit.host.threads import busy
from tests.devkit.host.running import eventually


def test_a_pool_is_busy_while_a_call_runs_and_not_afterwards_even_when_calls_had_to_wait_for_a_thread() -> None:
    with ThreadPoolExecutor(1) as pool:
        wait([pool.submit(int) for _ in range(5)])
        eventually(lambda: not busy(pool), "an idle pool")
        began, end = threading.Event(), threading.Event()

        def hold() -> None:
            began.set()
            end.wait()

        call = pool.submit(hold)
        began.wait()
        assert busy(pool)
        end.set()
        wait([call])
        eventually(lambda: not busy(pool), "an idle pool")


def test_a_pool_that_was_never_used_is_not_busy() -> None:
    assert not busy(ThreadPoolExecutor(1))

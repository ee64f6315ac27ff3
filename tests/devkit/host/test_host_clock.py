"""Time that passes faster: timers by it, and a history whose times never go back."""

from datetime import UTC, datetime, timedelta

from devkit.host.clock import Clock, moment_of
from tests.devkit.host.conftest import MakeHost


def test_a_day_s_timer_fires_within_a_second_of_a_fast_clock(make_host: MakeHost) -> None:
    host = make_host(clock_scale=1_000_000).start()
    assert host.run("nap", {"seconds": 86_400.0}, "nap")["output"] >= 86_400.0


def test_times_in_a_history_never_go_back_over_restarts_at_other_scales(make_host: MakeHost) -> None:
    host = make_host(clock_scale=10_000).start()
    host.run("nap", {"seconds": 3600.0}, "first")
    host.kill()
    host.clock_scale = 1.0
    host.start()
    host.run("nap", {"seconds": 0.01}, "second")
    last = host.history("first")[-1]["Timestamp"]
    assert host.history("second")[0]["Timestamp"] > last > datetime.now(UTC).isoformat()


def test_a_clock_without_a_past_is_the_machine_s() -> None:
    clock, kept = Clock.going_on(1.0, None)
    again, _ = Clock.going_on(1.0, kept)
    for one in (clock, again):
        assert abs(one.now() - datetime.now(UTC)) < timedelta(seconds=1)


def test_hours_without_a_process_have_passed_by_the_scale_of_then() -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    stamp = hour_ago.isoformat()
    clock, _ = Clock.going_on(1.0, f'{{"here": "{stamp}", "machine": "{stamp}", "scale": 60}}')
    assert clock.now() - moment_of(stamp) >= timedelta(hours=60)

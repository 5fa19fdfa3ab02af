"""Clocks: UTC instants, and a virtual day that passes in seconds."""

from datetime import UTC, datetime, timedelta, timezone

from app.core.clock import SystemClock, VirtualClock, make_clock

START = datetime(2026, 5, 26, 14, 5, tzinfo=timezone(timedelta(hours=3)))


def test_the_system_clock_is_the_machine_s_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()

    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC
    assert SystemClock().real_seconds(timedelta(hours=1)) == 3600


def test_a_virtual_clock_runs_from_its_start_by_its_speed() -> None:
    origin = datetime.now(UTC) - timedelta(seconds=10)
    clock = VirtualClock(START, origin, speed=3600)

    assert clock.now() >= START + timedelta(hours=10)
    assert clock.now() <= START + (datetime.now(UTC) - origin) * 3600
    assert clock.now().tzinfo is UTC
    assert clock.real_seconds(timedelta(hours=1)) == 1


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(START, datetime.now(UTC), speed=86_400)
    readings = [clock.now() for _ in range(100)]

    assert sorted(readings) == readings


def test_an_installation_has_the_machine_s_clock_or_a_virtual_one() -> None:
    assert make_clock(None) == SystemClock()
    assert make_clock((START, START, 60.0)) == VirtualClock(START, START, 60.0)

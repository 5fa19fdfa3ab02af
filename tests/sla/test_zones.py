"""Dates and opening hours follow the calendar's zone through changes of clocks, on a machine in any zone."""

import json
import os
import subprocess
import sys
import time as machine_time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.deadline import Policy, Roll, deadline, explain
from app.sla.limit import Limit, Unit
from tests.sla.calendars import ALWAYS_OPEN, days, instants, local, opening, plain_calendar, policies, turkish_calendar

TURKEY = turkish_calendar()
MINUTE = timedelta(minutes=1)

# a date with a change of clocks or of the date line on the day before, the day itself or the day after
CHANGES = [
    ("Europe/Istanbul", "1978-06-29"),  # summer time made permanent, and no clock moved
    ("Europe/Istanbul", "1983-07-31"),  # summer time on top of it: +04
    ("Europe/Istanbul", "1983-10-02"),
    ("Europe/Istanbul", "1984-11-01"),  # back to +02
    ("Europe/Istanbul", "1985-04-20"),
    ("Europe/Istanbul", "2015-03-29"),
    ("Europe/Istanbul", "2015-11-08"),  # two weeks after the rest of Europe
    ("Europe/Istanbul", "2016-03-27"),
    ("Europe/Istanbul", "2016-09-07"),  # +03 for good
    ("Europe/Istanbul", "2016-10-30"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Pacific/Apia", "2011-12-29"),  # the day before the one that was skipped
    ("Pacific/Apia", "2011-12-31"),
    ("Asia/Almaty", "2024-02-29"),  # midnight set back to 23:00
    ("America/Havana", "2026-03-08"),  # no midnight
    ("America/Havana", "2026-11-01"),  # two midnights
    ("Pacific/Kwajalein", "1993-08-22"),  # 21 August was skipped
    ("Pacific/Kiritimati", "1995-01-01"),
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_date_begins_and_ends_with_the_minutes_that_show_it(zone: str, day: str) -> None:
    """B3, B7, B12: looked at minute by minute, from two days before to two days after."""
    calendar, noon = plain_calendar(zone, ALWAYS_OPEN), datetime.fromisoformat(f"{day}T12:00Z")
    shown = [noon + MINUTE * number for number in range(-3_600, 3_600)]
    dates = [moment.astimezone(calendar.tz).date() for moment in shown]

    for wanted in (date.fromisoformat(day) + timedelta(number) for number in (-1, 0, 1)):
        minutes = [moment for moment, showing in zip(shown, dates, strict=True) if showing == wanted]
        ((begin, end),) = calendar.whole_day(wanted)
        assert (end - begin) // MINUTE == len(minutes)
        assert begin in {calendar.whole_day(wanted - timedelta(1))[0][1], *minutes[:1]}
        assert [calendar.local_date(moment) for moment in minutes] == [wanted] * len(minutes)


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        ("Europe/Istanbul", "2015-11-07T09:00", "2015-11-08T21:59:59.999999Z"),
        ("Europe/Istanbul", "2015-10-24T09:00", "2015-10-25T20:59:59.999999Z"),
        ("Europe/Istanbul", "2016-10-29T09:00", "2016-10-30T20:59:59.999999Z"),
        ("Europe/Istanbul", "2016-09-06T09:00", "2016-09-07T20:59:59.999999Z"),
        ("Europe/Istanbul", "1978-06-28T09:00", "1978-06-29T20:59:59.999999Z"),
        ("Europe/Istanbul", "1983-08-01T09:00", "1983-08-02T19:59:59.999999Z"),
        ("Europe/Istanbul", "1984-10-31T09:00", "1984-11-01T21:59:59.999999Z"),
        ("America/New_York", "2026-03-07T09:00", "2026-03-09T03:59:59.999999Z"),
        ("America/New_York", "2026-10-31T09:00", "2026-11-02T04:59:59.999999Z"),
        ("Australia/Lord_Howe", "2026-04-04T09:00", "2026-04-05T13:29:59.999999Z"),
        ("Pacific/Apia", "2011-12-29T09:00", "2011-12-31T09:59:59.999999Z"),
        ("Asia/Almaty", "2024-02-28T09:00", "2024-02-29T18:59:59.999999Z"),
    ],
)
def test_one_day_ends_with_its_date(zone: str, start: str, due: str) -> None:
    """B4, B11: each date with the offset that it had."""
    calendar = plain_calendar(zone)

    assert deadline(days(1, roll=Roll.NONE), local(start, calendar.tz), calendar).due_at == datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("zone", "start", "hours", "due"),
    [
        ("Europe/Istanbul", "2015-11-08T02:30", 3, "2015-11-08T04:30"),
        ("Europe/Istanbul", "2016-03-27T02:30", 3, "2016-03-27T06:30"),
        ("Europe/Istanbul", "2016-10-30T02:30", 3, "2016-10-30T05:30"),
        ("America/New_York", "2026-03-08T01:30", 1, "2026-03-08T03:30"),
        ("Australia/Lord_Howe", "2026-10-04T01:30", 1, "2026-10-04T03:00"),
        ("Asia/Almaty", "2024-02-29T22:30", 2, "2024-02-29T23:30"),
        ("Pacific/Apia", "2011-12-29T23:30", 1, "2011-12-31T00:30"),
    ],
)
def test_hours_are_hours_whatever_the_clocks_show(zone: str, start: str, hours: int, due: str) -> None:
    """B5, B6."""
    calendar = plain_calendar(zone, ALWAYS_OPEN)
    started_at = local(start, calendar.tz)

    found = [
        deadline(policy, started_at, calendar).due_at for policy in (opening(hours), Policy(Limit(hours, Unit.HOUR)))
    ]

    assert found == [started_at.astimezone(UTC) + timedelta(hours=hours)] * 2
    assert f"{found[0].astimezone(calendar.tz):%Y-%m-%dT%H:%M}" == due


@contextmanager
def machine_zone(name: str) -> Iterator[None]:
    """Set the zone of the machine for the process."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    machine_time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        machine_time.tzset()


@given(
    policies,
    instants("2015-01-01", "2017-01-01"),
    st.sampled_from(("Pacific/Kiritimati", "America/New_York", "Australia/Lord_Howe", "Europe/Istanbul")),
)
def test_answer_does_not_depend_on_the_zone_of_the_machine(policy: Policy, start: datetime, zone: str) -> None:
    """B2, B8, B11."""
    here = explain(policy, start, TURKEY), deadline(policy, start, TURKEY).due_at

    with machine_zone(zone):
        assert (explain(policy, start, TURKEY), deadline(policy, start, TURKEY).due_at) == here


ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from tests.sla.test_zones import due_texts
print(json.dumps(due_texts(json.loads(sys.argv[1]))))
"""


def due_texts(starts: list[str]) -> list[str]:
    """The due instants of a limit of days and one of hours for each of these instants, as text."""
    moments = [datetime.fromisoformat(text) for text in starts]
    return [
        deadline(policy, start, TURKEY).due_at.isoformat() for policy in (days(15), opening(8)) for start in moments
    ]


@pytest.mark.server
def test_program_gives_the_same_dates_wherever_it_is_started() -> None:
    """B8: the process's zone is read when it starts."""
    starts = ["2026-01-16T22:00:00+00:00", "2026-03-29T01:30:00+00:00", "2026-10-27T23:30:00+00:00"]
    run = partial(subprocess.run, cwd=ROOT, capture_output=True, check=True, text=True)

    printed = [
        run([sys.executable, "-c", PROGRAM, json.dumps(starts)], env=os.environ | {"TZ": zone}).stdout
        for zone in ("UTC", "America/New_York", "Pacific/Kiritimati")
    ]

    assert [json.loads(text) for text in printed] == [due_texts(starts)] * 3


@pytest.mark.server
def test_program_takes_the_zones_that_were_installed_with_it_and_not_those_of_the_machine(tmp_path: Path) -> None:
    """A machine whose zones are older than the locked ones, or other, moves no legal date."""
    machine = tmp_path / "Europe" / "Istanbul"
    machine.parent.mkdir()
    machine.write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    starts = ["2026-01-16T22:00:00+00:00", "2026-10-27T23:30:00+00:00"]

    printed = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(starts)],
        env=os.environ | {"PYTHONTZPATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout

    assert json.loads(printed) == due_texts(starts)

"""The ledger gives the reason for every date, and ends on the due date."""

from datetime import date

import pytest

from app.sla.calendar import DayKind, DayReason, SpecialDay
from app.sla.deadline import (
    LedgerLine,
    Policy,
    deadline,
    explain,
)
from app.sla.limit import Unit
from tests.sla.calendars import (
    days,
    local,
    opening,
    pause,
    turkish_calendar,
)

TURKEY = turkish_calendar()


def test_ledger_says_for_every_date_why() -> None:
    found = deadline(days(15), local("2026-05-12"), TURKEY)

    assert found.ledger == explain(days(15), local("2026-05-12"), TURKEY)
    assert [(line.date.day, line.reason_code.value, line.detail, line.total) for line in found.ledger[-7:]] == [
        (26, "counted", "Kurban Bayramı (saat 13.00'ten)", 14),
        (27, "counted", "Kurban Bayramı", 15),
        (28, "holiday", "Kurban Bayramı", 15),
        (29, "holiday", "Kurban Bayramı", 15),
        (30, "holiday", "Kurban Bayramı", 15),
        (31, "weekend", "", 15),
        (1, "rolled", "", 15),
    ]
    assert found.ledger[0] == LedgerLine(date(2026, 5, 12), False, DayReason.START_DAY, "", 0)


def test_ledger_names_leave_and_pause() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset())
    calendar = turkish_calendar(also={date(2026, 1, 6): leave})
    stretch = pause("2026-01-07T12:00", "2026-01-08T12:00", "vekâletname bekleniyor")

    ledger = explain(days(2, Unit.WORKING_DAY), local("2026-01-05"), calendar, [stretch])

    assert [(line.reason_code.value, line.detail) for line in ledger] == [
        ("start_day", ""),
        ("leave", "İdari izin"),
        ("paused", "vekâletname bekleniyor"),
        ("counted", ""),
        ("counted", ""),
    ]


def test_ledger_of_opening_hours_counts_seconds_of_each_date() -> None:
    stretch = pause("2026-05-28T12:00", "2026-06-02T08:00", "mücbir sebep")

    ledger = explain(opening(3), local("2026-05-26T10:00"), TURKEY, [stretch])

    assert [(line.date.day, line.counted, line.reason_code.value, line.total) for line in ledger] == [
        (26, True, "counted", 7_200),
        (27, False, "holiday", 7_200),
        (28, False, "holiday", 7_200),
        (29, False, "holiday", 7_200),
        (30, False, "holiday", 7_200),
        (31, False, "weekend", 7_200),
        (1, False, "paused", 7_200),
        (2, True, "counted", 10_800),
    ]


def test_ledger_after_closing_says_closed() -> None:
    ledger = explain(opening(1), local("2026-01-05T18:00"), TURKEY)

    assert [line.reason_code for line in ledger] == [DayReason.CLOSED, DayReason.COUNTED]


@pytest.mark.parametrize("policy", [days(15), opening(60)])
def test_ledger_of_a_paused_clock_ends_there(policy: Policy) -> None:
    ledger = explain(policy, local("2026-01-05"), TURKEY, [pause("2026-01-06T20:00", None, "dış kurum")])

    last = ledger[-1]
    assert (last.reason_code, last.detail) == (DayReason.STILL_PAUSED, "dış kurum")
    assert last.date == (date(2026, 1, 6) if policy.limit.unit is Unit.CALENDAR_DAY else date(2026, 1, 7))


def test_ledger_counts_whole_seconds_only() -> None:
    """Half a second before three o'clock less than three hours have counted."""
    ledger = explain(opening(8), local("2026-01-05T09:00:00.500000"), TURKEY)

    assert [line.total for line in ledger] == [7 * 3_600 - 1, 8 * 3_600]


@pytest.mark.parametrize(
    ("policy", "reasons"), [(days(15), ["vatandaş", "vatandaş", "dış kurum"]), (opening(16), ["vatandaş", "dış kurum"])]
)
def test_ledger_of_pauses_that_overlap_names_each_for_its_own_dates(policy: Policy, reasons: list[str]) -> None:
    both = [
        pause("2026-01-06T12:00", "2026-01-08T12:00", "vatandaş"),
        pause("2026-01-07T12:00", "2026-01-09T12:00", "dış kurum"),
    ]

    ledger = explain(policy, local("2026-01-05T16:00"), TURKEY, both)

    assert [line.detail for line in ledger if line.reason_code is DayReason.PAUSED] == reasons


def test_date_that_ended_before_the_start_was_closed_and_not_paused() -> None:
    """A pause that begins exactly at closing time, for a request that came later."""
    evening = pause("2026-01-05T17:00", "2026-01-06T09:00")

    ledger = explain(opening(1), local("2026-01-05T18:00"), TURKEY, [evening])

    assert [line.reason_code for line in ledger] == [DayReason.CLOSED, DayReason.COUNTED]

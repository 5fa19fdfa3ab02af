"""Due dates: the known vectors, the rules one by one, and the bugs that other systems shipped."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.sla.calendar import ClockKind, DayKind, SpecialDay
from app.sla.deadline import (
    Basis,
    DayReason,
    DeadlineError,
    LedgerLine,
    Pause,
    Policy,
    Roll,
    deadline,
    explain,
    on_time,
    working_days_before,
)
from app.sla.limit import Limit, Unit
from tests.sla.calendars import (
    ALWAYS_OPEN,
    ISTANBUL,
    OFFICE_DAY,
    OFFICE_WEEK,
    days,
    holiday,
    local,
    opening,
    plain_calendar,
    turkish_calendar,
)

TURKEY = turkish_calendar()
END_OF_DAY = time(23, 59, 59, 999999)

# start, 15 calendar days, 15 working days, 30 calendar days, 30 working days
VECTORS = [
    ("2026-01-02", "2026-01-19", "2026-01-23", "2026-02-02", "2026-02-13"),
    ("2026-03-05", "2026-03-23", "2026-03-27", "2026-04-06", "2026-04-17"),
    ("2026-04-28", "2026-05-13", "2026-05-21", "2026-06-01", "2026-06-16"),
    ("2026-05-11", "2026-05-26", "2026-06-05", "2026-06-10", "2026-06-26"),
    ("2026-05-12", "2026-06-01", "2026-06-08", "2026-06-11", "2026-06-29"),
    ("2026-08-14", "2026-08-31", "2026-09-04", "2026-09-14", "2026-09-25"),
    ("2026-10-13", "2026-10-28", "2026-11-04", "2026-11-12", "2026-11-25"),
    ("2026-12-17", "2027-01-04", "2027-01-08", "2027-01-18", "2027-01-29"),
    ("2025-05-22", "2025-06-10", "2025-06-16", "2025-06-23", "2025-07-07"),
]


def due_date(policy: Policy, start: str, *pauses: Pause) -> str:
    """The local due date of a limit of days under the Turkish calendar; it is due when that date ends."""
    due = deadline(policy, local(start), TURKEY, pauses).due_at.astimezone(ISTANBUL)
    assert due.time() == END_OF_DAY
    return due.date().isoformat()


def due_time(policy: Policy, start: str, *pauses: Pause) -> str:
    """The local due minute under the Turkish calendar."""
    return f"{deadline(policy, local(start), TURKEY, pauses).due_at.astimezone(ISTANBUL):%Y-%m-%dT%H:%M}"


def pause(start: str, end: str | None, reason: str = "vatandaş yanıtı bekleniyor") -> Pause:
    """A pause between two local times."""
    return Pause(local(start), None if end is None else local(end), reason)


# ── the vectors ──


@pytest.mark.parametrize("vector", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_known_due_dates(vector: tuple[str, str, str, str, str]) -> None:
    start = vector[0]
    found = [
        due_date(days(amount, unit), start)
        for amount in (15, 30)
        for unit in (Unit.CALENDAR_DAY, Unit.WORKING_DAY)
    ]

    assert found == list(vector[1:])


@pytest.mark.parametrize("hour", ["T00:00", "T08:30", "T13:00", "T23:59"])
def test_hour_of_the_start_does_not_move_a_limit_of_days(hour: str) -> None:
    assert due_date(days(15), f"2026-05-12{hour}") == "2026-06-01"


@pytest.mark.parametrize(
    ("counts", "working_days", "calendar_days"),
    [
        (frozenset(ClockKind), "2026-06-05", "2026-05-25"),
        (frozenset[ClockKind](), "2026-06-09", "2026-06-01"),
    ],
)
def test_administrative_leave_counts_or_not_as_decided(
    counts: frozenset[ClockKind], working_days: str, calendar_days: str
) -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=counts)
    calendar = turkish_calendar(also={date(2026, 5, 25): leave, date(2026, 5, 26): leave})

    by_working_days = deadline(days(15, Unit.WORKING_DAY), local("2026-05-11"), calendar).due_at
    by_calendar_days = deadline(days(15), local("2026-05-10"), calendar).due_at

    assert by_working_days.astimezone(ISTANBUL).date().isoformat() == working_days
    assert by_calendar_days.astimezone(ISTANBUL).date().isoformat() == calendar_days


def test_leave_may_count_for_one_kind_of_clock_only() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.STATUTORY}))
    calendar = turkish_calendar(also={date(2026, 5, 25): leave})
    limit = Limit(15, Unit.WORKING_DAY)

    promise = deadline(Policy(limit), local("2026-05-11"), calendar).due_at
    statutory = deadline(Policy(limit, clock_kind=ClockKind.STATUTORY), local("2026-05-11"), calendar).due_at

    assert promise.astimezone(ISTANBUL).date() == date(2026, 6, 8)
    assert statutory.astimezone(ISTANBUL).date() == date(2026, 6, 5)


def test_saturday_in_istanbul_is_not_friday_in_utc() -> None:
    """C5, B13: Saturday 01:00 in Istanbul is Friday 22:00 UTC."""
    started_at = datetime(2026, 1, 16, 22, tzinfo=UTC)

    due = deadline(days(5, Unit.WORKING_DAY), started_at, TURKEY).due_at

    assert due == datetime(2026, 1, 23, 20, 59, 59, 999999, tzinfo=UTC)


def test_saturday_intake_before_a_half_day_and_a_holiday() -> None:
    """C5: 28 October closes at 13:00 and counts, 29 October does not."""
    assert due_date(days(5, Unit.WORKING_DAY), "2026-10-24T01:00") == "2026-11-02"


# ── limits of days ──


def test_last_date_that_is_a_half_day_stays() -> None:
    assert due_date(days(15), "2026-05-11") == "2026-05-26"


def test_without_rolling_the_last_date_stays_on_a_sunday() -> None:
    assert due_date(days(16, roll=Roll.NONE), "2026-01-02") == "2026-01-18"


def test_short_limit_over_a_weekend_counts_working_days() -> None:
    """B26: Friday 17:00 and two working days end on Tuesday, not on Sunday."""
    assert due_date(days(2, Unit.WORKING_DAY), "2026-01-09T17:00") == "2026-01-13"


def test_week_is_seven_calendar_days() -> None:
    assert due_date(days(2, Unit.WEEK), "2026-01-05") == "2026-01-19"


@pytest.mark.parametrize(
    ("amount", "start", "due"),
    [
        (1, "2026-01-05", "2026-02-05"),
        (1, "2026-01-31", "2026-03-02"),  # 28 February 2026 is a Saturday
        (1, "2028-01-31", "2028-02-29"),
        (1, "2026-12-15", "2027-01-15"),
        (13, "2026-01-31", "2027-03-01"),  # 28 February 2027 is a Sunday
        (3, "2026-03-19", "2026-06-19"),
    ],
)
def test_month_ends_on_the_same_day_or_the_last_one_then_rolls(amount: int, start: str, due: str) -> None:
    assert due_date(days(amount, Unit.MONTH), start) == due


def test_working_saturday_takes_the_limit() -> None:
    working = SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=((time(9), time(13)),))
    calendar = turkish_calendar(also={date(2026, 1, 10): working})

    due = deadline(days(2, Unit.WORKING_DAY), local("2026-01-08"), calendar).due_at

    assert due.astimezone(ISTANBUL).date() == date(2026, 1, 10)


def test_date_that_a_zone_skipped_is_not_counted() -> None:
    """B12: Apia had no Friday, 30 December 2011."""
    apia = plain_calendar("Pacific/Apia")
    start = local("2011-12-28", apia.tz)

    assert deadline(days(2), start, apia).due_at.astimezone(apia.tz).date() == date(2012, 1, 2)
    assert deadline(days(2, roll=Roll.NONE), start, apia).due_at.astimezone(apia.tz).date() == date(
        2011, 12, 31
    )
    month = deadline(days(1, Unit.MONTH), local("2011-12-20", apia.tz), apia)
    assert month.due_at.astimezone(apia.tz).date() == date(2012, 1, 20)


def test_last_date_ends_after_its_repeated_hour() -> None:
    """Almaty set its clocks back from midnight to 23:00 on 29 February 2024: that date had 25 hours."""
    almaty = plain_calendar("Asia/Almaty")

    due = deadline(days(1), local("2024-02-28", almaty.tz), almaty).due_at

    assert due == datetime(2024, 2, 29, 18, 59, 59, 999999, tzinfo=UTC)


# ── pauses of limits of days ──


def test_pause_and_resume_within_one_day_change_nothing() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T09:00", "2026-01-07T17:00")) == "2026-01-20"


def test_pause_drops_its_first_date_and_not_the_date_of_resuming() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T09:00", "2026-01-09T09:00")) == "2026-01-22"


def test_pause_that_ends_at_midnight_drops_the_date_before() -> None:
    assert due_date(days(15), "2026-01-05", pause("2026-01-07T23:00", "2026-01-08T00:00")) == "2026-01-21"


def test_pause_on_a_weekend_costs_a_working_day_limit_nothing() -> None:
    """B29: a weekend's pause was credited in full."""
    weekend = pause("2026-01-10T09:00", "2026-01-12T08:00")

    assert due_date(days(10, Unit.WORKING_DAY), "2026-01-05", weekend) == due_date(
        days(10, Unit.WORKING_DAY), "2026-01-05"
    )


def test_pause_never_puts_the_due_instant_inside_a_day() -> None:
    """B28: the pause pushed the deadline past closing time; here it is dropped dates, never added hours."""
    assert due_date(days(3), "2026-01-05", pause("2026-01-06T16:59", "2026-01-07T08:31")) == "2026-01-09"


def test_pauses_that_overlap_are_counted_once() -> None:
    """B34, B91: overlapping stretches were counted twice."""
    both = (pause("2026-01-07", "2026-01-10"), pause("2026-01-08", "2026-01-12"))

    assert due_date(days(15), "2026-01-05", *both) == due_date(
        days(15), "2026-01-05", pause("2026-01-07", "2026-01-12")
    )


def test_all_pauses_of_a_reopened_ticket_are_honoured() -> None:
    """B38: only one pause was honoured when a ticket was reopened several times."""
    several = [pause(f"2026-01-{day:02}T09:00", f"2026-01-{day + 1:02}T09:00") for day in (6, 8, 12)]

    assert due_date(days(15), "2026-01-05", *several) == "2026-01-23"


def test_pause_pushes_a_month_by_its_dates() -> None:
    assert due_date(days(1, Unit.MONTH), "2026-01-05", pause("2026-01-07", "2026-01-11")) == "2026-02-09"


def test_date_that_a_limit_rolls_to_is_skipped_while_paused() -> None:
    """15 days from 2 January end on Saturday 17; the clock stands still on Monday 19."""
    assert due_date(days(15), "2026-01-02", pause("2026-01-18T12:00", "2026-01-20T12:00")) == "2026-01-20"


def test_pause_after_the_due_date_changes_nothing() -> None:
    assert due_date(days(15), "2026-01-02", pause("2026-01-20T00:00", None)) == "2026-01-19"


def test_pause_before_the_start_changes_nothing() -> None:
    assert due_date(days(15), "2026-01-02", pause("2025-12-01", "2026-01-02T09:00")) == "2026-01-19"


@pytest.mark.parametrize(
    "policy", [days(15), days(15, Unit.WORKING_DAY), opening(60), Policy(Limit(400, Unit.HOUR))]
)
def test_clock_that_stands_still_has_no_due_date(policy: Policy) -> None:
    """B40: time ran on while a ticket was snoozed."""
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-07", None)])

    assert refused.value.code == "paused"


# ── limits of hours, minutes and seconds ──


def test_ten_minutes_round_the_clock() -> None:
    assert due_time(Policy(Limit(10, Unit.MINUTE)), "2026-01-10T23:55") == "2026-01-11T00:05"


def test_seconds_are_exact() -> None:
    started_at = datetime(2026, 1, 5, 9, 0, 0, 250, tzinfo=UTC)

    assert deadline(Policy(Limit(20, Unit.SECOND)), started_at, TURKEY).due_at == started_at + timedelta(
        seconds=20
    )


def test_immediate_is_due_at_its_start() -> None:
    started_at = local("2026-01-10T03:00")

    assert deadline(Policy(Limit(0, Unit.IMMEDIATE)), started_at, TURKEY).due_at == started_at


@pytest.mark.parametrize(
    ("policy", "start", "due"),
    [
        (opening(1), "2026-01-05T09:00", "2026-01-05T10:00"),
        (opening(1), "2026-01-05T07:00", "2026-01-05T09:30"),
        (opening(2), "2026-01-05T11:00", "2026-01-05T14:00"),
        (opening(1), "2026-01-05T12:30", "2026-01-05T14:00"),
        (opening(8), "2026-01-05T10:00", "2026-01-06T10:30"),
        (opening(1), "2026-01-09T16:30", "2026-01-12T09:00"),
        (opening(2), "2026-05-26T11:00", "2026-06-01T09:30"),
        (opening(10, Unit.MINUTE), "2026-01-05T16:55", "2026-01-06T08:35"),
    ],
)
def test_opening_hours_carry_over_to_the_next_opening(policy: Policy, start: str, due: str) -> None:
    """B24: Friday 16:30 and one hour end on Monday. B16, B25: starts outside the hours."""
    assert due_time(policy, start) == due


@pytest.mark.parametrize(
    ("hours", "start", "due"),
    [(4, "2026-01-05T13:00", "2026-01-05T17:00"), (75, "2026-01-05T08:30", "2026-01-16T17:00")],
)
def test_limit_that_ends_exactly_at_closing_stays_on_that_day(hours: int, start: str, due: str) -> None:
    """B18: it rolled to the next opening."""
    assert due_time(opening(hours), start) == due


def test_twenty_four_hours_of_a_saturday_start_end_at_the_third_closing() -> None:
    """B18 as reported: Saturday, 24 hours, 10:00 to 18:00."""
    calendar = plain_calendar("Europe/Istanbul", (((time(10), time(18)),),) * 5 + ((), ()))

    due = deadline(opening(24), local("2026-01-10T12:00"), calendar).due_at

    assert due.astimezone(ISTANBUL).isoformat() == "2026-01-14T18:00:00+03:00"


def test_minutes_near_an_offset_are_minutes() -> None:
    """B10, B17: half an hour was counted as an hour, or as nothing."""
    assert due_time(opening(30, Unit.MINUTE), "2026-01-05T11:45") == "2026-01-05T13:15"


def test_more_than_a_hundred_hours_are_possible() -> None:
    """B27: the budget could not pass 99:59 hours. B87: 120 h read the same everywhere."""
    assert due_time(Policy(Limit(120, Unit.HOUR)), "2026-01-05T09:00") == "2026-01-10T09:00"


@pytest.mark.parametrize(
    ("policy", "start", "end", "due"),
    [
        (opening(2), "2026-01-05T10:00", "2026-01-05T10:30", "2026-01-05T11:30"),
        (opening(3), "2026-01-05T11:00", "2026-01-05T13:30", "2026-01-05T14:30"),
        (opening(2), "2026-01-05T20:00", "2026-01-05T23:00", "2026-01-05T11:00"),
        (Policy(Limit(2, Unit.HOUR)), "2026-01-05T10:00", "2026-01-07T10:00", "2026-01-07T11:00"),
    ],
)
def test_pause_is_not_running_time(policy: Policy, start: str, end: str, due: str) -> None:
    assert due_time(policy, "2026-01-05T09:00", pause(start, end)) == due


def test_limit_used_up_when_an_open_pause_begins_is_due_then() -> None:
    assert due_time(opening(1), "2026-01-05T09:00", pause("2026-01-05T10:00", None)) == "2026-01-05T10:00"


def test_pauses_in_local_time_are_measured_as_instants() -> None:
    """Python subtracts two instants of one zone by their wall clocks: an hour was lost when clocks change."""
    new_york = plain_calendar("America/New_York", ALWAYS_OPEN)
    over_the_change = Pause(
        local("2026-03-08T01:00", new_york.tz), local("2026-03-08T04:00", new_york.tz), "deneme"
    )

    due = deadline(opening(4), local("2026-03-08T00:00", new_york.tz), new_york, [over_the_change]).due_at

    assert due == local("2026-03-08T07:00", new_york.tz)


def test_hour_over_the_end_of_summer_time_is_an_hour() -> None:
    """B6: one working hour at the change returned the same instant."""
    new_york = plain_calendar("America/New_York", ALWAYS_OPEN)
    started_at = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    assert deadline(opening(1), started_at, new_york).due_at == started_at + timedelta(hours=1)


# ── the ledger ──


def test_ledger_says_for_every_date_why() -> None:
    found = deadline(days(15), local("2026-05-12"), TURKEY)

    assert found.ledger == explain(days(15), local("2026-05-12"), TURKEY)
    assert [
        (line.date.day, line.reason_code.value, line.detail, line.total) for line in found.ledger[-7:]
    ] == [
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
def test_ledger_of_a_clock_that_stands_still_ends_there(policy: Policy) -> None:
    ledger = explain(policy, local("2026-01-05"), TURKEY, [pause("2026-01-06T20:00", None, "dış kurum")])

    last = ledger[-1]
    assert (last.reason_code, last.detail) == (DayReason.STILL_PAUSED, "dış kurum")
    assert last.date == (date(2026, 1, 6) if policy.limit.unit is Unit.CALENDAR_DAY else date(2026, 1, 7))


# ── bad input ──


def test_instant_without_a_zone_is_refused() -> None:
    """B8: naive times were read in the reader's zone."""
    naive = datetime(2026, 1, 5)  # noqa: DTZ001  the very thing that is refused

    with pytest.raises(DeadlineError) as start_refused:
        deadline(days(1), naive, TURKEY)
    with pytest.raises(DeadlineError) as pause_refused:
        Pause(naive, None, "deneme")

    assert start_refused.value.code == pause_refused.value.code == "naive_instant"


def test_pause_that_ends_before_it_starts_is_refused() -> None:
    """B36: negative holds gave negative times."""
    with pytest.raises(DeadlineError) as refused:
        pause("2026-01-06", "2026-01-05")

    assert refused.value.code == "pause_order"


@pytest.mark.parametrize(
    ("policy", "code"),
    [(opening(1), "never_open"), (days(1, Unit.WORKING_DAY), "no_working_day"), (days(1), "no_working_day")],
)
def test_calendar_that_never_opens_is_an_error_and_not_a_hang(policy: Policy, code: str) -> None:
    """B22: an endless loop."""
    closed = {date(2026, 1, 1) + timedelta(number): holiday() for number in range(1_000)}

    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), turkish_calendar(also=closed))

    assert refused.value.code == code


def test_limit_of_days_that_passes_a_long_closure_is_no_error() -> None:
    closed = {date(2026, 1, 1) + timedelta(number): holiday() for number in range(900)}

    found = deadline(days(1_000), local("2026-01-05"), turkish_calendar(also=closed))

    assert found.due_at.astimezone(ISTANBUL).date() == date(2028, 10, 2)


@pytest.mark.parametrize(
    "policy", [days(30), days(120, Unit.MONTH), opening(80), Policy(Limit(48, Unit.HOUR))]
)
@pytest.mark.parametrize("year", ["9999-12-30", "9999-12-31T23:59"])
def test_end_of_the_calendar_is_a_typed_error(policy: Policy, year: str) -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local(year), TURKEY)

    assert refused.value.code == "out_of_range"


@pytest.mark.parametrize("policy", [days(1), days(1, Unit.WORKING_DAY), opening(1)])
def test_pause_of_years_is_no_closure(policy: Policy) -> None:
    """Paused working days, and the weekends between them, are not taken for a calendar that never opens."""
    due = deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-05", "2034-01-05")]).due_at

    assert due.astimezone(ISTANBUL).year == 2034


@pytest.mark.parametrize("policy", [days(1), opening(1)])
def test_pause_of_centuries_is_a_typed_error(policy: Policy) -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(policy, local("2026-01-05"), TURKEY, [pause("2026-01-05", "2526-01-05")])

    assert refused.value.code == "out_of_range"


def test_start_at_the_edge_of_time_is_a_typed_error() -> None:
    with pytest.raises(DeadlineError) as refused:
        deadline(days(1), datetime.min.replace(tzinfo=ISTANBUL), TURKEY)

    assert refused.value.code == "out_of_range"


# ── on time, working days before ──


def test_closing_at_the_exact_due_instant_is_on_time() -> None:
    """C10"""
    due = deadline(days(1), local("2026-01-05"), TURKEY).due_at

    assert on_time(due, due)
    assert on_time(due.astimezone(ISTANBUL), due)
    assert not on_time(due + timedelta(microseconds=1), due)


def test_working_days_before_a_date_pass_over_holidays() -> None:
    """Before Monday 1 June 2026 the half day of 26 May counts, Kurban Bayramı does not."""
    found = working_days_before(date(2026, 6, 1), 3, TURKEY, ClockKind.STATUTORY)

    assert found == local("2026-05-22").replace(hour=23, minute=59, second=59, microsecond=999999)


def test_working_days_before_follow_the_kind_of_clock() -> None:
    leave = SpecialDay(DayKind.LEAVE, "İdari izin", counts_as_working=frozenset({ClockKind.STATUTORY}))
    calendar = turkish_calendar(also={date(2026, 1, 8): leave})

    statutory = working_days_before(date(2026, 1, 9), 1, calendar, ClockKind.STATUTORY)
    promise = working_days_before(date(2026, 1, 9), 1, calendar, ClockKind.PROMISE)

    assert (calendar.local_date(statutory), calendar.local_date(promise)) == (
        date(2026, 1, 8),
        date(2026, 1, 7),
    )


def test_working_days_before_the_first_date_are_a_typed_error() -> None:
    with pytest.raises(DeadlineError) as refused:
        working_days_before(date(1, 1, 3), 9, TURKEY)

    assert refused.value.code == "out_of_range"


def test_basis_is_the_round_clock_unless_said_otherwise() -> None:
    """B20: the calendar was ignored or applied by accident."""
    assert Policy(Limit(1, Unit.HOUR)).basis is Basis.ROUND_THE_CLOCK
    assert due_time(Policy(Limit(1, Unit.HOUR)), "2026-01-10T22:00") == "2026-01-10T23:00"


def test_lunch_break_belongs_to_the_calendar_of_the_office() -> None:
    """B21: two segments a day; the same limit in an office without a break ends earlier."""
    without_break = turkish_calendar(weekly=(((time(8, 30), time(17)),),) * 5 + ((), ()))
    with_break = turkish_calendar(weekly=OFFICE_WEEK)
    started_at = local("2026-01-05T11:00")

    due = [deadline(opening(2), started_at, calendar).due_at for calendar in (without_break, with_break)]

    assert due == [local("2026-01-05T13:00"), local("2026-01-05T14:00")]
    assert len(OFFICE_DAY) == 2

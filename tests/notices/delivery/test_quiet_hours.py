"""Quiet hours: offices at work, citizens awake, receipts and short limits immediately (B57)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ISTANBUL
from app.notices.delivery.quiet_hours import Hours, send_at
from app.notices.kinds import Audience, Medium, NoticeKind
from app.sla.calendar import Calendar, DayKind, SpecialDay

OPEN = ((time(8, 30), time(17)),)
DAYS = {
    date(2026, 5, 19): SpecialDay(DayKind.HOLIDAY, "Atatürk'ü Anma, Gençlik ve Spor Bayramı"),
    date(2026, 5, 26): SpecialDay(DayKind.HALF_DAY, "Kurban Bayramı arifesi"),
    date(2026, 5, 27): SpecialDay(DayKind.HOLIDAY, "Kurban Bayramı"),
    date(2026, 5, 28): SpecialDay(DayKind.HOLIDAY, "Kurban Bayramı"),
    date(2026, 5, 29): SpecialDay(DayKind.HOLIDAY, "Kurban Bayramı"),
    date(2026, 6, 6): SpecialDay(DayKind.WORKING, "Telafi", segments=((time(10), time(12)),)),
}
CALENDAR = Calendar("1", "Europe/Istanbul", (*[OPEN] * 5, (), ()), DAYS)
HOURS = Hours.parse("08:00-21:00")


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ISTANBUL)


def sent(
    now: datetime,
    kind: NoticeKind = NoticeKind.ESCALATION_1,
    audience: Audience = Audience.OFFICE,
    medium: Medium = Medium.EMAIL,
    *,
    under_a_day: bool = False,
) -> datetime:
    return send_at(
        kind,
        audience,
        medium,
        under_a_day=under_a_day,
        created_at=now,
        now=now,
        calendar=CALENDAR,
        sms_hours=HOURS,
    )


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (at(5, 12, 8, 29), at(5, 12, 8, 30)),
        (at(5, 12, 8, 30), at(5, 12, 8, 30)),
        (at(5, 12, 16, 59), at(5, 12, 16, 59)),
        (at(5, 12, 17), at(5, 13, 8, 30)),
        (at(5, 13, 0), at(5, 13, 8, 30)),
        (at(5, 15, 17), at(5, 18, 8, 30)),
        (at(5, 16, 11), at(5, 18, 8, 30)),
        (at(5, 17, 11), at(5, 18, 8, 30)),
        (at(5, 18, 18), at(5, 20, 8, 30)),
        (at(5, 26, 12, 59), at(5, 26, 12, 59)),
        (at(5, 26, 13), at(6, 1, 8, 30)),
        (at(6, 6, 9), at(6, 6, 10)),
        (at(6, 6, 12), at(6, 8, 8, 30)),
    ],
    ids=str,
)
@pytest.mark.parametrize("audience", [Audience.OFFICE, Audience.UNIT])
def test_offices_are_written_to_while_they_are_open(now: datetime, then: datetime, audience: Audience) -> None:
    """B57: no mail at midnight, none on weekends, none from the eve of a holiday at 13:00 on."""
    assert sent(now, audience=audience) == then


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (at(5, 12, 7, 59), at(5, 12, 8)),
        (at(5, 12, 8), at(5, 12, 8)),
        (at(5, 12, 20, 59), at(5, 12, 20, 59)),
        (at(5, 12, 21), at(5, 13, 8)),
        (at(5, 13, 3), at(5, 13, 8)),
        (at(5, 17, 11), at(5, 17, 11)),
    ],
    ids=str,
)
def test_citizens_get_sms_while_they_are_awake(now: datetime, then: datetime) -> None:
    assert sent(now, NoticeKind.RESOLUTION, Audience.CITIZEN, Medium.SMS) == then


@pytest.mark.parametrize("medium", list(Medium))
def test_a_receipt_answers_the_citizen_at_any_hour(medium: Medium) -> None:
    assert sent(at(5, 13, 3), NoticeKind.RECEIPT, Audience.CITIZEN, medium) == at(5, 13, 3)


@pytest.mark.parametrize("medium", [Medium.EMAIL, Medium.WEBHOOK])
def test_a_citizens_mail_leaves_at_any_hour(medium: Medium) -> None:
    assert sent(at(5, 13, 3), NoticeKind.RESOLUTION, Audience.CITIZEN, medium) == at(5, 13, 3)


def test_a_warning_of_a_limit_under_a_day_can_not_wait() -> None:
    now = at(5, 16, 23)
    assert sent(now, NoticeKind.WARNING, Audience.UNIT, under_a_day=True) == now


@pytest.mark.parametrize(("now", "then"), [(at(5, 12, 9), at(5, 13, 8, 30)), (at(5, 15, 9), at(5, 18, 8, 30))], ids=str)
def test_level_1_of_a_limit_under_a_day_is_sent_once_a_day(now: datetime, then: datetime) -> None:
    assert sent(now, under_a_day=True) == then
    later = send_at(
        NoticeKind.ESCALATION_1,
        Audience.OFFICE,
        Medium.EMAIL,
        under_a_day=True,
        created_at=now,
        now=then,
        calendar=CALENDAR,
        sms_hours=HOURS,
    )
    assert later == then


@given(st.integers(0, 330 * 24 * 60), st.sampled_from(Audience), st.sampled_from(Medium))
def test_a_postponed_notice_may_leave_at_its_instant(minute: int, audience: Audience, medium: Medium) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    then = sent(now, NoticeKind.REFERRAL, audience, medium)
    assert now <= then <= now + timedelta(days=12)
    assert sent(then, NoticeKind.REFERRAL, audience, medium) == then


def test_hours_are_read_from_the_setting() -> None:
    assert Hours.parse("08:00-21:00") == (time(8), time(21))
    assert Hours.parse("00:00-24:00").end == time.max

"""Calendars and generators of random cases for the tests of time."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.sla.calendar import Calendar, ClockKind, DayKind, Segment, SpecialDay
from app.sla.deadline import Basis, Pause, Policy, Roll
from app.sla.limit import Limit, Unit
from app.sla.turkish_holidays import turkish_special_days

ISTANBUL = ZoneInfo("Europe/Istanbul")
OFFICE_DAY: tuple[Segment, ...] = ((time(8, 30), time(12)), (time(13), time(17)))
OFFICE_WEEK = (OFFICE_DAY,) * 5 + ((), ())
ALWAYS_OPEN = (((time(0), time(0)),),) * 7
NIGHT_SHIFT = (((time(0), time(6)), (time(22), time(0))),) * 7


def turkish_calendar(
    years: Iterable[int] = range(2024, 2030),
    *,
    also: Mapping[date, SpecialDay] | None = None,
    weekly: tuple[tuple[Segment, ...], ...] = OFFICE_WEEK,
) -> Calendar:
    """The municipality's calendar: the holidays of these years, and `also` on top of them."""
    return Calendar("test", "Europe/Istanbul", weekly, turkish_special_days(years) | dict(also or {}))


def plain_calendar(zone: str, weekly: tuple[tuple[Segment, ...], ...] = OFFICE_WEEK) -> Calendar:
    """A calendar without special days in any zone."""
    return Calendar("test", zone, weekly)


def local(text: str, zone: ZoneInfo = ISTANBUL) -> datetime:
    """Return the instant at which the zone's wall clock shows that ISO text; 10:00 for a date."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T10:00").replace(tzinfo=zone)


def days(amount: int, unit: Unit = Unit.CALENDAR_DAY, roll: Roll = Roll.NEXT_WORKING_DAY) -> Policy:
    """A policy that counts dates."""
    return Policy(Limit(amount, unit), roll=roll)


def opening(amount: int, unit: Unit = Unit.HOUR) -> Policy:
    """A policy that runs in opening hours."""
    return Policy(Limit(amount, unit), Basis.OPENING_HOURS)


def pause(start: str, end: str | None, reason: str = "vatandaş yanıtı bekleniyor") -> Pause:
    """A pause between two local times."""
    return Pause(local(start), None if end is None else local(end), reason)


def holiday(name: str = "Deneme tatili") -> SpecialDay:
    """A holiday of the test."""
    return SpecialDay(DayKind.HOLIDAY, name)


def instants(first: str = "2025-01-01", last: str = "2028-01-01") -> st.SearchStrategy[datetime]:
    """Random UTC instants on whole minutes."""
    begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
    end = datetime.fromisoformat(last).replace(tzinfo=UTC)
    minutes = int((end - begin) / timedelta(minutes=1))
    return st.integers(0, minutes).map(lambda number: begin + timedelta(minutes=number))


day_limits = st.one_of(
    st.builds(Limit, st.integers(1, 60), st.sampled_from((Unit.CALENDAR_DAY, Unit.WORKING_DAY))),
    st.builds(Limit, st.integers(1, 8), st.just(Unit.WEEK)),
    st.builds(Limit, st.integers(1, 5), st.just(Unit.MONTH)),
)
clock_limits = st.one_of(
    st.builds(Limit, st.integers(1, 3_000), st.just(Unit.MINUTE)),
    st.builds(Limit, st.integers(1, 60), st.just(Unit.HOUR)),
)
day_policies = st.builds(
    Policy, day_limits, st.just(Basis.ROUND_THE_CLOCK), st.sampled_from(Roll), st.sampled_from(ClockKind)
)
clock_policies = st.builds(Policy, clock_limits, st.sampled_from(Basis))
policies = st.one_of(day_policies, clock_policies)


# kinds of weekdays: closed, hours of offices and shifts, and hours across a change of clocks
WEEKDAYS: tuple[tuple[Segment, ...], ...] = (
    (),
    OFFICE_DAY,
    ALWAYS_OPEN[0],
    NIGHT_SHIFT[0],
    ((time(8), time(10)), (time(11), time(12)), (time(14), time(14, 30)), (time(14, 30), time(18))),
    ((time(0, 30), time(3, 15)), (time(22, 45), time(0))),
)


def special_days(counts: st.SearchStrategy[frozenset[ClockKind]]) -> st.SearchStrategy[SpecialDay]:
    """Special days that remove time: holidays, half days, leave of a day or from an hour on."""
    ends = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
    return st.one_of(
        st.just(holiday()),
        st.builds(SpecialDay, st.just(DayKind.HALF_DAY), st.just("Yarım gün"), ends, counts),
        st.builds(SpecialDay, st.just(DayKind.LEAVE), st.just("İzin"), st.none() | ends, counts),
    )


any_clocks = st.frozensets(st.sampled_from(ClockKind))
time_off = special_days(any_clocks)
working_days = st.sampled_from(WEEKDAYS[1:]).map(
    lambda segments: SpecialDay(DayKind.WORKING, "Telafi çalışması", segments=segments)
)


@st.composite
def calendars(draw: st.DrawFn, zone: str = "Europe/Istanbul", first: str = "2025-01-01", span: int = 500) -> Calendar:
    """A calendar of any week, with any special days within a number of dates from `first` on."""
    week = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=7, max_size=7).filter(any))
    working = draw(st.just(frozenset(range(5))) | st.frozensets(st.integers(0, 6), min_size=1))
    dates = st.integers(0, span).map(lambda number: date.fromisoformat(first) + timedelta(number))
    special = draw(st.dictionaries(dates, time_off | working_days, max_size=40))
    return Calendar("random", zone, tuple(week), special, working)


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime, most: int = 4) -> tuple[Pause, ...]:
    """Closed pauses within about two months after (and a little before) the start; they may overlap."""
    made = []
    for number in range(draw(st.integers(0, most))):
        begin = start + timedelta(minutes=draw(st.integers(-2_000, 80_000)))
        length = draw(st.one_of(st.integers(0, 600), st.integers(0, 20_000)))
        made.append(Pause(begin, begin + timedelta(minutes=length), f"neden {number}"))
    return tuple(made)

"""Filters of the text files: dates, amounts and limits in Turkish and in English."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from babel.dates import format_date as babel_date
from babel.numbers import format_decimal

from app.core.clock import ISTANBUL
from app.core.turkish import format_date, format_datetime, format_long_date
from app.sla.limit import Limit, Unit, parse_limit

_AMOUNT = "#,##0.00"

_WORDS_EN = {
    Unit.SECOND: "second",
    Unit.MINUTE: "minute",
    Unit.HOUR: "hour",
    Unit.CALENDAR_DAY: "day",
    Unit.WORKING_DAY: "working day",
    Unit.WEEK: "week",
    Unit.MONTH: "month",
}


def tr_date(value: date) -> str:
    """Return `01.06.2026`, for an instant in Europe/Istanbul; raise `ValueError` for a naive instant."""
    return format_date(_day(value))


def tr_day(value: date) -> str:
    """Return `1 Haziran 2026 Pazartesi`."""
    return format_long_date(_day(value))


def tr_time(value: datetime) -> str:
    """Return `14:05` in Europe/Istanbul, for Turkish and English texts."""
    return f"{local(value):%H:%M}"


def tr_datetime(value: datetime) -> str:
    """Return `01.06.2026 14:05` in Europe/Istanbul."""
    return format_datetime(local(value))


def tr_money(value: Decimal) -> str:
    """Return `1.234,56 TL`."""
    return f"{format_decimal(value, _AMOUNT, locale='tr')} TL"


def en_date(value: date) -> str:
    """Return `1 June 2026`, for an instant in Europe/Istanbul; raise `ValueError` for a naive instant."""
    return babel_date(_day(value), "d MMMM y", locale="en")


def en_day(value: date) -> str:
    """Return `Monday 1 June 2026`."""
    return babel_date(_day(value), "EEEE d MMMM y", locale="en")


def en_money(value: Decimal) -> str:
    """Return `TL 1,234.56`."""
    return f"TL {format_decimal(value, _AMOUNT, locale='en')}"


def en_limit(printed: str) -> str:
    """Return the printed limit in English (`15 days` for `15 GÜN`), or unchanged if it is no number of units."""
    limit = parse_limit(printed)
    if not isinstance(limit, Limit):
        return printed
    if limit.unit is Unit.IMMEDIATE:
        return "at once"
    return f"{limit.amount} {_WORDS_EN[limit.unit]}{'' if limit.amount == 1 else 's'}"


def remaining(since: datetime, until: datetime) -> str:
    """Return the remaining time: `3 gün` by the dates in Istanbul; within a day hours, or minutes rounded up."""
    days = (local(until).date() - local(since).date()).days
    if until - since >= timedelta(days=1) and days > 0:
        return f"{days} gün"
    minutes = max(0, -(-int((until - since).total_seconds()) // 60))
    return f"{minutes // 60} saat" if minutes >= 60 else f"{minutes} dakika"


def local(value: datetime) -> datetime:
    """Return the instant in Europe/Istanbul; raise `ValueError` for a naive one."""
    if value.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return value.astimezone(ISTANBUL)


def _day(value: date) -> date:
    return local(value).date() if isinstance(value, datetime) else value

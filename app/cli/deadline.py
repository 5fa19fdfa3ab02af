"""`estim deadline`: the due date of a request, drawn as a calendar that marks the dates that count."""

import datetime as dt
from calendar import Calendar as Grid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from babel.dates import get_day_names, get_month_names
from rich.console import Console
from rich.text import Text

from app.cli.context import CommandError, current_time, open_database
from app.core.clock import ISTANBUL
from app.core.errors import Invalid, Unavailable
from app.core.wording import FIELD_SENTENCES, translate
from app.deadlines import wording_tr as tr
from app.deadlines.service import DeadlinePreview, LimitExplanation, PreviewRequest, preview
from app.deadlines.text import result
from app.domain.terms import PauseReason
from app.sla.calendar import DayReason
from app.sla.deadline import DeadlineError, LedgerLine, Pause
from app.sla.explanation import Explanation
from app.sla.limit import Unit
from app.standards.rulebook import RulebookCache
from config.settings import Settings

DATE_WIDTH = 8
"""Width of a date, in characters."""

SIGN_WIDTH = 6
"""Width of a sign in the legend, in characters."""

_DAYS = get_day_names("abbreviated", locale="tr")
_MONTHS = get_month_names("wide", locale="tr")


@dataclass(frozen=True, slots=True)
class Mark:
    """The sign below a date that does not count, its style and its meaning."""

    sign: str
    style: str
    meaning: str


_MARKS: Mapping[DayReason, Mark] = {
    DayReason.START_DAY: Mark("▸", "cyan", "sürenin başladığı gün, sayılmaz"),
    DayReason.WEEKEND: Mark("×", "dim", "hafta sonu"),
    DayReason.HOLIDAY: Mark("T", "red", "resmî tatil"),
    DayReason.HALF_DAY: Mark("½", "red", "yarım gün"),
    DayReason.LEAVE: Mark("İ", "magenta", "idari izin"),
    DayReason.PAUSED: Mark("D", "yellow", "süre durmuştur"),
    DayReason.STILL_PAUSED: Mark("D…", "bold yellow", "süre durmaktadır"),
    DayReason.CLOSED: Mark("K", "dim", "çalışma saatleri dışında"),
    DayReason.NO_SUCH_DATE: Mark("–", "dim", "takvimde olmayan tarih"),
}
_COUNTED: Mapping[Unit, tuple[str, str]] = {
    Unit.CALENDAR_DAY: ("(1)", "o güne kadar sayılan gün"),
    Unit.WORKING_DAY: ("(1)", "o güne kadar sayılan iş günü"),
    Unit.SECOND: ("(2:30)", "o günün sonuna kadar sayılan süre"),
}


async def compute(settings: Settings, request: PreviewRequest) -> DeadlinePreview:
    """Compute the deadline by the present rules; raise `CommandError` naming an invalid option."""
    now = current_time(settings)
    async with open_database(settings) as database:
        try:
            return preview(request, await RulebookCache(database).current(), now=now)
        except Unavailable:
            raise CommandError(f"No catalogue is loaded yet: “estim catalogue load {settings.municipality}”.") from None
        except Invalid as error:
            problems = (
                f"{_option(each.pointer)}: {translate(FIELD_SENTENCES[each.code], 'en', each.facts)}"
                for each in error.errors
            )
            raise CommandError(" ".join(problems)) from None


def parse_instant(text: str, option: str = "--from") -> datetime:
    """Parse a date or date-time; without a zone it is local time of Istanbul."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CommandError(f"{option}: {text!r} is no date-time such as 2026-05-12T10:00.") from None
    return found.replace(tzinfo=ISTANBUL) if found.tzinfo is None else found


def parse_pause(text: str) -> Pause:
    """Parse `START/END:REASON`; an empty END means that the pause continues."""
    interval, _, reason = text.rpartition(":")
    start, slash, end = interval.partition("/")
    if not slash or reason not in set(PauseReason):
        allowed = ", ".join(PauseReason)
        raise CommandError(f"--pause: {text!r} is not START/END:REASON; reasons are {allowed}.")
    try:
        return Pause(parse_instant(start, "--pause"), parse_instant(end, "--pause") if end else None, reason)
    except DeadlineError:
        raise CommandError(f"--pause: {text!r} ends before it starts.") from None


def show(found: DeadlinePreview, console: Console) -> None:
    """Print the calendars of both limits, each with its legend and its due date."""
    console.print(Text(found.service.name, style="bold"), soft_wrap=True)
    for limit in (found.promise, found.statutory):
        if limit is not None:
            for line in _draw(limit):
                console.print(line, soft_wrap=True)


def _option(pointer: str) -> str:
    name = pointer.split("/")[1]
    return "--pause" if name == "pauses" else f"--{name}"


def _draw(limit: LimitExplanation) -> Iterator[Text]:
    explanation = limit.explanation
    yield Text()
    yield Text(f"{tr.CLOCKS[limit.pinned.policy.clock_kind]}: {limit.printed}", style="bold")
    if limit.law is not None:
        yield Text(limit.law, style="dim")
    by_month = groupby(explanation.ledger, key=lambda line: (line.date.year, line.date.month))
    for (year, month), lines in by_month:
        yield Text()
        yield from _month(year, month, {line.date: line for line in lines}, explanation)
    yield Text()
    yield from _legend(explanation)
    for pause in limit.ignored:
        yield Text(f"Bu süreyi durdurmaz: {tr.waiting(pause.reason)} ({tr.instant(pause.start)}).", style="yellow")
    yield from (Text(sentence, style="bold") for sentence in result(explanation))
    if explanation.due_at is not None:
        yield Text(explanation.due_at.astimezone(ISTANBUL).isoformat(), style="dim")


def _month(year: int, month: int, lines: Mapping[dt.date, LedgerLine], explanation: Explanation) -> Iterator[Text]:
    """Yield the lines of a month: the dates of each week, and the marks of the ledger below them."""
    yield Text(f"{_MONTHS[month]} {year}".center(7 * DATE_WIDTH).rstrip(), style="bold")
    yield Text("".join(_DAYS[weekday].rjust(DATE_WIDTH) for weekday in range(7)), style="dim")
    for week in Grid().monthdatescalendar(year, month):
        inside = [day if day.month == month else None for day in week]
        yield _row((str(day.day), "" if day in lines else "dim") if day else ("", "") for day in inside)
        if any(day in lines for day in inside):
            yield _row(_mark(lines[day], explanation) if day and day in lines else ("", "") for day in inside)


def _row(cells: Iterable[tuple[str, str]]) -> Text:
    row = Text()
    for words, style in cells:
        row.append(" " * (DATE_WIDTH - len(words)))
        row.append(words, style=style)
    row.rstrip()
    return row


def _mark(line: LedgerLine, explanation: Explanation) -> tuple[str, str]:
    """Return the mark below a date and its style; the due date is in brackets."""
    due = explanation.due_at is not None and line is explanation.ledger[-1]
    if line.reason_code is DayReason.ROLLED:
        return "[SON]", "bold reverse"
    if line.counted:
        total, star = _short_total(line.total, explanation.unit), "*" if line.detail else ""
        return (f"[{total}]{star}", "bold reverse") if due else (f"({total}){star}", "green")
    mark = _MARKS[line.reason_code]
    return mark.sign, mark.style


def _short_total(total: int, unit: Unit) -> str:
    """Format the counted total briefly: days as `5`, times as `10dk` or `2:30`."""
    if unit is not Unit.SECOND:
        return str(total)
    hours, minutes = divmod(total // 60, 60)
    return f"{hours}:{minutes:02}" if hours else f"{minutes}dk" if minutes else f"{total}sn"


def _legend(explanation: Explanation) -> Iterator[Text]:
    """Yield each used sign with its meaning; holidays, leave and pauses with names and dates."""
    sign, meaning = _COUNTED[explanation.unit]
    yield _legend_entry(sign, "green", meaning)
    for reason, mark in _MARKS.items():
        lines = [line for line in explanation.ledger if line.reason_code is reason]
        if lines:
            yield _legend_entry(mark.sign, mark.style, _with_names(mark.meaning, lines))
    named = [line for line in explanation.ledger if line.counted and line.detail]
    if named:
        yield _legend_entry("*", "green", _with_names("tatil ya da yarım gün, sayılır", named))
    if explanation.due_at is not None:
        yield _legend_entry("[ ]", "bold reverse", "son gün")


def _legend_entry(sign: str, style: str, meaning: str) -> Text:
    return Text("  ").append(sign.ljust(SIGN_WIDTH + 1), style=style).append(meaning)


def _with_names(meaning: str, lines: Sequence[LedgerLine]) -> str:
    named = "; ".join(_named(lines))
    return f"{meaning}: {named}" if named else meaning


def _named(lines: Sequence[LedgerLine]) -> Iterator[str]:
    """Yield the dates of each name, such as `28–30 Mayıs Kurban Bayramı`; skip lines without a name."""
    for _, run in groupby(enumerate(lines), key=lambda each: (each[1].detail, each[1].date.toordinal() - each[0])):
        found = [line for _, line in run]
        if found[0].detail:
            yield f"{_dates(found[0].date, found[-1].date)} {_name(found[0])}"


def _name(line: LedgerLine) -> str:
    paused = line.reason_code in {DayReason.PAUSED, DayReason.STILL_PAUSED}
    return tr.waiting(line.detail) if paused else line.detail


def _dates(first: dt.date, last: dt.date) -> str:
    end = f"{last.day} {_MONTHS[last.month]}"
    if first == last:
        return end
    return f"{first.day}–{end}" if first.month == last.month else f"{first.day} {_MONTHS[first.month]}–{end}"

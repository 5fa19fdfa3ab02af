"""`estim calendar`: special days, decisions about them, and previews of changes."""

from collections.abc import Iterable
from datetime import date, time

from babel.dates import format_date, format_datetime
from rich.console import Console
from rich.table import Table

from app.calendar_admin.service import CalendarChange, apply, preview
from app.cli.context import CommandError, current_time, current_user, open_database
from app.core.clock import ISTANBUL
from app.core.errors import EstimError, Invalid, NotFound
from app.core.wording import FIELD_SENTENCES, PROBLEM_DETAILS, translate
from app.sla.calendar import CalendarError, ClockKind, DayKind, Segment, SpecialDay
from app.sla.calendar_decisions import decisions_in_force
from app.sla.calendar_years import confirm_year, days_of, stored_years
from app.sla.clocks import DueDateMove
from app.standards.rulebook import RulebookCache
from config.settings import Settings


async def show(settings: Settings, year: int, console: Console) -> None:
    """Print the special days of a year, their decisions, and whether the holidays are confirmed."""
    async with open_database(settings) as database, database.reading() as session:
        rules = await RulebookCache(database).current()
        decided = {row.date: row for row in await decisions_in_force(session)}
        stored = next((one for one in await stored_years(session) if one.year == year), None)
    table = Table(title=f"{year}", title_justify="left")
    for heading in ("Tarih", "Gün", "Tür", "Ad", "Karar"):
        table.add_column(heading)
    for day, special in sorted(next(iter(rules.calendars.values())).special_days.items()):
        if day.year == year:
            by = f"{decided[day].decided_by}: {decided[day].reason}" if day in decided else ""
            weekday = format_date(day, "EEEE", locale="tr")
            table.add_row(format_date(day, "dd.MM.yyyy", locale="tr"), weekday, _kind(special), special.name, by)
    console.print(table)
    if stored is None:
        console.print(f"[red]✗[/] The holidays of {year} are not stored.")
    elif stored.confirmed_at is None:
        console.print(f"[yellow]![/] Not confirmed (from {stored.source}): estim calendar confirm {year}")
    else:
        when = format_datetime(stored.confirmed_at.astimezone(ISTANBUL), "dd.MM.yyyy HH:mm", locale="tr")
        console.print(f"[green]✓[/] Confirmed by {stored.confirmed_by}, {when}")


async def confirm(settings: Settings, year: int, console: Console) -> None:
    """Print the stored holidays of a year and record that the user compared them with the official gazette."""
    async with open_database(settings) as database, database.transaction() as session:
        try:
            found = await confirm_year(session, year, actor=current_user(), now=current_time(settings))
        except NotFound:
            raise CommandError(f"The holidays of {year} are not stored; see `estim calendar show`.") from None
        for day, special in days_of(found).items():
            console.print(f"  {format_date(day, 'dd.MM.yyyy EEEE', locale='tr')}  {special.name}", soft_wrap=True)
    console.print(f"[green]✓[/] {year} is confirmed by {found.confirmed_by}.")


async def change(
    settings: Settings, change: CalendarChange, *, reason: str, dry_run: bool, force: bool, console: Console
) -> None:
    """Print which due dates a change moves; apply it unless `dry_run` is set."""
    now = current_time(settings)
    async with open_database(settings) as database:
        rules = await RulebookCache(database).current()
        try:
            async with database.transaction() as session:
                previewed = await preview(session, rules, change, now=now)
            print_moves(previewed.first_moves, console)
            console.print(
                f"{previewed.moved} of {previewed.examined} open clocks move, "
                f"{previewed.earlier} of them to an earlier date; "
                f"{previewed.overdue_at_once} would be late at once.",
                soft_wrap=True,
            )
            if dry_run:
                return
            version, renewed = await apply(
                database,
                rules,
                change,
                expected=rules.calendar_version_id,
                force=force,
                actor=current_user(),
                reason=reason,
                now=now,
            )
        except EstimError as error:
            raise CommandError(_describe_error(error)) from error
    console.print(f"[green]✓[/] Calendar {version}: {renewed.moved} dates moved.", soft_wrap=True)


def parse_special_day(
    kind: DayKind, name: str, *, ends_at: str | None, counts_for: list[str] | None, segments: list[str]
) -> SpecialDay:
    """Return the day that the options describe; raise `CommandError` if they contradict each other."""
    try:
        ends = time.fromisoformat(ends_at) if ends_at else None
        counts = frozenset(ClockKind) if counts_for is None else frozenset(ClockKind(one) for one in counts_for)
        return SpecialDay(kind, name, ends, counts, tuple(_segment(text) for text in segments))
    except (CalendarError, ValueError) as error:
        raise CommandError(f"Not a possible day: {error}") from error


def _segment(text: str) -> Segment:
    start, _, end = text.partition("-")
    return time.fromisoformat(start), time() if end == "24:00" else time.fromisoformat(end)


def print_moves(first: Iterable[tuple[str, DueDateMove]], console: Console) -> None:
    """Print ticket, clock, old and new due date of each move."""
    for number, move in first:
        old, new = (
            format_datetime(instant.astimezone(ISTANBUL), "dd.MM.yyyy HH:mm", locale="tr")
            for instant in (move.old_due_at, move.new_due_at)
        )
        console.print(f"  {number}  {move.kind:<10} {old} → {new}", soft_wrap=True)


def _kind(special: SpecialDay) -> str:
    labels = {
        DayKind.HOLIDAY: "resmî tatil",
        DayKind.HALF_DAY: "yarım gün",
        DayKind.LEAVE: "idari izin",
        DayKind.WORKING: "çalışma günü",
    }
    return labels[special.kind]


def _describe_error(error: EstimError) -> str:
    if isinstance(error, Invalid):
        return " ".join(translate(FIELD_SENTENCES[one.code], "en", one.facts) for one in error.errors)
    return translate(PROBLEM_DETAILS[error.code], "en", error.facts)


def parse_date(text: str) -> date:
    """Parse an ISO date; raise `CommandError` for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no date such as 2026-05-25.") from None

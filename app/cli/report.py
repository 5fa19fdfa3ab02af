"""`estim report`: the compliance report of a month at the terminal or as a CSV file."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.context import CommandError, current_time, open_database
from app.core.clock import ISTANBUL
from app.core.turkish import format_datetime
from app.reports.figures import Compliance, ComplianceLine, Month
from app.reports.queries import read_compliance
from app.reports.sheet import compliance_sheet
from config.settings import Settings


async def read(settings: Settings, month: str) -> Compliance:
    """Return the report of a month; raise `CommandError` for an invalid month."""
    try:
        asked = Month.parse(month)
    except ValueError as error:
        raise CommandError(f"{error}.") from None
    now = current_time(settings)
    async with open_database(settings) as database, database.reading() as session:
        return await read_compliance(session, asked, unit=None, now=now)


def show(report: Compliance, sheet: Path | None, console: Console) -> None:
    """Print a report, or write it to the file `sheet`."""
    if sheet is None:
        console.print(_table(report))
    else:
        sheet.write_bytes(compliance_sheet(report))
        console.print(f"[green]✓[/] {sheet}: {len(report.lines)} rows.", soft_wrap=True)
    if report.as_of is not None:
        as_of = format_datetime(report.as_of.astimezone(ISTANBUL))
        console.print(Text(f"The month is not over; these are the figures of {as_of}.", style="yellow"))


_COUNTS = ("due", "on_time", "late", "open_late", "pending", "cancelled")


def _table(report: Compliance) -> Table:
    table = Table(title=f"Limits due in {report.month}", title_justify="left")
    for heading in ("service", "clock", "limit"):
        table.add_column(heading, overflow="fold")
    for heading in (*_COUNTS, "on time %", "median h", "90 % h"):
        table.add_column(heading.replace("_", " "), justify="right")
    for line in report.lines:
        table.add_row(*_cells(line))
    return table


def _cells(line: ComplianceLine) -> list[Text]:
    figures = (line.share_on_time, line.median_hours, line.ninetieth_hours)
    shown = (line.service, line.clock, line.limit, *(getattr(line, name) for name in _COUNTS), *figures)
    return [Text("–" if each is None else str(each)) for each in shown]

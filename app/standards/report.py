"""Print the check of a published table: literal words beside their meaning, then the problems."""

from collections import Counter

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.sla.limit import Limit, NeedsReview
from app.standards.catalogue import CatalogueCheck
from app.standards.office_block import OFFICE_NAMES
from app.standards.problems import Severity
from app.standards.published_table import PrintedOffice, Row
from app.standards.values import LimitSource, Service

_STYLES = {Severity.ERROR: "bold red", Severity.REVIEW: "yellow", Severity.NOTE: "dim"}
_MARKS = {Severity.ERROR: "✗ stops the load", Severity.REVIEW: "! to be looked at", Severity.NOTE: "· note"}


def print_check(result: CatalogueCheck, console: Console) -> None:
    """Print services, offices, problems and verdict of a check as tables on the console."""
    for heading in result.table.headings:
        console.print(Text(" ".join(heading.split()), style="bold"))
    if result.table.rows:
        console.print(_services(result))
    for office in result.table.offices:
        console.print(_office(office))
    if result.problems:
        console.print(_problems(result))
    console.print(_verdict(result))


def _services(result: CatalogueCheck) -> Table:
    table = Table(title="Services", title_justify="left", show_lines=True, expand=True)
    table.add_column("row", justify="right", no_wrap=True)
    table.add_column("service as printed, and what it became", ratio=3, overflow="fold")
    table.add_column("limit as printed", ratio=1, overflow="fold")
    table.add_column("understood", no_wrap=True)
    table.add_column("person?", no_wrap=True)
    faulty = {found.line for found in result.problems if found.needs_person and not found.source.endswith("yaml")}
    for row in result.table.rows:
        table.add_row(*_cells(result, row, needs_person=row.line in faulty))
    return table


def _cells(result: CatalogueCheck, row: Row, *, needs_person: bool) -> list[Text]:
    service = result.service_of(row)
    name = Text(row.name or "(blank)")
    if service:
        name.append(f"\n{service.code}", style="cyan")
        name.append(f" · starts at {service.clock_start} · documents: {len(service.documents)}", style="dim")
    return [
        Text("–" if row.number is None else str(row.number)),
        name,
        Text(row.limit_text or "(blank)", style="" if row.limit_text else "dim"),
        _understood(result.limit_of(row), service),
        Text("yes", style="bold red") if needs_person else Text("no", style="green"),
    ]


def _understood(limit: Limit | NeedsReview, service: Service | None) -> Text:
    if isinstance(limit, NeedsReview):
        return Text("not understood", style="bold red")
    words = Text(limit.describe_tr(), style="green")
    if service and service.limit_source is LimitSource.ROW_OVERRIDE:
        words.append("\n(row override)", style="magenta")
    if service and not service.accepts_new:
        words.append("\n(import only)", style="yellow")
    return words


def _office(office: PrintedOffice) -> Panel:
    table = Table.grid(padding=(0, 2))
    for label, value in office.printed[1:]:
        table.add_row(Text(label, style="dim"), Text(value) if value else Text("(blank)", style="dim"))
    if office.phone_extension:
        split = Text(f"{office.phone_number}, extension {office.phone_extension}")
        table.add_row(Text("understood", style="dim"), split)
    title = Text(f"{OFFICE_NAMES[office.level]}: {office.place}")
    return Panel(table, title=title, title_align="left", border_style="blue", expand=False)


def _problems(result: CatalogueCheck) -> Table:
    table = Table(title="Findings", title_justify="left", show_lines=True, expand=True)
    table.add_column("", no_wrap=True)
    table.add_column("where", ratio=2, overflow="fold")
    table.add_column("reason", ratio=3, overflow="fold")
    for found in result.problems:
        where = Text(found.source, style="dim")
        where.append("" if found.line is None else f"\nline {found.line}", style="bold not dim")
        where.append(f"\n{_short(found.cell)}" if found.cell else "", style="not dim")
        mark = Text(_MARKS[found.severity], style=_STYLES[found.severity])
        table.add_row(mark, where, Group(Text(found.reason_tr), Text(found.reason_en, style="dim")))
    return table


def _short(cell: str) -> str:
    return cell if len(cell) <= 80 else f"{cell[:79]}…"


def _verdict(result: CatalogueCheck) -> Text:
    counts = Counter(found.severity for found in result.problems)
    read = f"{len(result.table.rows)} services, {len(result.table.offices)} offices"
    if not result.needs_person:
        return Text(f"✓ {read}. Nothing needs a person.", style="bold green")
    need = f"{counts[Severity.ERROR]} stop the load, {counts[Severity.REVIEW]} to be looked at"
    return Text(f"✗ {read}. Needs a person: {need}.", style="bold red")

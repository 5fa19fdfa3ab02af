"""Display of the running month: a live table in a terminal, plain lines elsewhere."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from app.core.turkish import format_long_date
from app.sla.turkish_holidays import turkish_special_days
from demo.api_client import NoticeView, TicketView
from demo.checks import NOTICE_LABELS
from demo.model import CitizenRequest, PromiseResult
from demo.scenario import END, START

WIDE_COLUMNS = 112
SATURDAY = 5

STATE_LABELS: Mapping[str, str] = {
    "received": "Alındı",
    "awaiting_documents": "Eksik belge",
    "registered": "Kaydedildi",
    "referred": "Sevk edildi",
    "returned": "İade",
    "in_progress": "İşlemde",
    "awaiting_citizen": "Beklemede",
    "awaiting_external": "Beklemede",
    "resolved": "Sonuçlandı",
    "callback_pending": "Sonuçlandı",
    "closed": "Kapatıldı",
    "withdrawn": "Vazgeçildi",
}
"""Shorter than the product's own labels, so that a row fits into 80 columns."""

TO_APPLICANTS = ("receipt", "missing_documents", "referral", "resolution", "forwarded_out", "withdrawal")
PAUSED = frozenset({"awaiting_citizen", "awaiting_external"})


class EventStyle(StrEnum):
    """Style of an event."""

    ARRIVAL = "cyan"
    PLAIN = "default"
    SUCCESS = "green"
    WARNING = "yellow"
    ALARM = "bold red"
    FAULT = "bold magenta"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the month; `number` and `request` are None for events of the system itself."""

    at: datetime | None
    number: str | None
    request: CitizenRequest | None
    message: str
    style: EventStyle


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state at one instant, read from the API; `requests` are the known ones by ticket number."""

    now: datetime
    tickets: tuple[TicketView, ...]
    notices: tuple[NoticeView, ...]
    requests: Mapping[str, CitizenRequest]


class Display(Protocol):
    """Interface of a display."""

    def start(self, units: Mapping[str, str]) -> None:
        """Start; `units` are the directorates' names by code."""
        ...

    def add(self, event: Event) -> None:
        """Show an event."""
        ...

    def update(self, snapshot: Snapshot) -> None:
        """Show the present state."""
        ...

    def stop(self) -> None:
        """Stop at the end of the month."""
        ...


def make_display(console: Console, *, days_a_second: float) -> Display:
    """Return the live table in a terminal, else lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveDisplay(console, days_a_second)
    return LineDisplay(console)


class LineDisplay:
    """Display with one line per event, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._day: date | None = None

    def start(self, units: Mapping[str, str]) -> None:
        """Do nothing."""

    def add(self, event: Event) -> None:
        """Print the event."""
        self._print(_event_line(event))

    def update(self, snapshot: Snapshot) -> None:
        """Print a heading on Mondays and holidays."""
        day = max(snapshot.now, START).date()
        if day != self._day and (day.weekday() == 0 or HOLIDAYS.get(day)):
            self._print(
                Text(f"── {_day_text(day)} · {len(snapshot.tickets)} başvuru, {len(snapshot.notices)} bildirim")
            )
        self._day = day

    def stop(self) -> None:
        """Do nothing."""

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)


class LiveDisplay:
    """Display with a table, the date, the figures and the latest events, redrawn at every change."""

    def __init__(self, console: Console, days_a_second: float) -> None:
        self._console = console
        self._pace = f"{days_a_second:g} gün = 1 saniye".replace(".", ",")
        self._units: Mapping[str, str] = {}
        self._events: deque[Event] = deque(maxlen=8)
        self._snapshot: Snapshot | None = None
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def start(self, units: Mapping[str, str]) -> None:
        """Start to draw."""
        self._units = units
        self._live.start()

    def add(self, event: Event) -> None:
        """Show the event below the table; print a fault above it as well."""
        self._events.append(event)
        if event.style is EventStyle.FAULT:
            self._live.console.print(_event_line(event))
        self._draw()

    def update(self, snapshot: Snapshot) -> None:
        """Draw the present state."""
        self._snapshot = snapshot
        self._draw()

    def stop(self) -> None:
        """Draw the final state and stop."""
        self._draw()
        self._live.stop()

    def _draw(self) -> None:
        if self._snapshot is not None:
            self._live.update(self._render(self._snapshot), refresh=True)

    def _render(self, snapshot: Snapshot) -> RenderableType:
        max_events = max(1, min(6, self._console.height - len(snapshot.requests) - 7))
        event = [_event_line(one) for one in list(self._events)[-max_events:]]
        for line in event:
            line.no_wrap, line.overflow = True, "ellipsis"
        title = Rule(Text(f"ESTİM · Esenler Belediyesi · {self._pace}", style="bold"), style="dim")
        return Group(title, _calendar_line(snapshot.now), self._table(snapshot), _figures(snapshot), *event)

    def _table(self, snapshot: Snapshot) -> Table:
        wide = self._console.width >= WIDE_COLUMNS
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, expand=True, header_style="bold")
        widths = (("Numara", 10), ("Kanal", 16 if wide else 6), ("Konu", None), ("Birim", 26 if wide else 11))
        for name, width in (*widths, ("Durum", 11)):
            table.add_column(name, width=width, ratio=None if width else 1, no_wrap=True, overflow="ellipsis")
        for name, width in (("Bitiş", 5), ("Kalan", 5), ("Kademe", 6)):
            table.add_column(name, width=width, justify="right", no_wrap=True)
        for ticket in snapshot.tickets:
            request = snapshot.requests.get(ticket.number)
            if request is not None:
                table.add_row(*self._cells(ticket, request, snapshot, wide=wide), style=_row_style(ticket))
        return table

    def _cells(
        self, ticket: TicketView, request: CitizenRequest, snapshot: Snapshot, *, wide: bool
    ) -> list[RenderableType]:
        unit = self._units.get(ticket.unit or "", "–")
        return [
            ticket.number,
            request.endpoint.label if wide else request.endpoint.short,
            request.subject,
            unit if wide else unit.removesuffix(" Müdürlüğü"),
            Text(STATE_LABELS.get(ticket.status, ticket.status), style="yellow" if ticket.status in PAUSED else ""),
            f"{ticket.due_at:%d.%m}" if ticket.due_at else "–",
            _remaining(ticket, snapshot.now),
            _highest_level(ticket.number, snapshot.notices),
        ]


def _row_style(ticket: TicketView) -> str:
    return (
        "" if ticket.result is PromiseResult.OPEN or ticket.status not in {"closed", "withdrawn", "resolved"} else "dim"
    )


def _remaining(ticket: TicketView, now: datetime) -> Text:
    """Return the days to the due date, or the result of an ended promise."""
    if ticket.result is PromiseResult.WITHDRAWN:
        return Text("–")
    if ticket.result is PromiseResult.ON_TIME:
        return Text("✓", style="green")
    if ticket.due_at is None:
        return Text("durdu" if ticket.status in PAUSED else "–", style="yellow")
    if ticket.status == "resolved":
        return Text("geç", style="red")
    days = (ticket.due_at.date() - now.date()).days
    style = "bold red" if days < 0 else "yellow" if days < 4 else ""
    return Text(f"−{-days}" if days < 0 else str(days), style=style)


def _highest_level(number: str, notices: tuple[NoticeView, ...]) -> Text:
    """Return the notified levels, else the last warning."""
    own = [notice for notice in notices if notice.ticket == number]
    levels = sorted(notice.level for notice in own if notice.kind.startswith("escalation"))
    if levels:
        return Text("→".join(f"{level}." for level in levels), style="bold red")
    warnings = [notice.level for notice in own if notice.kind == "warning"]
    return Text(f"%{max(warnings)}", style="yellow") if warnings else Text("")


def _calendar_line(now: datetime) -> RenderableType:
    day = max(now, START)
    total, passed = (END - START).total_seconds(), (day - START).total_seconds()
    words = Text(f"{_day_text(day.date())}", style="bold cyan" if HOLIDAYS.get(day.date()) else "bold")
    bar = ProgressBar(total=total, completed=min(passed, total), complete_style="green", finished_style="green")
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis", ratio=5)
    line.add_column(ratio=3)
    line.add_column(justify="right", width=5)
    line.add_row(words, bar, f"%{min(100, passed * 100 // total):.0f}")
    return line


def _figures(snapshot: Snapshot) -> Text:
    results = Counter(ticket.result for ticket in snapshot.tickets)
    late = sum(1 for ticket in snapshot.tickets if ticket.result is PromiseResult.BREACHED)
    kinds = Counter(notice.kind for notice in snapshot.notices)
    counts = (f"{NOTICE_LABELS[kind]} {kinds[kind]}" for kind in TO_APPLICANTS if kinds[kind])
    text = Text()
    text.append(f"Başvuru {len(snapshot.tickets)}", style="bold")
    text.append(f": süresi işleyen {results[PromiseResult.OPEN]} · ")
    text.append(f"süresinde {results[PromiseResult.ON_TIME]}", style="green")
    text.append(" · ")
    text.append(f"süresi aşılan {late}", style="red" if late else "")
    text.append(f" · vazgeçilen {results[PromiseResult.WITHDRAWN]}\n")
    text.append(f"Bildirim {len(snapshot.notices)}", style="bold")
    text.append(": başvurana " + (" · ".join(counts) or "0") + "\n")
    text.append(f"Süre uyarısı {kinds['warning']}", style="yellow" if kinds["warning"] else "")
    for level in (1, 2):
        count = kinds[f"escalation_{level}"]
        text.append(" · ").append(f"{level}. kademe {count}", style="bold red" if count else "")
    return text


def _event_line(event: Event) -> Text:
    when = f"{event.at:%d.%m %H:%M} " if event.at else ""
    line = Text.assemble((when, "dim"))
    if event.request is not None:
        line.append(f"{event.number} ", style="dim")
        line.append(f"{event.request.subject}: ")
    line.append(event.message, style=event.style.value)
    return line


def _day_text(day: date) -> str:
    """Format a date as `27 Mayıs 2026 Çarşamba · Kurban Bayramı`."""
    special = HOLIDAYS.get(day) or ("hafta sonu" if day.weekday() >= SATURDAY else "")
    return f"{format_long_date(day)}{' · ' if special else ''}{special}"


HOLIDAYS: Mapping[date, str] = {
    day: special.name.replace(" (saat 13.00'ten)", " arifesi")
    for day, special in turkish_special_days([START.year]).items()
}

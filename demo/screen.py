"""What is seen while the month runs: a table that moves in a terminal, plain lines anywhere else."""

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
from demo.city import NoticeSeen, TicketSeen
from demo.scenario import END, START
from demo.values import Story, Verdict
from demo.verdict import KINDS

WIDE = 112
SATURDAY = 5

STATES: Mapping[str, str] = {
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


class Mood(StrEnum):
    """How a piece of news is coloured."""

    ARRIVAL = "cyan"
    PLAIN = "default"
    SUCCESS = "green"
    WARNING = "yellow"
    ALARM = "bold red"
    MISHAP = "bold magenta"


@dataclass(frozen=True, slots=True)
class News:
    """Something that has happened; `number` and `story` are None where it concerns the system itself."""

    at: datetime | None
    number: str | None
    story: Story | None
    words: str
    mood: Mood


@dataclass(frozen=True, slots=True)
class View:
    """The city at one moment, as the API shows it; `stories` are the known ones by ticket number."""

    now: datetime
    tickets: tuple[TicketSeen, ...]
    notices: tuple[NoticeSeen, ...]
    stories: Mapping[str, Story]


class Screen(Protocol):
    """Where the month is shown."""

    def open(self, units: Mapping[str, str]) -> None:
        """Begin; `units` are the directorates' names by code."""
        ...

    def tell(self, news: News) -> None:
        """Something has happened."""
        ...

    def show(self, view: View) -> None:
        """This is how it stands."""
        ...

    def close(self) -> None:
        """The month is over."""
        ...


def make_screen(console: Console, *, days_a_second: float) -> Screen:
    """The moving table where there is a terminal to move it in, else lines."""
    if console.is_terminal and not console.is_dumb_terminal:
        return LiveScreen(console, days_a_second)
    return LineScreen(console)


class LineScreen:
    """One line for each piece of news: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._day: date | None = None

    def open(self, units: Mapping[str, str]) -> None:
        """Nothing has to be prepared."""

    def tell(self, news: News) -> None:
        """Print it."""
        self._print(_news_line(news))

    def show(self, view: View) -> None:
        """Print a heading when a week begins, and on holidays."""
        day = max(view.now, START).date()
        if day != self._day and (day.weekday() == 0 or HOLIDAYS.get(day)):
            self._print(Text(f"── {_day_words(day)} · {len(view.tickets)} başvuru, {len(view.notices)} bildirim"))
        self._day = day

    def close(self) -> None:
        """Nothing has to be put away."""

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True)


class LiveScreen:
    """The table, the date, the figures and the latest news, drawn anew as they change."""

    def __init__(self, console: Console, days_a_second: float) -> None:
        self._console = console
        self._pace = f"{days_a_second:g} gün = 1 saniye".replace(".", ",")
        self._units: Mapping[str, str] = {}
        self._news: deque[News] = deque(maxlen=8)
        self._view: View | None = None
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def open(self, units: Mapping[str, str]) -> None:
        """Begin to draw."""
        self._units = units
        self._live.start()

    def tell(self, news: News) -> None:
        """Show it among the latest news; what befalls the system is also left standing above the table."""
        self._news.append(news)
        if news.mood is Mood.MISHAP:
            self._live.console.print(_news_line(news))
        self._draw()

    def show(self, view: View) -> None:
        """Draw the city as it stands."""
        self._view = view
        self._draw()

    def close(self) -> None:
        """Leave the last picture standing."""
        self._draw()
        self._live.stop()

    def _draw(self) -> None:
        if self._view is not None:
            self._live.update(self._picture(self._view), refresh=True)

    def _picture(self, view: View) -> RenderableType:
        room = max(1, min(6, self._console.height - len(view.stories) - 7))
        news = [_news_line(one) for one in list(self._news)[-room:]]
        for line in news:
            line.no_wrap, line.overflow = True, "ellipsis"
        title = Rule(Text(f"ESTİM · Esenler Belediyesi · {self._pace}", style="bold"), style="dim")
        return Group(title, _calendar_line(view.now), self._table(view), _figures(view), *news)

    def _table(self, view: View) -> Table:
        wide = self._console.width >= WIDE
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, expand=True, header_style="bold")
        widths = (("Numara", 10), ("Kanal", 16 if wide else 6), ("Konu", None), ("Birim", 26 if wide else 11))
        for name, width in (*widths, ("Durum", 11)):
            table.add_column(name, width=width, ratio=None if width else 1, no_wrap=True, overflow="ellipsis")
        for name, width in (("Bitiş", 5), ("Kalan", 5), ("Kademe", 6)):
            table.add_column(name, width=width, justify="right", no_wrap=True)
        for ticket in view.tickets:
            story = view.stories.get(ticket.number)
            if story is not None:
                table.add_row(*self._cells(ticket, story, view, wide=wide), style=_row_style(ticket))
        return table

    def _cells(self, ticket: TicketSeen, story: Story, view: View, *, wide: bool) -> list[RenderableType]:
        unit = self._units.get(ticket.unit or "", "–")
        return [
            ticket.number,
            story.door.label if wide else story.door.short,
            story.subject,
            unit if wide else unit.removesuffix(" Müdürlüğü"),
            Text(STATES.get(ticket.status, ticket.status), style="yellow" if ticket.status in PAUSED else ""),
            f"{ticket.due_at:%d.%m}" if ticket.due_at else "–",
            _left(ticket, view.now),
            _alarm(ticket.number, view.notices),
        ]


def _row_style(ticket: TicketSeen) -> str:
    return "" if ticket.verdict is Verdict.OPEN or ticket.status not in {"closed", "withdrawn", "resolved"} else "dim"


def _left(ticket: TicketSeen, now: datetime) -> Text:
    """Days to the due date; how it ended, once it has."""
    if ticket.verdict is Verdict.WITHDRAWN:
        return Text("–")
    if ticket.verdict is Verdict.ON_TIME:
        return Text("✓", style="green")
    if ticket.due_at is None:
        return Text("durdu" if ticket.status in PAUSED else "–", style="yellow")
    if ticket.status == "resolved":
        return Text("geç", style="red")
    days = (ticket.due_at.date() - now.date()).days
    style = "bold red" if days < 0 else "yellow" if days < 4 else ""
    return Text(f"−{-days}" if days < 0 else str(days), style=style)


def _alarm(number: str, notices: tuple[NoticeSeen, ...]) -> Text:
    """How far it went: the last warning, else the offices that were told."""
    own = [notice for notice in notices if notice.ticket == number]
    levels = sorted(notice.level for notice in own if notice.kind.startswith("escalation"))
    if levels:
        return Text("→".join(f"{level}." for level in levels), style="bold red")
    warnings = [notice.level for notice in own if notice.kind == "warning"]
    return Text(f"%{max(warnings)}", style="yellow") if warnings else Text("")


def _calendar_line(now: datetime) -> RenderableType:
    day = max(now, START)
    total, passed = (END - START).total_seconds(), (day - START).total_seconds()
    words = Text(f"{_day_words(day.date())}", style="bold cyan" if HOLIDAYS.get(day.date()) else "bold")
    bar = ProgressBar(total=total, completed=min(passed, total), complete_style="green", finished_style="green")
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis", ratio=5)
    line.add_column(ratio=3)
    line.add_column(justify="right", width=5)
    line.add_row(words, bar, f"%{min(100, passed * 100 // total):.0f}")
    return line


def _figures(view: View) -> Text:
    verdicts = Counter(ticket.verdict for ticket in view.tickets)
    late = sum(1 for ticket in view.tickets if ticket.verdict is Verdict.BREACHED)
    kinds = Counter(notice.kind for notice in view.notices)
    told = (f"{KINDS[kind]} {kinds[kind]}" for kind in TO_APPLICANTS if kinds[kind])
    text = Text()
    text.append(f"Başvuru {len(view.tickets)}", style="bold")
    text.append(f": süresi işleyen {verdicts[Verdict.OPEN]} · ")
    text.append(f"süresinde {verdicts[Verdict.ON_TIME]}", style="green")
    text.append(" · ")
    text.append(f"süresi aşılan {late}", style="red" if late else "")
    text.append(f" · vazgeçilen {verdicts[Verdict.WITHDRAWN]}\n")
    text.append(f"Bildirim {len(view.notices)}", style="bold")
    text.append(": başvurana " + (" · ".join(told) or "0") + "\n")
    text.append(f"Süre uyarısı {kinds['warning']}", style="yellow" if kinds["warning"] else "")
    for level in (1, 2):
        count = kinds[f"escalation_{level}"]
        text.append(" · ").append(f"{level}. kademe {count}", style="bold red" if count else "")
    return text


def _news_line(news: News) -> Text:
    when = f"{news.at:%d.%m %H:%M} " if news.at else ""
    line = Text.assemble((when, "dim"))
    if news.story is not None:
        line.append(f"{news.number} ", style="dim")
        line.append(f"{news.story.subject}: ")
    line.append(news.words, style=news.mood.value)
    return line


def _day_words(day: date) -> str:
    """`27 Mayıs 2026 Çarşamba · Kurban Bayramı`."""
    special = HOLIDAYS.get(day) or ("hafta sonu" if day.weekday() >= SATURDAY else "")
    return f"{format_long_date(day)}{' · ' if special else ''}{special}"


HOLIDAYS: Mapping[date, str] = {
    day: special.name.replace(" (saat 13.00'ten)", " arifesi")
    for day, special in turkish_special_days([START.year]).items()
}

"""The final report: two notices from the outbox, and every figure beside the expected one."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import groupby
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from demo.checks import RESULT_LABELS, Check, Observations, failed_checks, format_due, ticket_checks, total_checks
from demo.model import PromiseResult
from demo.scenario import REQUESTS, SAMPLE

LETTER_WIDTH = 88
"""Width of the letters' layout, for centred and right-aligned lines."""

NOTICE_GROUPS = frozenset({"Bildirimler", "Müracaat yerleri"})
STYLES = {PromiseResult.ON_TIME: "green", PromiseResult.BREACHED: "red", PromiseResult.WITHDRAWN: "yellow"}


def print_report(console: Console, observed: Observations, outbox: Path, *, seconds: float) -> None:
    """Print the sample notices, the requests with their reasons, the figures, and whether all are as expected."""
    console.print()
    for level in (1, 2):
        _print_notice(console, observed, outbox, level)
    console.print(_request_lines(observed))
    console.print(_figures(total_checks(observed)))
    failed = failed_checks(observed)
    if failed:
        console.print(_failed_table(failed))
        console.print(f"✗ {len(failed)} değer beklenenden farklı.", style="bold red")
        return
    count = len(total_checks(observed)) + len(ticket_checks(observed))
    console.print(f"✓ {count} değerin hepsi beklenen gibi. Otuz gün {seconds:.0f} saniye sürdü.", style="bold green")


def _print_notice(console: Console, observed: Observations, outbox: Path, level: int) -> None:
    number = observed.numbers.get(SAMPLE.key)
    kind = f"escalation_{level}"
    notice = next((one for one in observed.notices if (one.ticket, one.kind) == (number, kind)), None)
    path = outbox / f"{notice.number}.eml" if notice else None
    if path is None or not path.exists():
        console.print(f"✗ {number} için {level}. kademe bildirimi giden kutusunda yok.", style="bold red")
        return
    mail = message_from_bytes(path.read_bytes(), policy=default)
    title = f"{level}. kademe bildirimi · giden kutusundaki {path.name}"
    if not console.is_terminal:
        console.print(f"──── {title}")
        console.print(_mail_text(mail), Text(""), soft_wrap=True)
        return
    width = min(console.width, LETTER_WIDTH + 4)
    console.print(Panel(_mail_text(mail), title=title, title_align="left", width=width, border_style="red"))


def _mail_text(mail: EmailMessage) -> Group:
    text = mail.get_body(("plain",))
    body: str = text.get_content() if text else ""
    heading = Text.assemble(("Kime: ", "dim"), str(mail["To"]), "\n", ("Konu: ", "dim"), (str(mail["Subject"]), "bold"))
    return Group(heading, Text(""), *(_align(line) for line in body.rstrip().split("\n")))


def _align(line: str) -> Text:
    """Return a line of a letter; a centred or right-aligned line is aligned for the present width."""
    words = line.strip()
    left = len(line) - len(line.lstrip())
    if left and len(line) == LETTER_WIDTH:
        return Text(words, justify="right")
    if left > 1 and left == (LETTER_WIDTH - len(words)) // 2:
        return Text(words, justify="center")
    return Text(line)


def _request_lines(observed: Observations) -> Group:
    rows: list[RenderableType] = [Text("Ne oldu, neden?", style="bold")]
    for request in REQUESTS:
        number = observed.numbers.get(request.key, "–")
        ticket_view = next((ticket for ticket in observed.tickets if ticket.number == number), None)
        result = ticket_view.result if ticket_view else PromiseResult.OPEN
        due = format_due(ticket_view.due_at) if ticket_view and ticket_view.due_at else "–"
        line = Text.assemble(("● ", STYLES.get(result, "")), (number, "dim"), f" {request.subject} · bitiş {due} · ")
        line.append(RESULT_LABELS[result], style=STYLES.get(result, ""))
        rows += [line, Padding(Text(request.expected.reason, style="dim"), (0, 0, 0, 2))]
    return Group(*rows, Text(""))


def _figures(checks: list[Check]) -> Group:
    """Return two columns of figures: requests and consistency, notices and levels."""
    parts = {name: list(members) for name, members in groupby(checks, key=lambda check: check.group)}
    left = [part for name, part in parts.items() if name not in NOTICE_GROUPS]
    right = [part for name, part in parts.items() if name in NOTICE_GROUPS]
    grid = Table.grid(padding=(0, 4))
    grid.add_row(_part_table(left), _part_table(right))
    return Group(Text("Çıkan / beklenen", style="bold"), grid, Text(""))


def _part_table(parts: list[list[Check]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    for part in parts:
        table.add_row(Text(part[0].group, style="underline"), "")
        for check in part:
            mark = ("✓", "green") if check.passed else ("✗", "bold red")
            table.add_row(f"  {check.label}", Text.assemble(f"{check.observed} / {check.expected} ", mark))
    return table


def _failed_table(failed: list[Check]) -> Table:
    table = Table(title="Farklar", title_justify="left", title_style="bold red", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("Nerede", "Ne", "Beklenen", "Çıkan"):
        table.add_column(name, overflow="fold")
    for check in failed:
        table.add_row(check.group, check.label, check.expected, check.observed)
    return table

"""The end of the demonstration: two notices as they lie in the outbox, and every figure beside the expected one."""

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

from demo.scenario import SPECIMEN, STORIES
from demo.values import Verdict
from demo.verdict import VERDICTS, Facts, Line, by_ticket, differences, format_due, totals

LETTER_WIDTH = 88
"""The width for which letters are set (centred and right-aligned lines)."""

NOTICE_PARTS = frozenset({"Bildirimler", "Müracaat yerleri"})
STYLES = {Verdict.ON_TIME: "green", Verdict.BREACHED: "red", Verdict.WITHDRAWN: "yellow"}


def print_closing(console: Console, facts: Facts, outbox: Path, *, seconds: float) -> None:
    """Print the specimen notices, the stories with their reasons, the figures, and whether all of them hold."""
    console.print()
    for level in (1, 2):
        _print_notice(console, facts, outbox, level)
    console.print(_stories(facts))
    console.print(_figures(totals(facts)))
    wrong = differences(facts)
    if wrong:
        console.print(_differences(wrong))
        console.print(f"✗ {len(wrong)} değer beklenenden farklı.", style="bold red")
        return
    checked = len(totals(facts)) + len(by_ticket(facts))
    console.print(f"✓ {checked} değerin hepsi beklenen gibi. Otuz gün {seconds:.0f} saniye sürdü.", style="bold green")


def _print_notice(console: Console, facts: Facts, outbox: Path, level: int) -> None:
    number = facts.numbers.get(SPECIMEN.key)
    kind = f"escalation_{level}"
    notice = next((one for one in facts.notices if (one.ticket, one.kind) == (number, kind)), None)
    path = outbox / f"{notice.number}.eml" if notice else None
    if path is None or not path.exists():
        console.print(f"✗ {number} için {level}. kademe bildirimi giden kutusunda yok.", style="bold red")
        return
    mail = message_from_bytes(path.read_bytes(), policy=default)
    title = f"{level}. kademe bildirimi · giden kutusundaki {path.name}"
    if not console.is_terminal:
        console.print(f"──── {title}")
        console.print(_words(mail), Text(""), soft_wrap=True)
        return
    width = min(console.width, LETTER_WIDTH + 4)
    console.print(Panel(_words(mail), title=title, title_align="left", width=width, border_style="red"))


def _words(mail: EmailMessage) -> Group:
    text = mail.get_body(("plain",))
    body: str = text.get_content() if text else ""
    heading = Text.assemble(("Kime: ", "dim"), str(mail["To"]), "\n", ("Konu: ", "dim"), (str(mail["Subject"]), "bold"))
    return Group(heading, Text(""), *(_set(line) for line in body.rstrip().split("\n")))


def _set(line: str) -> Text:
    """A line of a letter; one that is centred or stands at the right margin is set anew for any width."""
    words = line.strip()
    left = len(line) - len(line.lstrip())
    if left and len(line) == LETTER_WIDTH:
        return Text(words, justify="right")
    if left > 1 and left == (LETTER_WIDTH - len(words)) // 2:
        return Text(words, justify="center")
    return Text(line)


def _stories(facts: Facts) -> Group:
    rows: list[RenderableType] = [Text("Ne oldu, neden?", style="bold")]
    for story in STORIES:
        number = facts.numbers.get(story.key, "–")
        seen = next((ticket for ticket in facts.tickets if ticket.number == number), None)
        verdict = seen.verdict if seen else Verdict.OPEN
        due = format_due(seen.due_at) if seen and seen.due_at else "–"
        line = Text.assemble(("● ", STYLES.get(verdict, "")), (number, "dim"), f" {story.subject} · bitiş {due} · ")
        line.append(VERDICTS[verdict], style=STYLES.get(verdict, ""))
        rows += [line, Padding(Text(story.expected.reason, style="dim"), (0, 0, 0, 2))]
    return Group(*rows, Text(""))


def _figures(lines: list[Line]) -> Group:
    """Two columns of figures: requests and soundness, notices and levels."""
    parts = {where: list(group) for where, group in groupby(lines, key=lambda line: line.where)}
    left = [part for where, part in parts.items() if where not in NOTICE_PARTS]
    right = [part for where, part in parts.items() if where in NOTICE_PARTS]
    grid = Table.grid(padding=(0, 4))
    grid.add_row(_part_table(left), _part_table(right))
    return Group(Text("Çıkan / beklenen", style="bold"), grid, Text(""))


def _part_table(parts: list[list[Line]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(justify="right")
    for part in parts:
        table.add_row(Text(part[0].where, style="underline"), "")
        for line in part:
            mark = ("✓", "green") if line.holds else ("✗", "bold red")
            table.add_row(f"  {line.what}", Text.assemble(f"{line.found} / {line.expected} ", mark))
    return table


def _differences(wrong: list[Line]) -> Table:
    table = Table(title="Farklar", title_justify="left", title_style="bold red", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("Nerede", "Ne", "Beklenen", "Çıkan"):
        table.add_column(name, overflow="fold")
    for line in wrong:
        table.add_row(line.where, line.what, line.expected, line.found)
    return table

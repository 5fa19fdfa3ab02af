"""`estim import`: records of systems that are gone, from a table that a clerk saved; what is refused comes back."""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.database import connected
from app.cli.errors import CommandError
from app.cli.occasion import person, present
from app.container import make_vault
from app.core.clock import ISTANBUL
from app.core.errors import FieldError, Unavailable
from app.core.wording import FIELD_SENTENCES, Language, translate
from app.imports.bimer import COLUMNS, NEEDED, units_of
from app.imports.service import Importer, ImportRules, Judged, batches
from app.imports.sheet import Sheet, SheetError, open_sheet
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.values import PastChannel
from config.settings import Settings

LINE, PROBLEM = "line", "problem"
"""The headings of what is added to refused lines; a mended file may keep them."""

_SEPARATORS: Final = {";": "semicolons", ",": "commas", "\t": "tabs"}


async def import_bimer(
    settings: Settings, file: Path, *, columns: Sequence[str], dry_run: bool, refused: Path | None, console: Console
) -> bool:
    """Import a table of BİMER records, or with `dry_run` only look at it; whether no line was refused."""
    given = _given(columns)
    vault, now = make_vault(settings), present(settings)
    tally = Tally()
    with ExitStack() as opened:
        sheet = _opened(opened.enter_context(_reading(file)), given)
        keep = opened.enter_context(_keeping(refused, sheet)) if refused else None
        _print_columns(sheet, file, console)
        async with connected(settings) as database:
            rules = _rules(await _rulebook(RulebookCache(database)), vault=vault, importer=person(), now=now)
            importer = Importer(database, rules, dry_run=dry_run)
            for batch in batches(sheet.lines()):
                for judged in await importer.take(sheet, batch):
                    tally.add(judged)
                    _print_problems(judged, console)
                    if keep is not None and judged.errors:
                        keep.writerow([judged.line.number, _both_languages(judged.errors), *judged.line.cells])
    _print_tally(tally, console, dry_run=dry_run)
    return not tally.refused


class Tally:
    """What became of the lines, in numbers."""

    def __init__(self) -> None:
        self.new = self.known = self.refused = 0
        self.by: Counter[tuple[str, str]] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, judged: Judged) -> None:
        """Count one line."""
        self.refused += bool(judged.errors)
        self.known += judged.known
        if judged.understood is None or judged.known:
            return
        record = judged.understood.record
        self.new += 1
        self.first = min(self.first or record.received, record.received)
        self.last = max(self.last or record.received, record.received)
        law = " (law 4982)" if record.kind.right_to_information else ""
        self.by["kind", record.kind.kind.value + law] += 1
        self.by["outcome", record.outcome.value if record.outcome else "–"] += 1
        self.by["unit", record.unit or "–"] += 1
        for clock, verdict in judged.understood.verdicts.items():
            self.by[clock, "on time" if verdict == "met" else "late"] += 1


def _given(columns: Sequence[str]) -> dict[str, str]:
    """`record_no=Dosya No` as the clerk gives it; raises `CommandError`."""
    given = {}
    for each in columns:
        name, _, heading = each.partition("=")
        if name not in COLUMNS or not heading.strip():
            raise CommandError(f"--column is NAME=HEADING; the names are: {', '.join(COLUMNS)}.")
        given[name] = heading
    return given


def _reading(file: Path) -> TextIO:
    """Bytes that are no UTF-8 become a problem of their line, not of the file."""
    return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _opened(file: TextIO, given: dict[str, str]) -> Sheet:
    try:
        return open_sheet(file, COLUMNS, needed=NEEDED, given=given)
    except SheetError as error:
        raise CommandError(str(error)) from None


@contextmanager
def _keeping(path: Path, sheet: Sheet) -> Iterator[Any]:
    """A new file for refused lines, for its owner only: they are personal data. One that stayed empty is taken away."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.separator, lineterminator="\r\n")
        writer.writerow([LINE, PROBLEM, *sheet.headings])
        file.flush()
        empty = path.stat().st_size
        try:
            yield writer
        finally:
            file.flush()
            if path.stat().st_size == empty:
                path.unlink()


async def _rulebook(rulebooks: RulebookCache) -> Rulebook:
    try:
        return await rulebooks.current()
    except Unavailable:
        raise CommandError("No catalogue is loaded: “estim catalogue load” first.") from None


def _rules(rulebook: Rulebook, **other: Any) -> ImportRules:
    service = rulebook.catalogue.service(PastChannel.BIMER)
    if service is None or service.accepts_new or service.closed_on is None:
        raise CommandError("The catalogue has no service `bimer` that is closed, with `closed_on`: see standards.yaml.")
    units = units_of(rulebook.catalogue.units)
    return ImportRules(rulebook=rulebook, service=service, closed_on=service.closed_on, units=units, **other)


def _print_columns(sheet: Sheet, file: Path, console: Console) -> None:
    console.print(Text(f"{file.name}: columns parted by {_SEPARATORS[sheet.separator]}"), soft_wrap=True)
    for name in COLUMNS:
        found = f"“{sheet.headings[sheet.columns[name]]}”" if name in sheet.columns else "–"
        console.print(Text(f"  {name:<15} {found}"), soft_wrap=True)
    read = {*sheet.columns.values()}
    aside = [heading for index, heading in enumerate(sheet.headings) if index not in read and heading]
    if aside:
        console.print(Text(f"  not read: {', '.join(aside)}"), soft_wrap=True)


def _print_problems(judged: Judged, console: Console) -> None:
    for error in judged.errors:
        column = error.pointer.removeprefix("/") or "–"
        text = Text(f"line {judged.line.number}, {column}: {_said(error, 'tr')} | {_said(error, 'en')}", style="yellow")
        console.print(text, soft_wrap=True)


def _both_languages(errors: Sequence[FieldError]) -> str:
    told = [
        f"{error.pointer.removeprefix('/') or '–'}: {_said(error, 'tr')} | {_said(error, 'en')}" for error in errors
    ]
    return " · ".join(told)


def _said(error: FieldError, language: Language) -> str:
    return translate(FIELD_SENTENCES[error.code], language, error.facts)


def _print_tally(tally: Tally, console: Console, *, dry_run: bool) -> None:
    if tally.first is not None and tally.last is not None:
        first, last = (f"{each.astimezone(ISTANBUL):%d.%m.%Y}" for each in (tally.first, tally.last))
        table = Table(title=f"Received {first} to {last}", title_justify="left")
        for heading in ("what", "value", "records"):
            table.add_column(heading, justify="right" if heading == "records" else "left")
        for (what, value), count in sorted(tally.by.items()):
            table.add_row(what, value, str(count))
        console.print(table)
    done = "would be imported; nothing was stored" if dry_run else "imported"
    sign, style = ("✗", "red") if tally.refused else ("✓", "green")
    counted = f" {tally.new} {done}, {tally.known} known already, {tally.refused} refused."
    console.print(Text.assemble((sign, style), counted), soft_wrap=True)

"""`estim import`: import records of retired systems from a table, and return the refused lines."""

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli.context import CommandError, current_time, current_user, open_database
from app.container import make_vault
from app.core.clock import ISTANBUL
from app.core.errors import FieldError, Unavailable
from app.core.wording import FIELD_SENTENCES, Language, translate
from app.imports.bimer import COLUMNS, REQUIRED_COLUMNS, unit_codes
from app.imports.service import Importer, ImportRules, LineResult, batches
from app.imports.sheet import Sheet, SheetError, open_sheet
from app.people.vault import Vault
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.values import PastChannel
from config.settings import Settings

LINE, PROBLEM = "line", "problem"
"""Headings of the columns that are added to refused lines; a corrected file may contain them."""

_SEPARATORS: Final = {";": "semicolons", ",": "commas", "\t": "tabs"}


async def import_bimer(
    settings: Settings, file: Path, *, columns: Sequence[str], dry_run: bool, refused: Path | None, console: Console
) -> bool:
    """Import a table of BİMER records, or with `dry_run` only check it; return whether no line was refused."""
    headings = _parse_columns(columns)
    vault, now = make_vault(settings), current_time(settings)
    tally = ImportTally()
    with ExitStack() as stack:
        sheet = _open_sheet(stack.enter_context(_open_text(file)), headings)
        write_refused = stack.enter_context(_refused_file(refused, sheet)) if refused else None
        _print_columns(sheet, file, console)
        async with open_database(settings) as database:
            rules = _rules(await _rulebook(RulebookCache(database)), vault=vault, importer=current_user(), now=now)
            importer = Importer(database, rules, dry_run=dry_run)
            for batch in batches(sheet.lines()):
                for result in await importer.import_lines(sheet, batch):
                    tally.add(result)
                    _print_problems(result, console)
                    if write_refused is not None and result.errors:
                        write_refused([result.line.number, _both_languages(result.errors), *result.line.cells])
    _print_tally(tally, console, dry_run=dry_run)
    return not tally.refused


class ImportTally:
    """Counts of the lines by result."""

    def __init__(self) -> None:
        self.new = self.known = self.refused = 0
        self.counts: Counter[tuple[str, str]] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, result: LineResult) -> None:
        """Count one line."""
        self.refused += bool(result.errors)
        self.known += result.known
        if result.parsed is None or result.known:
            return
        record = result.parsed.record
        self.new += 1
        self.first = min(self.first or record.received, record.received)
        self.last = max(self.last or record.received, record.received)
        law = " (law 4982)" if record.kind.right_to_information else ""
        self.counts["kind", record.kind.kind.value + law] += 1
        self.counts["outcome", record.outcome.value if record.outcome else "–"] += 1
        self.counts["unit", record.unit or "–"] += 1
        for clock, state in result.parsed.clock_states.items():
            self.counts[clock, "on time" if state == "met" else "late"] += 1


def _parse_columns(columns: Sequence[str]) -> dict[str, str]:
    """Parse options such as `record_no=Dosya No`; raise `CommandError` for anything else."""
    headings = {}
    for each in columns:
        name, _, heading = each.partition("=")
        if name not in COLUMNS or not heading.strip():
            raise CommandError(f"--column is NAME=HEADING; the names are: {', '.join(COLUMNS)}.")
        headings[name] = heading
    return headings


def _open_text(file: Path) -> TextIO:
    """Open the file so that bytes that are not UTF-8 fail their line only, not the file."""
    return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def _open_sheet(file: TextIO, headings: dict[str, str]) -> Sheet:
    try:
        return open_sheet(file, COLUMNS, required=REQUIRED_COLUMNS, overrides=headings)
    except SheetError as error:
        raise CommandError(str(error)) from None


@contextmanager
def _refused_file(path: Path, sheet: Sheet) -> Iterator[Callable[[Sequence[object]], object]]:
    """Open a new file for refused lines with mode 600, for personal data; remove it if it stays empty."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, delimiter=sheet.separator, lineterminator="\r\n")
        writer.writerow([LINE, PROBLEM, *sheet.headings])
        file.flush()
        empty = path.stat().st_size
        try:
            yield writer.writerow
        finally:
            file.flush()
            if path.stat().st_size == empty:
                path.unlink()


async def _rulebook(rulebooks: RulebookCache) -> Rulebook:
    try:
        return await rulebooks.current()
    except Unavailable:
        raise CommandError("No catalogue is loaded: “estim catalogue load” first.") from None


def _rules(rulebook: Rulebook, *, vault: Vault, importer: str, now: datetime) -> ImportRules:
    service = rulebook.catalogue.service(PastChannel.BIMER)
    if service is None or service.accepts_new or service.closed_on is None:
        raise CommandError("The catalogue has no service `bimer` that is closed, with `closed_on`: see standards.yaml.")
    units = unit_codes(rulebook.catalogue.units)
    return ImportRules(rulebook, service, service.closed_on, units, vault=vault, importer=importer, now=now)


def _print_columns(sheet: Sheet, file: Path, console: Console) -> None:
    console.print(Text(f"{file.name}: columns parted by {_SEPARATORS[sheet.separator]}"), soft_wrap=True)
    for name in COLUMNS:
        found = f"“{sheet.headings[sheet.columns[name]]}”" if name in sheet.columns else "–"
        console.print(Text(f"  {name:<15} {found}"), soft_wrap=True)
    read = {*sheet.columns.values()}
    unread = [heading for index, heading in enumerate(sheet.headings) if index not in read and heading]
    if unread:
        console.print(Text(f"  not read: {', '.join(unread)}"), soft_wrap=True)


def _print_problems(result: LineResult, console: Console) -> None:
    for error in result.errors:
        column = error.pointer.removeprefix("/") or "–"
        text = Text(f"line {result.line.number}, {column}: {_say(error, 'tr')} | {_say(error, 'en')}", style="yellow")
        console.print(text, soft_wrap=True)


def _both_languages(errors: Sequence[FieldError]) -> str:
    sentences = [
        f"{error.pointer.removeprefix('/') or '–'}: {_say(error, 'tr')} | {_say(error, 'en')}" for error in errors
    ]
    return " · ".join(sentences)


def _say(error: FieldError, language: Language) -> str:
    return translate(FIELD_SENTENCES[error.code], language, error.facts)


def _print_tally(tally: ImportTally, console: Console, *, dry_run: bool) -> None:
    if tally.first is not None and tally.last is not None:
        first, last = (f"{each.astimezone(ISTANBUL):%d.%m.%Y}" for each in (tally.first, tally.last))
        table = Table(title=f"Received {first} to {last}", title_justify="left")
        for heading in ("what", "value", "records"):
            table.add_column(heading, justify="right" if heading == "records" else "left")
        for (what, value), count in sorted(tally.counts.items()):
            table.add_row(what, value, str(count))
        console.print(table)
    done = "would be imported; nothing was stored" if dry_run else "imported"
    sign, style = ("✗", "red") if tally.refused else ("✓", "green")
    counted = f" {tally.new} {done}, {tally.known} known already, {tally.refused} refused."
    console.print(Text.assemble((sign, style), counted), soft_wrap=True)

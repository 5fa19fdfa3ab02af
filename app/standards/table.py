"""Read a published service-standards table (Hizmet Standartları Tablosu, Regulation 2009/15169).

Any text gives a `PublishedTable`; every part that was not understood is in its `problems`, with the line. Nothing is
guessed and nothing is repaired silently.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from app.core.turkish import tr_key
from app.sla.limit import NeedsReview, parse_limit
from app.standards.columns import header_columns
from app.standards.lines import cut_lines, decode_table
from app.standards.office_block import OFFICE_NAMES, is_office_field, is_office_heading, read_offices
from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import PrintedOffice, PublishedTable, Row, TableLine
from app.standards.row_collector import RowCollector

__all__ = ["PrintedOffice", "PublishedTable", "Row", "decode_table", "limit_problem", "read_table"]

_CLOSING = re.compile(r"^basvuru (esnasinda|sirasinda)|disinda belge istenmesi|muracaat yerine ya da")
_CLOSING_END = re.compile(r"(basvurunuz|basvurulur|basvurulmalidir|basvurabilir\w*|basvurulabilir)\.?$")


def read_table(text: str) -> PublishedTable:
    """Return the headings, rows, closing sentence, offices and problems of a published table. Never raises.

    `text` may have several tables, each with its heading and header row. Rows are tab-separated; the columns are found
    by the wording of the header row.
    """
    lines, problems = cut_lines(text)
    reader = _Reader(rows=RowCollector(problems=problems), problems=problems)
    for line in lines:
        reader.take(line)
    return reader.finish()


def limit_problem(row: Row) -> CatalogueProblem | None:
    """Return the problem of the row's printed time limit; None if it is understood."""
    limit = parse_limit(row.limit_text)
    if not isinstance(limit, NeedsReview):
        return None
    return problem("limit", row.line, row.limit_text, limit.reason, limit.reason_en)


@dataclass(slots=True)
class _Reader:
    """The state between two lines: the part of the document, the open row, the unassigned loose lines."""

    rows: RowCollector
    problems: list[CatalogueProblem]
    open_row: TableLine | None = None
    pending: list[tuple[TableLine, bool]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    closing: str = ""
    closing_open: bool = False
    office_lines: list[tuple[int, TableLine]] = field(default_factory=list)
    in_offices: bool = False
    beside_office: bool = False

    def take(self, line: TableLine) -> None:
        """Add the line to its part of the document."""
        if not line.filled:
            self._end_row()
            self.closing_open = self.beside_office = False
        elif is_office_heading(line):
            self._end_row()
            self._to_offices(line)
        elif self._in_closing(line):
            self._end_row()
            self._to_closing(line)
        elif (columns := header_columns(line, table_open=bool(self.rows.columns))) is not None:
            self._end_row()
            self.rows.open_table(line, columns)
            self.in_offices = self.beside_office = False
        elif self.open_row is not None and self.rows.continues(self.open_row, line):
            joined = (*self.open_row.cells[:-1], f"{self.open_row.cells[-1]}\n{line.cells[0]}".strip())
            self.open_row = replace(self.open_row, cells=(*joined, *line.cells[1:]))
        else:
            self._end_row()
            self._take_loose(line)

    def finish(self) -> PublishedTable:
        """Return the table after the last line."""
        self._end_row()
        self._drop_pending()
        offices, found = read_offices(self.office_lines)
        self.problems += found
        self._check_whole(offices)
        return PublishedTable(
            headings=tuple(self.rows.headings),
            rows=tuple(self.rows.rows),
            closing=self.closing,
            offices=tuple(offices),
            notes=tuple(self.notes),
            problems=tuple(sorted(self.problems, key=lambda found: found.line or 0)),
        )

    def _check_whole(self, offices: Iterable[PrintedOffice]) -> None:
        if not self.rows.columns:
            self.problems.append(problem("table_missing", None))
        elif not self.rows.rows:
            self.problems.append(problem("table_empty", self.rows.header_line))
        if not self.closing:
            self.problems.append(problem("closing_missing", None))
        levels = {office.level for office in offices}
        missing = [name for level, name in OFFICE_NAMES.items() if level not in levels]
        self.problems += [problem("office_missing", None, "", name) for name in missing]

    def _end_row(self) -> None:
        if self.open_row is not None:
            line, self.open_row = self.open_row, None
            self.rows.add(line, [loose.text for loose, _ in self.pending])
            self.pending.clear()

    def _take_loose(self, line: TableLine) -> None:
        """Add a line that opens no part: a row, a field of an office, or a heading."""
        if self.rows.starts_row(line) or (not self.in_offices and self.rows.is_row(line)):
            self.open_row = line
            self.in_offices = self.beside_office = False
        elif self.in_offices and self._is_office_line(line):
            self._to_offices(line)
        else:
            self.pending.append((line, self.beside_office))

    def _is_office_line(self, line: TableLine) -> bool:
        """Return whether the line belongs to an office; directly below the heading its place may have no label."""
        below_heading = self.beside_office and is_office_heading(self.office_lines[-1][1])
        return below_heading or len(line.filled) > 1 or is_office_field(line)

    def _to_offices(self, line: TableLine) -> None:
        self._drop_pending()
        self.office_lines.append((self.rows.table, line))
        self.in_offices = self.beside_office = True
        self.closing_open = False

    def _in_closing(self, line: TableLine) -> bool:
        """Return whether the line starts or continues the closing sentence, which may be broken over lines."""
        starts = len(line.filled) == 1 and _CLOSING.search(tr_key(line.text)) is not None
        return starts or self.closing_open

    def _to_closing(self, line: TableLine) -> None:
        self._drop_pending()
        if self.closing and not self.closing_open:  # repeated below another table: the first one counts
            self.notes.append(line.text)
            return
        self.closing = f"{self.closing} {line.text}".strip()
        self.closing_open = _CLOSING_END.search(tr_key(line.text)) is None

    def _drop_pending(self) -> None:
        """Turn loose lines without a table after them into notes; one below an office may be part of its address."""
        for line, beside_office in self.pending:
            self.notes.append(line.text)
            if beside_office:
                self.problems.append(problem("office_cell_unread", line.number, line.text))
        self.pending.clear()

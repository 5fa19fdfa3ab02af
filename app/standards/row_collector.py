"""Collect the service rows of a published table: cells under columns, numbering, several tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.standards.columns import Column, check_header
from app.standards.lines import NUMBER_CELL
from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import Row, TableLine


@dataclass(slots=True)
class RowCollector:
    """The rows so far and the columns in force; the faults of a row go to `problems`."""

    problems: list[CatalogueProblem]
    columns: tuple[Column, ...] = ()
    header_line: int | None = None
    headings: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    _after_header: bool = False
    _heading: str = ""
    _last_number: int = 0
    _first_lines: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def table(self) -> int:
        """Return the number of the present table, from 1."""
        return max(1, len(self.headings))

    @property
    def numbered(self) -> bool:
        """Return whether the header row has a column for the row's number."""
        return Column.NUMBER in self.columns

    def open_table(self, line: TableLine, columns: tuple[Column, ...]) -> None:
        """Open a table with the columns of its header row."""
        self.columns, self.header_line, self._after_header = columns, line.number, True
        self.problems += check_header(line, columns)

    def starts_row(self, line: TableLine) -> bool:
        """Return whether the line has several cells and a number in the number column."""
        at = self.columns.index(Column.NUMBER) if self.numbered else 0
        return len(line.filled) > 1 and at < len(line.cells) and NUMBER_CELL.fullmatch(line.cells[at]) is not None

    def is_row(self, line: TableLine) -> bool:
        """Return whether the line is a row, even a faulty one."""
        if not self.columns:
            return self.starts_row(line)
        return len(line.filled) > 1 or bool(self.rows and not line.cells[0])

    def continues(self, opened: TableLine, line: TableLine) -> bool:
        """Return whether the line continues a row that is broken over lines and has fewer cells than columns."""
        together = len(opened.cells) + len(line.cells) - 1
        return len(opened.cells) < len(self.columns) and together <= len(self.columns) and not self.starts_row(line)

    def add(self, line: TableLine, headings: Sequence[str]) -> None:
        """Add a whole row; `headings` are the loose lines between it and the row before."""
        if not self.columns:
            self.problems.append(problem("row_without_header", line.number, line.text))
            return
        self._check_length(line)
        cells = self._by_column(line)
        printed_number = cells.get(Column.NUMBER, "")
        if self.rows and not printed_number and not cells.get(Column.NAME):
            self._append_to_last(line, cells)
            return
        number = self._number(line, printed_number)
        self._enter_table(number, "\n".join(headings))
        if not self.numbered:
            number = sum(other.table == self.table for other in self.rows) + 1
        self._check_number(number, line)
        if Column.NAME in self.columns and not cells.get(Column.NAME):
            self.problems.append(problem("name_missing", line.number, line.text))
        self.rows.append(self._row(line, number, cells))

    def _row(self, line: TableLine, number: int | None, cells: dict[Column, str]) -> Row:
        return Row(
            number=number,
            name=cells.get(Column.NAME, ""),
            process_text=cells.get(Column.PROCESS, ""),
            limit_text=cells.get(Column.LIMIT, ""),
            unit_text=cells.get(Column.UNIT, "") if Column.UNIT in self.columns else None,
            line=line.number,
            heading=self._heading,
            table=self.table,
        )

    def _by_column(self, line: TableLine) -> dict[Column, str]:
        """Return the row's cells by column; separate columns of process and documents are joined."""
        cells: dict[Column, str] = {}
        for column, cell in zip(self.columns, line.cells, strict=False):
            if column is Column.PROCESS and cells.get(column):
                cells[column] = f"{cells[column]}\n{cell}".strip()
            else:
                cells.setdefault(column, cell)
        return cells

    def _check_length(self, line: TableLine) -> None:
        extra = [cell for cell in line.cells[len(self.columns) :] if cell]
        self.problems += [problem("cell_extra", line.number, cell) for cell in extra]
        if set(self.columns[len(line.cells) :]) - {Column.UNIT, Column.UNKNOWN}:
            counts = len(line.cells), len(self.columns)
            self.problems.append(problem("cell_missing", line.number, line.text, *counts))

    def _append_to_last(self, line: TableLine, cells: dict[Column, str]) -> None:
        """Append a line without number and name to the row above it; a second time limit is a problem."""
        if cells.get(Column.LIMIT):
            self.problems.append(problem("second_limit", line.number, cells[Column.LIMIT]))
        last = self.rows[-1]
        more = cells.get(Column.PROCESS, "")
        self.rows[-1] = replace(last, process_text=f"{last.process_text}\n{more}".strip())

    def _number(self, line: TableLine, printed: str) -> int | None:
        found = NUMBER_CELL.fullmatch(printed)
        if found:
            return int(found.group(1))
        if self.numbered:
            code = "number_unreadable" if printed else "number_missing"
            self.problems.append(problem(code, line.number, printed or line.text))
        return None

    def _enter_table(self, number: int | None, heading: str) -> None:
        """Open the next table of the file, or continue the present one.

        A header row repeated by a page break continues it: same heading, consecutive numbers. A heading without its
        own header row opens a table if the numbers restart.
        """
        headed, heading = bool(heading), heading or self._heading
        runs_on = number == self._last_number + 1 if self.numbered else not headed
        repeated = runs_on and heading == self._heading
        opens = not repeated if self._after_header else headed and number == 1
        if opens or not self.headings:
            self.headings.append(heading)
            self._last_number = self._last_number if runs_on else 0
        self._heading, self._after_header = heading, False

    def _check_number(self, number: int | None, line: TableLine) -> None:
        if number is None:
            return
        first = self._first_lines.setdefault((self.table, number), line.number)
        last, self._last_number = self._last_number, number
        if first != line.number:
            self.problems.append(problem("number_twice", line.number, str(number), first))
        elif number > last + 1:
            self.problems.append(problem("number_gap", line.number, str(number), last, number))
        elif number < last:
            self.problems.append(problem("number_backwards", line.number, str(number), last, number))

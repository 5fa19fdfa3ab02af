"""Tables saved as CSV, parsed record by record: a broken record has an error and does not stop the others.

Only the separator is guessed, from the headings. Memory is bounded by one record.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from app.core.errors import FieldError
from app.core.turkish import tr_key

MAX_RECORD_CHARACTERS: Final = 20_000
"""Line breaks within quotation marks count."""

_SEPARATORS = ";,\t"


class SheetError(Exception):
    """The file can't be parsed at all; the message gives the clerk the reason and none of the content."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One record: the number of its first line in the file, its cells, and the error of a malformed record.

    The only cell of a record that can't be split is its first line, unchanged.
    """

    number: int
    cells: tuple[str, ...]
    error: FieldError | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened table: its separator, its headings, and the index (from 0) of each known column."""

    separator: str
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    _source: "_Source" = field(repr=False)

    def lines(self) -> Iterator[SheetLine]:
        """Yield the records below the headings, without empty ones."""
        while (line := _record(self._source, self.separator)) is not None:
            if any(cell.strip() for cell in line.cells):
                yield line if line.error else self._check_width(line)

    def values(self, line: SheetLine) -> dict[str, str]:
        """Return the cells of the known columns that are not empty."""
        cells = ((name, line.cells[index].strip()) for name, index in self.columns.items())
        return {name: cell for name, cell in cells if cell}

    def _check_width(self, line: SheetLine) -> SheetLine:
        expected, cells = len(self.headings), line.cells
        if len(cells) < expected or any(cell.strip() for cell in cells[expected:]):
            return _faulty(line.number, cells, "sheet_columns", found=len(cells), expected=expected)
        return SheetLine(line.number, cells[:expected])


def open_sheet(
    file: TextIO, known: Mapping[str, Sequence[str]], *, required: Iterable[str], overrides: Mapping[str, str]
) -> Sheet:
    """Read the headings of a table that was opened with `newline=""`; raise `SheetError` if they don't fit.

    A column is found by its own name or one of its `known` headings, whatever the case and the accents. `overrides`
    names the one heading of a column instead. `required` columns must exist; unknown columns are ignored.
    """
    source = _Source(file)
    first = source.next() or (1, "")
    separator = max(_SEPARATORS, key=first[1].count)
    source.push_back([first])
    line = _record(source, separator)
    if line is None or line.error:
        raise SheetError("The first line has to hold the headings.")
    places = [_fold(heading) for heading in line.cells]
    columns: dict[str, int] = {}
    for name, others in known.items():
        words = {_fold(each) for each in ([overrides[name]] if name in overrides else [name, *others])}
        found = [index for index, heading in enumerate(places) if heading in words]
        if len(found) > 1:
            raise SheetError(f"Columns {found[0] + 1} and {found[1] + 1} both stand for {name}.")
        columns |= dict.fromkeys([name] * len(found), *found)
    missing = sorted({*required, *overrides} - set(columns))
    if missing:
        raise SheetError(f"The first line has to hold the headings, in UTF-8; none stands for: {', '.join(missing)}.")
    return Sheet(separator, tuple(heading.strip() for heading in line.cells), columns, source)


class _Source:
    """The lines of a file with their numbers; lines that were read ahead can be pushed back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._number = 0
        self._back: deque[tuple[int, str]] = deque()

    def next(self) -> tuple[int, str] | None:
        """Return the next line, cut if it is too long; None at the end."""
        if self._back:
            return self._back.popleft()
        text = rest = self._file.readline(MAX_RECORD_CHARACTERS + 1)
        while len(rest) > MAX_RECORD_CHARACTERS and not rest.endswith(("\n", "\r")):
            rest = self._file.readline(MAX_RECORD_CHARACTERS + 1)
        self._number += 1
        return (self._number, text) if text else None

    def push_back(self, lines: Iterable[tuple[int, str]]) -> None:
        """Push lines back; they come next."""
        self._back.extendleft(reversed(list(lines)))


def _record(source: _Source, separator: str) -> SheetLine | None:
    """Return the next record; an open quotation mark continues it in the following lines.

    A mark that is never closed would swallow the following records, so their lines are pushed back.
    """
    first = source.next()
    if first is None:
        return None
    number, text = first
    cells = _cells(text, separator)
    if cells is None and text.count('"') % 2:
        taken = _read_on(source, text)
        cells = _cells(text + "".join(more for _, more in taken), separator)
        if cells is None:
            source.push_back(taken)
    if len(text) > MAX_RECORD_CHARACTERS:
        return _faulty(number, (text.rstrip(),), "sheet_line", max=MAX_RECORD_CHARACTERS)
    if cells is None:
        return _faulty(number, (text.rstrip(),), "sheet_quotes")
    return SheetLine(number, cells)


def _read_on(source: _Source, text: str) -> list[tuple[int, str]]:
    """Read the lines up to the one that closes the open quotation mark."""
    taken: list[tuple[int, str]] = []
    length, marks = len(text), text.count('"')
    while marks % 2 and length <= MAX_RECORD_CHARACTERS and (following := source.next()) is not None:
        taken.append(following)
        length, marks = length + len(following[1]), marks + following[1].count('"')
    return taken


def _cells(text: str, separator: str) -> tuple[str, ...] | None:
    """Return the cells of one record; None if its quotation marks are malformed."""
    try:
        return tuple(next(csv.reader([text], delimiter=separator, strict=True)))
    except csv.Error:
        return None


def _faulty(number: int, cells: tuple[str, ...], code: str, **facts: int) -> SheetLine:
    return SheetLine(number, cells, FieldError("", code, facts))


def _fold(heading: str) -> str:
    """Return the heading folded: `Başvuru_No` and `BAŞVURU NO` are equal."""
    return tr_key(heading.replace("_", " "))

"""A table that a clerk saved as CSV, read record by record: a broken one is told and does not stop the others.

Nothing is guessed but the separator, and that from the headings; memory is bounded by one record.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

from app.core.errors import FieldError
from app.core.turkish import tr_key

LONGEST: Final = 20_000
"""Characters of one record, line breaks within quotation marks included."""

_SEPARATORS = ";,\t"


class SheetError(Exception):
    """The file as a whole can't be read; says why, in words for the clerk, and nothing of its content."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One record: the number of its first line in the file and its cells; or what is wrong with its form.

    The cells of a record that could not be parted are its first line as it stands.
    """

    number: int
    cells: tuple[str, ...]
    error: FieldError | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened table: its separator, its headings, and in which column (from 0) each of ours stands."""

    separator: str
    headings: tuple[str, ...]
    columns: Mapping[str, int]
    _source: "_Source" = field(repr=False)

    def lines(self) -> Iterator[SheetLine]:
        """The records below the headings; empty ones are left out."""
        while (line := _record(self._source, self.separator)) is not None:
            if any(cell.strip() for cell in line.cells):
                yield line if line.error else self._of_width(line)

    def values(self, line: SheetLine) -> dict[str, str]:
        """The cells of our columns that are not empty."""
        cells = ((name, line.cells[index].strip()) for name, index in self.columns.items())
        return {name: cell for name, cell in cells if cell}

    def _of_width(self, line: SheetLine) -> SheetLine:
        expected, cells = len(self.headings), line.cells
        if len(cells) < expected or any(cell.strip() for cell in cells[expected:]):
            return _faulty(line.number, cells, "sheet_columns", found=len(cells), expected=expected)
        return SheetLine(line.number, cells[:expected])


def open_sheet(
    file: TextIO, known: Mapping[str, Sequence[str]], *, needed: Iterable[str], given: Mapping[str, str]
) -> Sheet:
    """Read the headings of a table that was opened with `newline=""`; raises `SheetError`.

    A column of ours stands under its own name or one of those `known` for it, whatever the case and the letters'
    marks, or under the heading that is `given` for it. `needed` columns have to be there; others may be missing, and
    what nobody knows is left aside.
    """
    source = _Source(file)
    first = source.next() or (1, "")
    separator = max(_SEPARATORS, key=first[1].count)
    source.give_back([first])
    line = _record(source, separator)
    if line is None or line.error:
        raise SheetError("The first line has to hold the headings.")
    places = [_folded(heading) for heading in line.cells]
    columns: dict[str, int] = {}
    for name, others in known.items():
        words = {_folded(each) for each in ([given[name]] if name in given else [name, *others])}
        found = [index for index, heading in enumerate(places) if heading in words]
        if len(found) > 1:
            raise SheetError(f"Columns {found[0] + 1} and {found[1] + 1} both stand for {name}.")
        columns |= dict.fromkeys([name] * len(found), *found)
    missing = sorted({*needed, *given} - set(columns))
    if missing:
        raise SheetError(f"The first line has to hold the headings, in UTF-8; none stands for: {', '.join(missing)}.")
    return Sheet(separator, tuple(heading.strip() for heading in line.cells), columns, source)


class _Source:
    """The lines of a file with their numbers; what was read ahead can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._number = 0
        self._back: deque[tuple[int, str]] = deque()

    def next(self) -> tuple[int, str] | None:
        """The next line, of one that is too long its beginning; None at the end."""
        if self._back:
            return self._back.popleft()
        text = rest = self._file.readline(LONGEST + 1)
        while len(rest) > LONGEST and not rest.endswith(("\n", "\r")):
            rest = self._file.readline(LONGEST + 1)
        self._number += 1
        return (self._number, text) if text else None

    def give_back(self, lines: Iterable[tuple[int, str]]) -> None:
        """Put lines before those that come next."""
        self._back.extendleft(reversed(list(lines)))


def _record(source: _Source, separator: str) -> SheetLine | None:
    """The next record; where a quotation mark is open it goes on in the lines below.

    A mark that is never closed would swallow the lines of others: they are given back.
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
            source.give_back(taken)
    if len(text) > LONGEST:
        return _faulty(number, (text.rstrip(),), "sheet_line", max=LONGEST)
    if cells is None:
        return _faulty(number, (text.rstrip(),), "sheet_quotes")
    return SheetLine(number, cells)


def _read_on(source: _Source, text: str) -> list[tuple[int, str]]:
    """The lines up to the one with the mark that closes the open one."""
    taken: list[tuple[int, str]] = []
    length, marks = len(text), text.count('"')
    while marks % 2 and length <= LONGEST and (following := source.next()) is not None:
        taken.append(following)
        length, marks = length + len(following[1]), marks + following[1].count('"')
    return taken


def _cells(text: str, separator: str) -> tuple[str, ...] | None:
    """The cells of one record; None where its quotation marks make no sense."""
    try:
        return tuple(next(csv.reader([text], delimiter=separator, strict=True)))
    except csv.Error:
        return None


def _faulty(number: int, cells: tuple[str, ...], code: str, **facts: Any) -> SheetLine:
    return SheetLine(number, cells, FieldError("", code, facts))


def _folded(heading: str) -> str:
    """`Başvuru_No` and `BAŞVURU NO` are one heading."""
    return tr_key(heading.replace("_", " "))

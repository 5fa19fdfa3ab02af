"""The columns of a published table, found by the wording of the header row, which differs by municipality."""

import re
from collections.abc import Sequence
from enum import StrEnum

from app.core.turkish import tr_key
from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import TableLine


class Column(StrEnum):
    """The content of a column; UNKNOWN columns are ignored."""

    NUMBER = "number"
    NAME = "name"
    PROCESS = "process"
    LIMIT = "limit"
    UNIT = "unit"
    UNKNOWN = "unknown"


# the order matters: the limit and unit headers also contain the word of the name column (HİZMETİN …, HİZMETİ …)
_WORDING: tuple[tuple[Column, re.Pattern[str]], ...] = (
    (Column.LIMIT, re.compile(r"\bsure(si|leri)?\b|\btamamlanma|\ben gec\b")),
    (Column.PROCESS, re.compile(r"\bbelge|\bevrak|\bsurec")),
    (Column.UNIT, re.compile(r"\bbirim|\bmudurlu")),
    (Column.NUMBER, re.compile(r"^(sira|sn|no|nu)$|^s[. ]*(ira)? ?(no|nu|numarasi)\b")),
    (
        Column.NAME,
        re.compile(r"\bhizmet(in|ler|lerin)? (adi|adlari|turu|konusu)\b|^hizmet(ler)?$|sunulan hizmet"),
    ),
)
_LONGEST_HEADER_CELL = 90
_NAMES_TR = {
    Column.NUMBER: "sıra no",
    Column.NAME: "hizmetin adı",
    Column.PROCESS: "istenen belgeler",
    Column.LIMIT: "tamamlanma süresi",
    Column.UNIT: "ilgili birim",
}


def column_of(cell: str) -> Column:
    """Return the column of a header cell, by its wording folded to ASCII."""
    if len(cell) > _LONGEST_HEADER_CELL or re.search(r"\d", cell):
        return Column.UNKNOWN
    key = tr_key(cell)
    return next((column for column, wording in _WORDING if wording.search(key)), Column.UNKNOWN)


def header_columns(line: TableLine, *, table_open: bool) -> tuple[Column, ...] | None:
    """Return the columns of a header row, or None if the line is no header row.

    A header row has the columns of the service's name and its time limit. Before the first table, two known columns
    are enough: then the faulty header is reported instead of every row below it.
    """
    columns = tuple(column_of(cell) for cell in line.cells)
    known = set(columns) - {Column.UNKNOWN}
    if {Column.NAME, Column.LIMIT} <= known:
        return columns
    return columns if len(known) >= 2 and not table_open else None


def check_header(line: TableLine, columns: Sequence[Column]) -> list[CatalogueProblem]:
    """Return the problems of a header row: missing, repeated and unknown columns."""
    found = [
        problem("column_missing", line.number, line.text, _NAMES_TR[column])
        for column in (Column.NAME, Column.LIMIT)
        if column not in columns
    ]
    if Column.PROCESS not in columns:
        found.append(problem("documents_column_missing", line.number, line.text))
    seen: set[Column] = set()
    for cell, column in zip(line.cells, columns, strict=True):
        if column is Column.UNKNOWN and cell:
            found.append(problem("column_unknown", line.number, cell))
        elif column in seen and column is not Column.UNKNOWN:
            found.append(problem("column_twice", line.number, cell, _NAMES_TR[column]))
        seen.add(column)
    return found

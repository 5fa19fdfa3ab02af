"""Decode a table file and cut it into lines of cells: encodings, line ends, stray blanks, quoted cells."""

import codecs
import re
import unicodedata
from collections.abc import Sequence

from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import TableLine

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))
_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u2009\u000b\u000c\u0085\u2028\u2029"), " ")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_QUOTED_CELL = 60
NUMBER_CELL = re.compile(r"\(?(\d{1,4})\)? ?[.\-–)]*")


def decode_table(data: bytes) -> str:
    """Return the text of a published table: by its byte order mark, else UTF-8, else Windows-1254 (Turkish).

    Never raises: undecodable bytes become U+FFFD, which `cut_lines` reports with its line.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1254", errors="replace")


def cut_lines(text: str) -> tuple[list[TableLine], list[CatalogueProblem]]:
    """Return the lines of a text with trimmed cells, in NFC; a quoted cell may span several lines."""
    physical = _LINE_END.split(unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_BLANKS))
    problems = [found for number, line in enumerate(physical, 1) for found in _judge(number, line)]
    lines: list[TableLine] = []
    at = 0
    while at < len(physical):
        cells, used, closed = _quoted(physical, at)
        if not closed:
            problems.append(problem("quote_open", at + 1, cells[-1].strip()))
        lines.append(TableLine(at + 1, tuple(_unquote(cell.strip()) for cell in cells)))
        at += used
    return lines, problems


def _judge(number: int, line: str) -> list[CatalogueProblem]:
    found = []
    if "\ufffd" in line:
        found.append(problem("undecodable", number, line.strip()))
    controls = sorted(set(_CONTROLS.findall(line)))
    if controls:
        shown = ", ".join(f"U+{ord(sign):04X}" for sign in controls)
        found.append(problem("control_character", number, _CONTROLS.sub("", line).strip(), shown))
    return found


def _quoted(physical: Sequence[str], at: int) -> tuple[list[str], int, bool]:
    """Return the cells of the line at `at`, the number of lines they span, and whether its quotation is closed.

    Spreadsheets quote a cell with line breaks. A quotation that is still open at the next cell or the next numbered
    row is a typing error; the line then stays unchanged.
    """
    cells = physical[at].split("\t")
    joined, used = cells, 1
    while _is_open(joined[-1]) and used < _LONGEST_QUOTED_CELL and at + used < len(physical):
        cell, *more = physical[at + used].split("\t")
        grown = f"{joined[-1]}\n{cell}"
        if more and (_is_open(grown) or NUMBER_CELL.fullmatch(cell.strip())):
            break
        joined = [*joined[:-1], grown, *more]
        used += 1
    return (cells, 1, False) if _is_open(joined[-1]) else (joined, used, True)


def _is_open(cell: str) -> bool:
    return cell.lstrip().startswith('"') and cell.count('"') % 2 == 1


def _unquote(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and ("\n" in cell or '""' in cell):
        return cell[1:-1].replace('""', '"').strip()
    return cell

"""Read the first and second application office (İlk / İkinci Müracaat Yeri) printed below a table.

The two offices are side by side (two label/value pairs a line) or one below the other; both forms occur.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.core.email_address import InvalidEmail, parse_email
from app.core.turkish import tr_key
from app.standards.problems import CatalogueProblem, problem
from app.standards.published_table import PrintedOffice, TableLine

OFFICE_NAMES = {1: "İlk Müracaat Yeri", 2: "İkinci Müracaat Yeri"}
_LEVELS = (
    (1, re.compile(r"(ilk|birinci|1\.?) muracaat yeri")),
    (2, re.compile(r"(ikinci|2\.?) muracaat yeri")),
)
_LABELS = {
    "name": ("isim", "ismi", "ad soyad", "ad-soyad", "adi soyadi", "adi ve soyadi", "isim soyisim"),
    "job_title": ("unvan", "unvani", "gorevi"),
    "address": ("adres", "adresi"),
    "phone": ("tel", "tel.", "tel no", "telefon", "telefonu", "telefon no", "telefon numarasi"),
    "phone_extension": ("dahili", "dahili no"),
    "fax": ("faks", "faks no", "fax", "belgegecer", "belgegecer no"),
    "email": (
        "e-posta",
        "e posta",
        "eposta",
        "e-posta adresi",
        "e-mail",
        "email",
        "mail",
        "elektronik posta",
    ),
}
_FIELD_OF = {label: name for name, labels in _LABELS.items() for label in labels}
_SPACED_LABEL = re.compile(r" {2,}(?=([^\s:][^:]{0,30}?) *:)")
# "0212 440 11 90/91" is two lines of a switchboard: an extension has three digits or more
_EXTENSION = re.compile(r"^(.*\d)\s*(?:/|(?:dahili|dah)\b\.?:?)\s*(\d{3,6}(?:\s*[-,]\s*\d{3,6})*)$", re.IGNORECASE)


@dataclass(slots=True)
class _Draft:
    """An office while its lines are read; `column` is the cell of its heading."""

    level: int
    line: int
    table: int
    column: int
    label: str
    place: str = ""
    values: dict[str, str] = field(default_factory=dict)
    printed: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A label with its value ("" if blank), or a text without a label (`label` = "")."""

    column: int
    label: str
    value: str


def office_level(cell: str) -> int | None:
    """Return 1 or 2 if the cell is the heading of an office, with or without its place; else None."""
    key = tr_key(cell.partition(":")[0])
    return next((level for level, wording in _LEVELS if wording.fullmatch(key)), None)


def is_office_heading(line: TableLine) -> bool:
    """Return whether the line opens one or both offices."""
    return any(office_level(cell) is not None for cell in line.cells)


def is_office_field(line: TableLine) -> bool:
    """Return whether the line starts with one of the printed labels, such as `Tel :`."""
    return bool(line.filled) and _is_label(line.filled[0].partition(":")[0])


def split_phone(printed: str) -> tuple[str, str]:
    """Split `444 00 73/1010` into (`444 00 73`, `1010`), a number without an extension into (number, "")."""
    found = _EXTENSION.match(printed)
    return (found.group(1).strip(), found.group(2)) if found else (printed, "")


def read_offices(lines: Sequence[tuple[int, TableLine]]) -> tuple[list[PrintedOffice], list[CatalogueProblem]]:
    """Return the offices of the given (table, line) pairs, in their order, and the problems of reading them.

    An office that is printed again with the same words below another table is one office.
    """
    drafts: list[_Draft] = []
    beside: list[_Draft] = []
    problems: list[CatalogueProblem] = []
    for table, line in lines:
        pairs = list(_pairs(line.cells))
        opened = [_open(pair, line.number, table) for pair in pairs if office_level(pair.label) is not None]
        if opened:
            beside = opened
            drafts += opened
        else:
            problems += _fill(beside, pairs, line.number)
    offices, repeated = _distinct(_finish(draft) for draft in drafts)
    problems += repeated
    for office in offices:
        problems += _judge(office)
    return offices, problems


def _is_label(text: str) -> bool:
    return tr_key(text) in _FIELD_OF or office_level(text) is not None


def _pairs(cells: Sequence[str]) -> Iterator[_Pair]:
    """Yield labels with their values; a value is in the label's own cell or in the next one."""
    waiting: _Pair | None = None
    for column, cell in enumerate(part for whole in cells for part in _pieces(whole)):
        label, colon, value = cell.partition(":")
        if _is_label(label):
            if waiting:
                yield waiting
            waiting = _Pair(column, label.strip(), value.strip())
            if colon and waiting.value:
                yield waiting
                waiting = None
        elif cell and waiting:
            yield _Pair(waiting.column, waiting.label, cell.removeprefix(":").strip())
            waiting = None
        elif cell:
            yield _Pair(column, "", cell)
    if waiting:
        yield waiting


def _pieces(cell: str) -> list[str]:
    """Return the parts of a cell whose columns are separated by runs of blanks, cut before each known label."""
    cuts = [found.start() for found in _SPACED_LABEL.finditer(cell) if _is_label(found.group(1))]
    borders = [0, *cuts, len(cell)]
    return [cell[start:end].strip() for start, end in pairwise(borders)]


def _open(pair: _Pair, line: int, table: int) -> _Draft:
    level = office_level(pair.label) or 1
    return _Draft(level, line, table, pair.column, pair.label, pair.value, printed=[(pair.label, pair.value)])


def _fill(beside: Sequence[_Draft], pairs: Iterable[_Pair], line: int) -> list[CatalogueProblem]:
    problems: list[CatalogueProblem] = []
    taken: set[tuple[int, str]] = set()
    for pair in pairs:
        name = _FIELD_OF.get(tr_key(pair.label), "")
        draft = _owner(beside, pair.column, name, taken)
        if draft is None or not name:
            if draft is None or draft.place or draft.values:
                problems.append(problem("office_cell_unread", line, pair.value))
            else:
                draft.place = pair.value
                draft.printed[0] = (draft.label, pair.value)
            continue
        taken.add((draft.level, name))
        draft.printed.append((pair.label, pair.value))
        if name in draft.values:
            problems.append(problem("office_field_twice", line, pair.value, OFFICE_NAMES[draft.level], pair.label))
        else:
            draft.values[name] = pair.value
    return problems


def _owner(beside: Sequence[_Draft], column: int, name: str, taken: set[tuple[int, str]]) -> _Draft | None:
    """Return the office whose heading is above the cell; if it has the field on this line already, the next one."""
    left = [draft for draft in beside if draft.column <= column] or list(beside[:1])
    if not left:
        return None
    owner = left[-1]
    right = [draft for draft in beside if draft.column > owner.column]
    return right[0] if (owner.level, name) in taken and right else owner


def _finish(draft: _Draft) -> PrintedOffice:
    values = draft.values
    phone = values.get("phone", "")
    number, extension = split_phone(phone)
    return PrintedOffice(
        level=draft.level,
        place=draft.place,
        name=values.get("name", ""),
        job_title=values.get("job_title", ""),
        address=values.get("address", ""),
        phone=phone,
        phone_number=number,
        phone_extension=extension or values.get("phone_extension", ""),
        fax=values.get("fax", ""),
        email=values.get("email", ""),
        printed=tuple(draft.printed),
        line=draft.line,
        table=draft.table,
    )


def _distinct(offices: Iterable[PrintedOffice]) -> tuple[list[PrintedOffice], list[CatalogueProblem]]:
    distinct: list[PrintedOffice] = []
    problems: list[CatalogueProblem] = []
    for office in offices:
        same_level = [other for other in distinct if other.level == office.level]
        if any(other.printed == office.printed for other in same_level):
            continue
        if same_level:
            name, first = OFFICE_NAMES[office.level], same_level[0].line
            problems.append(problem("office_twice", office.line, office.place, name, first))
        distinct.append(office)
    return distinct, problems


def _judge(office: PrintedOffice) -> Iterator[CatalogueProblem]:
    """Yield the missing or invalid fields that a notice to the office needs."""
    label = OFFICE_NAMES[office.level]
    if not office.place:
        yield problem("office_blank", office.line, "", label)
    if not office.name:
        yield problem("office_nameless", office.line, office.place, label)
    if not office.email and not office.phone:
        yield problem("office_unreachable", office.line, office.place, label)
    if office.email and not _can_be_mailed(office.email):
        yield problem("office_email", office.line, office.email, label)


def _can_be_mailed(printed: str) -> bool:
    try:
        parse_email(printed)
    except InvalidEmail:
        return False
    return True

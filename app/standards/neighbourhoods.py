"""The list of neighbourhoods (mahalle) with aliases and dates, and the search by what people write."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from app.core.turkish import tr_key
from app.standards.problems import CatalogueProblem, problem
from app.standards.values import Neighbourhood

_COLUMNS = ["name", "aliases", "valid_from", "valid_to"]
_SUFFIX = re.compile(r"\b(mahallesi|mahalle|mah|mh)\b.*", re.DOTALL)


def match_neighbourhood(neighbourhoods: Sequence[Neighbourhood], text: str, on: date | None = None) -> str | None:
    """Return the present name of the neighbourhood that `text` names, or None; `on` searches the names of that date.

    Names and aliases are compared without case, Turkish letters and blanks. `MAH.`, `MH.`, `MAHALLESİ` and everything
    after it are left out. Nothing is guessed.
    """
    key = _key(text)
    if not key:
        return None
    valid = (there for there in neighbourhoods if _is_valid(there, on))
    return next((there.name for there in valid if key in _keys(there)), None)


def read_neighbourhoods(text: str) -> tuple[list[Neighbourhood], list[CatalogueProblem]]:
    """Return the neighbourhoods of a CSV file with `_COLUMNS` (aliases separated by `;`), and its faults."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    found: list[Neighbourhood] = []
    problems: list[CatalogueProblem] = []
    try:
        header = next(lines, [])
        if header != _COLUMNS:
            return [], [problem("csv_columns", 1, ",".join(header), ",".join(_COLUMNS))]
        for cells in lines:
            if any(cells):
                found.append(_neighbourhood(cells))
                problems += _shared(found, lines.line_num)
    except (csv.Error, ValueError) as error:
        problems.append(problem("field_invalid", lines.line_num, "", error, error))
    return found, problems


def _neighbourhood(cells: Sequence[str]) -> Neighbourhood:
    if len(cells) != len(_COLUMNS):
        raise ValueError(f"{len(cells)} / {len(_COLUMNS)} ({','.join(_COLUMNS)})")
    name, aliases, valid_from, valid_to = (cell.strip() for cell in cells)
    if not _key(name):
        raise ValueError(f"name: {name!r}")
    return Neighbourhood(
        name=name,
        aliases=tuple(alias.strip() for alias in aliases.split(";") if alias.strip()),
        valid_from=date.fromisoformat(valid_from) if valid_from else None,
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
    )


def _shared(found: Sequence[Neighbourhood], line: int) -> list[CatalogueProblem]:
    """Return a problem for each neighbourhood that shares a name with the last one at the same time."""
    *before, last = found
    rivals = [there for there in before if _keys(there) & _keys(last) and _overlap(there, last)]
    return [problem("name_shared", line, last.name, there.name) for there in rivals]


def _overlap(one: Neighbourhood, other: Neighbourhood) -> bool:
    starts = max(one.valid_from or date.min, other.valid_from or date.min)
    return starts < min(one.valid_to or date.max, other.valid_to or date.max)


def _is_valid(there: Neighbourhood, on: date | None) -> bool:
    if on is None:
        return there.valid_to is None
    return (there.valid_from or date.min) <= on < (there.valid_to or date.max)


@lru_cache(maxsize=1024)
def _keys(there: Neighbourhood) -> frozenset[str]:
    return frozenset(_key(name) for name in (there.name, *there.aliases))


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", _SUFFIX.sub("", tr_key(text)))

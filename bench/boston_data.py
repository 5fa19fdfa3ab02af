"""The City of Boston's requests of 2015, as its open data print them: local wall times without a zone."""

import csv
import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from bench.ground import Wrong

VARIABLE: Final = "ESTIM_BOSTON_CSV"
BESIDE_THE_CHECKOUT: Final = Path(__file__).parents[2] / "shared" / "data" / "boston311_2015.csv.gz"
BOSTON: Final = ZoneInfo("America/New_York")
PRINTED: Final = "%m/%d/%Y %I:%M:%S %p"
FLAGS: Final = {"ONTIME": True, "OVERDUE": False, "": None}


@dataclass(frozen=True, slots=True)
class Request:
    """One request: what it was for, its instants (in Boston's zone), and whether the city calls it on time."""

    number: str
    type: str
    opened_at: datetime
    target_at: datetime | None
    closed_at: datetime | None
    on_time: bool | None


def file_of_requests(given: Path | None = None) -> Path:
    """The file to read: the one given, or that of ESTIM_BOSTON_CSV, or the one beside the checkout."""
    return given or Path(os.environ.get(VARIABLE) or BESIDE_THE_CHECKOUT)


def read(path: Path) -> list[Request]:
    """All requests of a CSV file, packed or not. Raises Wrong with the line that can't be understood."""
    with _opened(path) as lines:
        return list(_requests(csv.DictReader(lines), path))


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _requests(rows: "csv.DictReader[str]", path: Path) -> Iterator[Request]:
    for row in rows:
        try:
            yield request_of(row)
        except (KeyError, ValueError) as error:
            raise Wrong(f"{path}, line {rows.line_num}: {error!r}") from error


def request_of(row: Mapping[str, str]) -> Request:
    """The request of one row. Raises KeyError for a missing column or an unknown flag, ValueError for a wrong time."""
    return Request(
        number=row["CASE_ENQUIRY_ID"],
        type=" ".join(row["TYPE"].split()),
        opened_at=_printed(row["OPEN_DT"]),
        target_at=_printed(row["TARGET_DT"]) if row["TARGET_DT"] else None,
        closed_at=_printed(row["CLOSED_DT"]) if row["CLOSED_DT"] else None,
        on_time=FLAGS[row["OnTime_Status"]],
    )


def _printed(text: str) -> datetime:
    return datetime.strptime(text, PRINTED).replace(tzinfo=BOSTON)


def night_of_extract(requests: list[Request]) -> datetime:
    """When the file was drawn: the midnight after its last closing. Flags of open requests are as of then."""
    last = max(request.closed_at for request in requests if request.closed_at)
    return datetime.combine(last.date() + timedelta(days=1), time(), tzinfo=BOSTON)

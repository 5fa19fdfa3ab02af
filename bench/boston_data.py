"""The City of Boston's requests of 2015 from its open data, with local wall times without a zone."""

import csv
import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo

from bench.installation import BenchmarkError

FILE_VARIABLE: Final = "ESTIM_BOSTON_CSV"
DEFAULT_FILE: Final = Path(__file__).parents[2] / "shared" / "data" / "boston311_2015.csv.gz"
BOSTON: Final = ZoneInfo("America/New_York")
TIME_FORMAT: Final = "%m/%d/%Y %I:%M:%S %p"
FLAGS: Final = {"ONTIME": True, "OVERDUE": False, "": None}


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its type, its instants (in Boston's zone) and the city's on-time flag."""

    number: str
    type: str
    opened_at: datetime
    target_at: datetime | None
    closed_at: datetime | None
    on_time: bool | None


def requests_file(given: Path | None = None) -> Path:
    """Return the given file, else that of ESTIM_BOSTON_CSV, else the default beside the checkout."""
    return given or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def read(path: Path) -> list[Request]:
    """Read all requests of a CSV file, gzipped or not; raise BenchmarkError with the line that can't be parsed."""
    with _open(path) as lines:
        return list(_requests(csv.DictReader(lines), path))


def _open(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _requests(rows: "csv.DictReader[str]", path: Path) -> Iterator[Request]:
    for row in rows:
        try:
            yield request_of(row)
        except (KeyError, ValueError) as error:
            raise BenchmarkError(f"{path}, line {rows.line_num}: {error!r}") from error


def request_of(row: Mapping[str, str]) -> Request:
    """Parse a row; raise KeyError for a missing column or an unknown flag, ValueError for a wrong time."""
    return Request(
        number=row["CASE_ENQUIRY_ID"],
        type=" ".join(row["TYPE"].split()),
        opened_at=_parse_time(row["OPEN_DT"]),
        target_at=_parse_time(row["TARGET_DT"]) if row["TARGET_DT"] else None,
        closed_at=_parse_time(row["CLOSED_DT"]) if row["CLOSED_DT"] else None,
        on_time=FLAGS[row["OnTime_Status"]],
    )


def _parse_time(text: str) -> datetime:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=BOSTON)


def extract_date(requests: list[Request]) -> datetime:
    """Return the midnight after the last closing: the flags of open requests are as of then."""
    last = max(request.closed_at for request in requests if request.closed_at)
    return datetime.combine(last.date() + timedelta(days=1), time(), tzinfo=BOSTON)

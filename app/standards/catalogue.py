"""Build a `Catalogue` from the published table and the municipality's files, or report every problem in the way.

Nothing is stored here: a faulty folder changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.sla.limit import Limit, NeedsReview
from app.standards.cross_checks import (
    LimitsByLine,
    check_calendars,
    check_entries,
    check_offices,
    check_rows,
    check_units,
    match_rows,
    office_entry,
    understood_limits,
)
from app.standards.files import OfficeEntry, ServiceEntry
from app.standards.folder import STANDARDS, TABLE, Folder, read_folder, read_table_file
from app.standards.problems import CatalogueProblem, Severity
from app.standards.published_table import PrintedOffice, PublishedTable, Row
from app.standards.table import limit_problem
from app.standards.values import ApplicationOffice, Catalogue, LimitSource, Service

_SAME_FIELDS = (
    *("code", "channels", "clock_start", "basis", "hours", "roll", "pausable", "statutory", "statutory_when"),
    *("accepts_new", "closed_on", "note", "callback_required", "quality_figure", "requires", "refuses"),
)
"""The fields that a service and its entry have with the same name and value."""


class CatalogueError(Exception):
    """A folder that can't be loaded; `problems` gives file, line and reason of each fault."""

    def __init__(self, problems: tuple[CatalogueProblem, ...]) -> None:
        lines = (f"{found.source}:{found.line or '-'} {found.cell}: {found.reason_en}" for found in problems)
        super().__init__("; ".join(lines))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CatalogueCheck:
    """The result of a check of a table or a folder.

    `limits` has the meaning of each row's limit, by line. `catalogue` is None for a table alone and for a folder that
    can't be loaded.
    """

    path: Path
    table: PublishedTable
    limits: LimitsByLine
    catalogue: Catalogue | None
    problems: tuple[CatalogueProblem, ...]

    @property
    def needs_person(self) -> bool:
        """Return whether a person has to look before this is relied on; the command then exits non-zero."""
        return any(found.needs_person for found in self.problems)

    def limit_of(self, row: Row) -> Limit | NeedsReview:
        """Return the meaning of the row's limit, or the reason why a person has to settle it."""
        return self.limits[row.line]

    def service_of(self, row: Row) -> Service | None:
        """Return the service of the row; None if the folder was not read whole."""
        services = self.catalogue.services if self.catalogue else ()
        return next((service for service in services if service.line == row.line), None)


def load_catalogue(folder: Path) -> Catalogue:
    """Return the catalogue of a municipality's folder. Raises CatalogueError with all problems in the way.

    Findings for a person's eye only (`Severity.REVIEW`) do not stop the load.
    """
    result = _check_folder(folder, folder / TABLE)
    if result.catalogue is None:
        raise CatalogueError(tuple(found for found in result.problems if found.severity is Severity.ERROR))
    return result.catalogue


def check_folder_or_file(path: Path, known_folder: Path | None = None) -> CatalogueCheck:
    """Check a municipality's folder, or a table file. Never raises.

    A table with a standards.yaml beside it is checked together with its companion files. So is a table that equals,
    byte for byte, that of `known_folder` (the configured municipality). Any other table is checked alone.
    """
    table = path / TABLE if path.is_dir() else path
    if path.is_dir() or (path.parent / STANDARDS).is_file():
        return _check_folder(path, table)
    if known_folder is not None and _same_bytes(path, known_folder / TABLE):
        return _check_folder(path, known_folder / TABLE)
    published, problems = read_table_file(path)
    limits = [replace(found, source=path.name) for found in map(limit_problem, published.rows) if found]
    understood = understood_limits(published.rows, ())
    return CatalogueCheck(path, published, understood, None, _sorted([*problems, *limits]))


def _check_folder(path: Path, table: Path) -> CatalogueCheck:
    folder = read_folder(table)
    rows, file = folder.table.rows, folder.standards
    matched = list(match_rows(file, rows))
    matches = [found for found in matched if isinstance(found, tuple)]
    problems = [
        *folder.problems,
        *(found for found in matched if isinstance(found, CatalogueProblem)),
        *check_rows(file, rows, matches, folder.table_name),
        *check_entries(folder),
        *check_calendars(folder),
        *check_offices(folder),
        *check_units(folder),
    ]
    limits = understood_limits(rows, file.model.services if file.model else ())
    faulty = any(found.severity is Severity.ERROR for found in problems)
    catalogue = None if faulty else _build(folder, matches, limits)
    return CatalogueCheck(path, folder.table, limits, catalogue, _sorted(problems))


def _build(folder: Folder, matches: Sequence[tuple[int, Row]], limits: LimitsByLine) -> Catalogue | None:
    """Return the catalogue of a folder without errors; there every file has its model."""
    standards, units, hours = folder.standards.model, folder.units.model, folder.hours.model
    office_file, closures = folder.offices.model, folder.closures.model
    if not (standards and units and hours and office_file and closures):
        return None
    found = ((standards.services[position], row, limits[row.line]) for position, row in matches)
    return Catalogue(
        sha256=folder.sha256,
        sources=dict(folder.sources),
        municipality=standards.municipality.value(),
        closing=folder.table.closing,
        services=tuple(_service(entry, row, limit) for entry, row, limit in found if isinstance(limit, Limit)),
        regimes=tuple(regime.value(code) for code, regime in standards.regimes.items()),
        offices=tuple(_office(office, office_entry(office, office_file.offices)) for office in folder.table.offices),
        units=tuple(unit.value() for unit in units.units),
        external_bodies=tuple(body.value() for body in units.external_bodies),
        neighbourhoods=folder.neighbourhoods,
        zone=hours.zone,
        hours={name: week.value() for name, week in hours.calendars.items()},
        closures={closure.date: closure.value() for closure in closures.closures},
    )


def _service(entry: ServiceEntry, row: Row, limit: Limit) -> Service:
    return Service(
        table=row.table,
        row=entry.row,
        line=row.line,
        heading=row.heading,
        name=row.name,
        process_text=row.process_text,
        unit_text=row.unit_text,
        limit_text=row.limit_text,
        limit=limit,
        limit_source=LimitSource.ROW_OVERRIDE if entry.limit else LimitSource.PRINTED,
        statutory_by_subtype=dict(entry.statutory_by_subtype),
        documents=tuple(document.value() for document in entry.documents),
        chain=None if entry.escalation is None else tuple(step.value() for step in entry.escalation),
        **{name: getattr(entry, name) for name in _SAME_FIELDS},
    )


def _office(office: PrintedOffice, entry: OfficeEntry | None) -> ApplicationOffice:
    """Return the printed office with the additions of offices.yaml, if it has an entry there."""
    return ApplicationOffice(
        printed=office,
        unit=entry.unit if entry else None,
        role_mailbox=entry.role_mailbox if entry else None,
        valid_from=entry.valid_from if entry else None,
        valid_to=entry.valid_to if entry else None,
        deputies=tuple(deputy.value() for deputy in entry.deputies) if entry else (),
    )


def _sorted(problems: Iterable[CatalogueProblem]) -> tuple[CatalogueProblem, ...]:
    return tuple(sorted(problems, key=lambda found: (found.source, found.line or 0)))


def _same_bytes(one: Path, other: Path) -> bool:
    try:
        return one.read_bytes() == other.read_bytes()
    except OSError:
        return False

"""The checks across the files of a folder: rows and their entries, references between files, calendars, codes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.domain.terms import Regime
from app.sla.calendar import Calendar, CalendarError
from app.sla.checkpoints import CheckpointKind
from app.sla.limit import Limit, NeedsReview, parse_limit
from app.standards.files import OfficeEntry, ServiceEntry, StandardsFile
from app.standards.folder import Folder
from app.standards.office_block import OFFICE_NAMES
from app.standards.problems import CatalogueProblem, code_of, problem
from app.standards.published_table import PrintedOffice, Row
from app.standards.table import limit_problem
from app.standards.values import OFFICE_HOURS, Channel
from app.standards.yaml_file import YamlFile

LimitsByLine = dict[int, Limit | NeedsReview]
"""The meaning of each row's limit, by the line of the row."""


def understood_limits(rows: Sequence[Row], entries: Sequence[ServiceEntry]) -> LimitsByLine:
    """Return the meaning of each row's limit: that of the row override if it fits the print, else of the print."""
    overrides = {(entry.row, entry.printed): entry.limit for entry in entries if entry.limit}
    limits: LimitsByLine = {}
    for row in rows:
        override = overrides.get((row.number or 0, row.limit_text))
        limits[row.line] = override.value() if override else parse_limit(row.limit_text)
    return limits


def match_rows(file: YamlFile[StandardsFile], rows: Sequence[Row]) -> Iterator[tuple[int, Row] | CatalogueProblem]:
    """Yield for each entry (position of the entry, its row), or a problem if it has no row of its own."""
    entries = file.model.services if file.model else ()
    taken: dict[int, str] = {}
    for position, entry in enumerate(entries):
        path = ("services", position, "row")
        fitting = [row for row in rows if row.number == entry.row and entry.table in {None, row.table}]
        if len(fitting) != 1:
            yield file.problem("row_ambiguous" if fitting else "row_unknown", path, entry.row)
        elif fitting[0].line in taken:
            yield file.problem("row_shared", path, entry.row, taken[fitting[0].line])
        else:
            taken[fitting[0].line] = entry.code
            yield position, fitting[0]


def check_rows(
    file: YamlFile[StandardsFile], rows: Sequence[Row], matches: Sequence[tuple[int, Row]], table_name: str
) -> Iterator[CatalogueProblem]:
    """Yield printed rows without an entry, limits that need a person, and overrides that don't fit the print.

    Yields nothing if standards.yaml itself is faulty, because its overrides are then unknown.
    """
    if file.model is None:
        return
    overridden = {row.line for position, row in matches if file.model.services[position].limit}
    for position, row in matches:
        yield from _check_override(file, position, file.model.services[position], row)
    matched = {row.line for _, row in matches}
    for row in rows:
        if row.line not in matched:
            yield problem("row_unused", row.line, row.name, row.number, source=table_name)
        found = None if row.line in overridden else limit_problem(row)
        if found:
            yield replace(found, source=table_name)


def _check_override(
    file: YamlFile[StandardsFile], position: int, entry: ServiceEntry, row: Row
) -> Iterator[CatalogueProblem]:
    path = ("services", position)
    if entry.printed is None:
        return
    printed = parse_limit(row.limit_text)
    if entry.printed != row.limit_text:
        yield file.problem("override_mismatch", (*path, "printed"), entry.printed, row.limit_text)
    elif isinstance(printed, Limit):
        yield file.problem("override_needless", (*path, "limit"), printed.describe_tr())


def check_entries(folder: Folder) -> Iterator[CatalogueProblem]:
    """Yield codes and channels that are repeated or missing, and undefined laws, calendars and offices."""
    file = folder.standards
    if file.model is None:
        return
    codes: dict[str, int] = {}
    channels: dict[Channel, str] = {}
    for position, entry in enumerate(file.model.services):
        path = ("services", position)
        if codes.setdefault(entry.code, position) != position:
            yield file.problem("code_twice", (*path, "code"), entry.code)
        for channel in entry.channels:
            first = channels.setdefault(channel, entry.code)
            if first != entry.code:
                yield file.problem("channel_twice", (*path, "channels"), channel, first)
        yield from _check_references(folder, position, entry)
    for regime in sorted(set(Regime) - set(file.model.regimes)):
        yield file.problem("regime_missing", ("regimes",), regime)
    for channel in sorted(set(Channel) - set(channels)):
        yield file.problem("channel_unserved", ("services",), channel)


def _check_references(folder: Folder, position: int, entry: ServiceEntry) -> Iterator[CatalogueProblem]:
    file, path, hours = folder.standards, ("services", position), folder.hours.model
    for regime in _regimes(entry) - set(file.model.regimes if file.model else ()):
        yield file.problem("regime_undefined", (*path, "statutory"), regime)
    if hours and entry.hours not in hours.calendars:
        yield file.problem("hours_undefined", (*path, "hours"), entry.hours)
    for number, step in enumerate(entry.escalation or ()):
        if step.kind is CheckpointKind.ESCALATION and step.level not in OFFICE_NAMES:
            yield file.problem("level_without_office", (*path, "escalation", number, "level"), step.level)


def check_calendars(folder: Folder) -> Iterator[CatalogueProblem]:
    """Yield a missing calendar of the law, repeated closures, and calendars that their closures leave closed."""
    hours, closures = folder.hours.model, folder.closures.model
    if hours is None or closures is None:
        return
    if OFFICE_HOURS not in hours.calendars:
        yield folder.hours.problem("hours_undefined", ("calendars",), OFFICE_HOURS)
    days = [closure.date for closure in closures.closures]
    for position, day in enumerate(days):
        if day in days[:position]:
            yield folder.closures.problem("closure_twice", ("closures", position, "date"), day)
    special_days = {closure.date: closure.value() for closure in closures.closures}
    for name, week in hours.calendars.items():
        try:
            Calendar("check", hours.zone, week.value(), special_days)
        except CalendarError as error:
            yield folder.closures.problem(code_of(error), ("closures",), name)


def check_offices(folder: Folder) -> Iterator[CatalogueProblem]:
    """Yield offices whose directorate is undefined, or has another name in the table."""
    units = {unit.code: unit for unit in folder.units.model.units} if folder.units.model else {}
    entries = folder.offices.model.offices if folder.offices.model else ()
    for position, entry in enumerate(entries):
        path = ("offices", position, "unit")
        if entry.unit is None or not units:
            continue
        if entry.unit not in units:
            yield folder.offices.problem("unit_undefined", path, entry.unit)
            continue
        name = units[entry.unit].name
        places = [office.place for office in folder.table.offices if office_entry(office, entries) is entry]
        for place in places:
            if place != name:
                yield folder.offices.problem("unit_name", path, name, place)


def check_units(folder: Folder) -> Iterator[CatalogueProblem]:
    """Yield repeated codes; directorates and external bodies share one list, because a referral names either."""
    model = folder.units.model
    if model is None:
        return
    seen: set[str] = set()
    sections = {
        "units": [unit.code for unit in model.units],
        "external_bodies": [body.code for body in model.external_bodies],
    }
    for section, codes in sections.items():
        for position, code in enumerate(codes):
            if code in seen:
                yield folder.units.problem("code_twice", (section, position, "code"), code)
            seen.add(code)


def _regimes(entry: ServiceEntry) -> set[Regime]:
    return {*entry.statutory_by_subtype.values(), *([entry.statutory] if entry.statutory else [])}


def office_entry(office: PrintedOffice, entries: Sequence[OfficeEntry]) -> OfficeEntry | None:
    """Return the entry of a printed office, or None."""
    of_level = (entry for entry in entries if entry.level == office.level)
    return next((entry for entry in of_level if entry.table in {None, office.table}), None)

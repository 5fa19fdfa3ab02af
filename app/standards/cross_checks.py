"""Where the printed rows meet their entries in standards.yaml: every row has one, every entry has its row."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.domain.terms import Regime
from app.sla.calendar import Calendar, CalendarError
from app.sla.checkpoints import CheckpointKind
from app.sla.limit import Limit, NeedsReview, parse_limit
from app.standards.files import OfficeEntry, OfficesFile, ServiceEntry, StandardsFile
from app.standards.folder import Folder
from app.standards.office_block import OFFICE_NAMES
from app.standards.problems import CatalogueProblem, code_of, problem
from app.standards.published_table import PrintedOffice, Row
from app.standards.table import limit_problem
from app.standards.values import OFFICE_HOURS, ApplicationOffice, Channel, LimitSource, Service
from app.standards.yaml_file import YamlFile

LimitsByLine = dict[int, Limit | NeedsReview]
# fields of an entry that the service has under the same name and with the same value
_TAKEN_OVER = (
    *("code", "channels", "clock_start", "basis", "hours", "roll", "pausable", "statutory", "statutory_when"),
    *("accepts_new", "closed_on", "note", "callback_required", "quality_figure", "requires", "refuses"),
)


def understood_limits(rows: Sequence[Row], entries: Sequence[ServiceEntry]) -> LimitsByLine:
    """What each row's limit means, by line: the row override where it fits the print, else the print."""
    overrides = {(entry.row, entry.printed): entry.limit for entry in entries if entry.limit}
    limits: LimitsByLine = {}
    for row in rows:
        override = overrides.get((row.number or 0, row.limit_text))
        limits[row.line] = override.value() if override else parse_limit(row.limit_text)
    return limits


def match_rows(file: YamlFile[StandardsFile], rows: Sequence[Row]) -> Iterator[tuple[int, Row] | CatalogueProblem]:
    """For each entry its row, as (position of the entry, row), or the problem that it hasn't one."""
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
    """Printed rows without an entry, limits that nobody settled, and overrides that don't fit the print.

    Nothing is said while standards.yaml itself is faulty: what it settles is not known then.
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
    """Codes and channels given twice or not at all; laws, calendars and offices that are named and nowhere defined."""
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
    """The calendar of the law, dates that are decided twice, and calendars that their closures leave closed."""
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


def service(entry: ServiceEntry, row: Row, limit: Limit) -> Service:
    """The service that a row and its entry make together."""
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
        **{name: getattr(entry, name) for name in _TAKEN_OVER},
    )


def offices(printed: Sequence[PrintedOffice], file: OfficesFile) -> tuple[ApplicationOffice, ...]:
    """The printed offices with what offices.yaml adds; an office without an entry stands as it is printed."""
    return tuple(_office(office, _entry_of(office, file.offices)) for office in printed)


def check_offices(folder: Folder) -> Iterator[CatalogueProblem]:
    """Offices that name a unit which is not in the list, or which the table calls otherwise."""
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
        places = [office.place for office in folder.table.offices if _entry_of(office, entries) is entry]
        for place in places:
            if place != name:
                yield folder.offices.problem("unit_name", path, name, place)


def check_units(folder: Folder) -> Iterator[CatalogueProblem]:
    """Units and outside bodies share one list of codes: a referral names either."""
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


def _entry_of(office: PrintedOffice, entries: Sequence[OfficeEntry]) -> OfficeEntry | None:
    of_level = (entry for entry in entries if entry.level == office.level)
    return next((entry for entry in of_level if entry.table in {None, office.table}), None)


def _office(office: PrintedOffice, entry: OfficeEntry | None) -> ApplicationOffice:
    return ApplicationOffice(
        printed=office,
        unit=entry.unit if entry else None,
        role_mailbox=entry.role_mailbox if entry else None,
        valid_from=entry.valid_from if entry else None,
        valid_to=entry.valid_to if entry else None,
        deputies=tuple(deputy.value() for deputy in entry.deputies) if entry else (),
    )

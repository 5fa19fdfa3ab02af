"""The differences between two readings of a municipality's folder, in the published or configured words.

They are for the person who loads a folder, and for later questions about what was changed when. Values are compared, so
a comment or a blank line is no difference. A field that is added to a value later is compared automatically.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from app.core.turkish import format_date
from app.sla.calendar import Segment, SpecialDay
from app.sla.deadline import Basis
from app.sla.limit import Limit
from app.standards.values import (
    ApplicationOffice,
    Catalogue,
    ClockStart,
    Directorate,
    ExternalBody,
    Neighbourhood,
    RegimeRules,
    Service,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Item = TypeVar("Item")
NamedWeek = tuple[str, tuple[tuple[Segment, ...], ...]]


class ChangeSubject(StrEnum):
    """The kind of item that a change is about."""

    SERVICE = "service"
    REGIME = "regime"
    OFFICE = "office"
    UNIT = "unit"
    EXTERNAL_BODY = "external_body"
    NEIGHBOURHOOD = "neighbourhood"
    HOURS = "hours"
    CLOSURE = "closure"
    MUNICIPALITY = "municipality"


class ChangeKind(StrEnum):
    """An added item, a removed item, or one changed field of an item."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


_CALENDAR_SUBJECTS = frozenset({ChangeSubject.HOURS, ChangeSubject.CLOSURE, ChangeSubject.MUNICIPALITY})


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """One difference: the item (`code` among its kind), its field, the old words and the new ones.

    `field` is "" for an added or removed item; its words are then its headline. An office's code is its table and level
    (`1/2`: the second office below the first table). The field `order` means that the same items have another order.
    `moves_deadlines`: a new ticket may get another due date under the new version. Open tickets keep theirs unless the
    change `moves_open_tickets`.
    """

    kind: ChangeKind
    subject: ChangeSubject
    code: str
    field: str
    old: str
    new: str
    moves_deadlines: bool

    @property
    def moves_open_tickets(self) -> bool:
        """Return whether open clocks move: they follow the calendar, but removed hours stay for their clocks."""
        if self.subject is ChangeSubject.HOURS and self.kind is not ChangeKind.CHANGED:
            return False
        return self.moves_deadlines and self.subject in _CALENDAR_SUBJECTS


def diff_catalogues(old: Catalogue, new: Catalogue) -> tuple[CatalogueChange, ...]:
    """Return every difference that matters to people; lines, file names and checksums don't.

    The order is fixed: by kind of item, then the order of the old version, new items last.
    """
    comparisons = (*_LISTED, *_unordered(_hours_with_time_limits(old, new)))
    return tuple(change for each in comparisons for change in _changes(each, each.items(old), each.items(new)))


@dataclass(frozen=True)  # slots do not work with a parametrized Generic before Python 3.12
class _Comparison(Generic[Item]):
    """The comparison of one kind of item: how to find its items by code, and their headline and fields."""

    subject: ChangeSubject
    items: Callable[[Catalogue], Mapping[str, Item]]
    headline: Callable[[Item], str]
    fields: Callable[[Item], Mapping[str, object]]
    moves_deadlines: Callable[[Item, str], bool]


def _changes(
    comparison: _Comparison[Item], old: Mapping[str, Item], new: Mapping[str, Item]
) -> Iterator[CatalogueChange]:
    subject, moves = comparison.subject, comparison.moves_deadlines
    for code, item in old.items():
        if code in new:
            yield from _changed_fields(comparison, code, item, new[code])
        else:
            words = comparison.headline(item)
            yield CatalogueChange(ChangeKind.REMOVED, subject, code, "", words, "", moves(item, ""))
    for code, item in new.items():
        if code not in old:
            words = comparison.headline(item)
            yield CatalogueChange(ChangeKind.ADDED, subject, code, "", "", words, moves(item, ""))
    before, after = [code for code in old if code in new], [code for code in new if code in old]
    if before != after:
        yield CatalogueChange(ChangeKind.CHANGED, subject, "", "order", ", ".join(before), ", ".join(after), False)


def _changed_fields(comparison: _Comparison[Item], code: str, old: Item, new: Item) -> Iterator[CatalogueChange]:
    """Yield the changed fields; a document or label that one side lacks shows in the field that lists them."""
    before, after = comparison.fields(old), comparison.fields(new)
    reported = set()
    for field, value in before.items():
        if field not in after or value == after[field]:
            continue
        words = in_words(value), in_words(after[field])
        if field.startswith("printed.") and words in reported:
            continue  # the printed cell of a field that is already reported
        reported.add(words)
        moves = comparison.moves_deadlines(old, field) or comparison.moves_deadlines(new, field)
        yield CatalogueChange(ChangeKind.CHANGED, comparison.subject, code, field, *words, moves)


def in_words(value: object) -> str:
    """Return a value for a reader: printed text literally, limits and dates in Turkish, codes as configured."""
    match value:
        case None:
            return "–"
        case ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case Limit():
            return value.describe_tr()
        case date():
            return format_date(value)
        case time():
            return f"{value:%H:%M}"
        case (time() as start, time() as end):
            return f"{in_words(start)}-{'24:00' if end == time() else in_words(end)}"
        case _:
            return _joined(value)


def _joined(value: object) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{key}: {in_words(each)}" for key, each in value.items())
        case tuple():
            return (", " if all(isinstance(each, str) for each in value) else "; ").join(map(in_words, value))
        case frozenset():
            return ", ".join(sorted(map(in_words, value))) or "none"
    return in_words(_fields(value)) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _fields(item: "DataclassInstance", *, without: Iterable[str] = ("line",)) -> dict[str, object]:
    """Return the fields with their values, without the line of the file."""
    return {field.name: getattr(item, field.name) for field in fields(item) if field.name not in without}


def _keyed(items: Iterable[Item], code: Callable[[Item], str]) -> dict[str, Item]:
    """Return items by code; items of one code (neighbourhoods at different times) get a number behind it."""
    found: dict[str, Item] = {}
    for item in items:
        name = key = code(item)
        number = 1
        while key in found:
            number += 1
            key = f"{name} ({number})"
        found[key] = item
    return found


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def _code_of(item: _Coded) -> str:
    return item.code


def _name_of(item: _Named) -> str:
    return item.name


def _never(_item: object, _field: str) -> bool:
    return False


_SERVICE_MOVES = frozenset(
    {
        *("", "limit", "basis", "hours", "roll", "clock_start", "pausable", "channels"),
        *("statutory", "statutory_when", "statutory_by_subtype"),
    }
)
_REGIME_MOVES = frozenset({"", "limit", "roll", "extended_to", "fee"})


def _service_fields(service: Service) -> Mapping[str, object]:
    found = _fields(service, without=("line", "documents"))
    found["documents"] = tuple(document.code for document in service.documents)
    for code, document in _keyed(service.documents, _code_of).items():
        found |= {f"documents.{code}.{name}": value for name, value in _fields(document).items()}
    return found


def _service_moves(service: Service, field: str) -> bool:
    """Return whether a field moves due dates; required documents do if the limit starts with complete documents."""
    if field == "documents" or (field.startswith("documents.") and field.endswith(".when")):
        return service.clock_start is ClockStart.DOCUMENTS_COMPLETE
    return field in _SERVICE_MOVES


def _office_fields(office: ApplicationOffice) -> Mapping[str, object]:
    printed = _fields(office.printed, without=("line", "printed"))
    labels = {"printed": tuple(label for label, _ in office.printed.printed)}
    pairs = _keyed(office.printed.printed, lambda pair: pair[0])
    cells = {f"printed.{label}": value for label, (_, value) in pairs.items()}
    return {**printed, **_fields(office, without=("printed",)), **labels, **cells}


_LISTED: tuple[_Comparison[Any], ...] = (
    _Comparison[Service](
        ChangeSubject.SERVICE,
        lambda catalogue: _keyed(catalogue.services, _code_of),
        lambda service: f"{service.name}: {service.limit_text}",
        _service_fields,
        _service_moves,
    ),
    _Comparison[RegimeRules](
        ChangeSubject.REGIME,
        lambda catalogue: _keyed(catalogue.regimes, _code_of),
        lambda regime: f"{regime.law}: {in_words(regime.limit)}",
        _fields,
        lambda _, field: field in _REGIME_MOVES,
    ),
    _Comparison[ApplicationOffice](
        ChangeSubject.OFFICE,
        lambda catalogue: _keyed(catalogue.offices, lambda each: f"{each.printed.table}/{each.printed.level}"),
        lambda office: f"{office.printed.place}: {office.printed.name}",
        _office_fields,
        _never,
    ),
    _Comparison[Directorate](
        ChangeSubject.UNIT, lambda catalogue: _keyed(catalogue.units, _code_of), _name_of, _fields, _never
    ),
    _Comparison[ExternalBody](
        ChangeSubject.EXTERNAL_BODY,
        lambda catalogue: _keyed(catalogue.external_bodies, _code_of),
        _name_of,
        _fields,
        _never,
    ),
    _Comparison[Neighbourhood](
        ChangeSubject.NEIGHBOURHOOD,
        lambda catalogue: _keyed(catalogue.neighbourhoods, _name_of),
        _name_of,
        _fields,
        _never,
    ),
)
"""The comparisons of items with an order."""

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _unordered(hours_with_time_limits: frozenset[str]) -> tuple[_Comparison[Any], ...]:
    """Return the comparisons of items without an order: weeks by calendar, closures by date, the municipality."""
    return (
        _Comparison[NamedWeek](
            ChangeSubject.HOURS,
            lambda catalogue: {name: (name, catalogue.hours[name]) for name in sorted(catalogue.hours)},
            lambda week: in_words(_week(week)),
            _week,
            lambda week, _: week[0] in hours_with_time_limits,
        ),
        _Comparison[SpecialDay](
            ChangeSubject.CLOSURE,
            lambda catalogue: {format_date(day): catalogue.closures[day] for day in sorted(catalogue.closures)},
            lambda closure: f"{closure.name} ({closure.kind})",
            _fields,
            lambda _, field: field != "name",
        ),
        _Comparison[Catalogue](
            ChangeSubject.MUNICIPALITY,
            lambda catalogue: {"": catalogue},
            lambda catalogue: catalogue.municipality.name,
            lambda catalogue: {
                **_fields(catalogue.municipality),
                "closing": catalogue.closing,
                "zone": catalogue.zone,
            },
            lambda _, field: field == "zone",
        ),
    )


def _week(named: NamedWeek) -> dict[str, object]:
    return dict(zip(_WEEKDAYS, named[1], strict=True))


def _hours_with_time_limits(*catalogues: Catalogue) -> frozenset[str]:
    """Return the calendars whose opening hours decide a due date; limits of days or round the clock ignore them."""
    services = (service for catalogue in catalogues for service in catalogue.services)
    return frozenset(service.hours for service in services if service.basis is Basis.OPENING_HOURS)

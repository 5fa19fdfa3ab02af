"""What differs between two readings of a municipality's folder, in the words in which it is published or configured.

For the person who is about to load a folder, and for whoever asks in five years what was changed when. Compared are
values, so a comment or a blank line is no difference, and a field that is added later is compared without being named
here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from app.core.turkish import format_date
from app.sla.deadline import Basis
from app.sla.limit import Limit
from app.standards.values import ApplicationOffice, Catalogue, ClockStart, Service


class ChangeSubject(StrEnum):
    """What kind of thing a change is about."""

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
    """A thing that is new, one that is gone, or one field of a thing that is in both."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """One difference: which thing (`code` among its kind), which of its fields, the old words and the new ones.

    `field` is "" where the whole thing came or went; its words are then what it is called. An office's code is its
    table and level (`1/2`: the second office below the first table). `order` as a field says that the same things
    stand in another order. `moves_deadlines`: a ticket opened under the new version may get another due date than one
    opened under the old; tickets that run keep theirs unless it `moves_open_tickets`.
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
        """Whether it is of the calendar, which open clocks follow; hours that are gone stay for what began in them."""
        if self.subject is ChangeSubject.HOURS and self.kind is not ChangeKind.CHANGED:
            return False
        return self.moves_deadlines and self.subject in {
            ChangeSubject.HOURS,
            ChangeSubject.CLOSURE,
            ChangeSubject.MUNICIPALITY,
        }


def diff_catalogues(old: Catalogue, new: Catalogue) -> tuple[CatalogueChange, ...]:
    """Everything that differs and matters to people; lines, file names and checksums don't.

    The order is fixed: by kind of thing, within it as the old version has them, what is new last.
    """
    opening = _counted_in_opening_hours(old, new)
    kinds = (*_LISTED, *_by_name(opening))
    return tuple(change for kind in kinds for change in _changes(kind, kind.items(old), kind.items(new)))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the things of one kind are found in a catalogue, told apart, called, and taken to pieces."""

    subject: ChangeSubject
    items: Callable[[Catalogue], Mapping[str, Any]]
    headline: Callable[[Any], str]
    parts: Callable[[Any], Mapping[str, object]]
    moves: Callable[[Any, str], bool]


def _changes(kind: _Kind, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[CatalogueChange]:
    for code, thing in old.items():
        if code in new:
            yield from _changed_fields(kind, code, thing, new[code])
        else:
            words = kind.headline(thing)
            yield CatalogueChange(ChangeKind.REMOVED, kind.subject, code, "", words, "", kind.moves(thing, ""))
    for code, thing in new.items():
        if code not in old:
            words = kind.headline(thing)
            yield CatalogueChange(ChangeKind.ADDED, kind.subject, code, "", "", words, kind.moves(thing, ""))
    before, after = [code for code in old if code in new], [code for code in new if code in old]
    if before != after:
        yield CatalogueChange(ChangeKind.CHANGED, kind.subject, "", "order", ", ".join(before), ", ".join(after), False)


def _changed_fields(kind: _Kind, code: str, old: Any, new: Any) -> Iterator[CatalogueChange]:
    """Parts that only one of the two has (a document, a printed label) show in the field that lists them."""
    before, after = kind.parts(old), kind.parts(new)
    told = set()
    for field, value in before.items():
        if field not in after or value == after[field]:
            continue
        words = in_words(value), in_words(after[field])
        if field.startswith("printed.") and words in told:
            continue  # one printed cell, told already by the field that is read from it
        told.add(words)
        moves = kind.moves(old, field) or kind.moves(new, field)
        yield CatalogueChange(ChangeKind.CHANGED, kind.subject, code, field, *words, moves)


def in_words(value: object) -> str:
    """A value as a person reads it: printed text as it stands, limits and dates in Turkish, codes as configured."""
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
    return in_words(_parts(value)) if is_dataclass(value) else str(value)


def _parts(thing: Any, *, without: Iterable[str] = ("line",)) -> dict[str, object]:
    """Field → value; the line of a file on which a thing stands says nothing about it."""
    return {field.name: getattr(thing, field.name) for field in fields(thing) if field.name not in without}


def _keyed(things: Iterable[Any], code: Callable[[Any], str]) -> dict[str, Any]:
    """By code; what shares one (neighbourhoods of one name at different times) is told apart by its turn."""
    found: dict[str, Any] = {}
    for thing in things:
        name = key = code(thing)
        turn = 1
        while key in found:
            turn += 1
            key = f"{name} ({turn})"
        found[key] = thing
    return found


_SERVICE_MOVES = frozenset(
    {
        *("", "limit", "basis", "hours", "roll", "clock_start", "pausable", "channels"),
        *("statutory", "statutory_when", "statutory_by_subtype"),
    }
)
_REGIME_MOVES = frozenset({"", "limit", "roll", "extended_to", "fee"})


def _service_parts(service: Service) -> Mapping[str, object]:
    parts = _parts(service, without=("line", "documents"))
    parts["documents"] = tuple(document.code for document in service.documents)
    for code, document in _keyed(service.documents, _of_code).items():
        parts |= {f"documents.{code}.{name}": value for name, value in _parts(document).items()}
    return parts


def _service_moves(service: Service, field: str) -> bool:
    """Where the limit runs from complete documents, those that are asked for decide when it starts."""
    if field == "documents" or (field.startswith("documents.") and field.endswith(".when")):
        return service.clock_start is ClockStart.DOCUMENTS_COMPLETE
    return field in _SERVICE_MOVES


def _office_parts(office: ApplicationOffice) -> Mapping[str, object]:
    printed = _parts(office.printed, without=("line", "printed"))
    labels = {"printed": tuple(label for label, _ in office.printed.printed)}
    pairs = _keyed(office.printed.printed, lambda pair: str(pair[0]))
    cells = {f"printed.{label}": value for label, (_, value) in pairs.items()}
    return {**printed, **_parts(office, without=("printed",)), **labels, **cells}


def _never(_thing: Any, _field: str) -> bool:
    return False


def _of_code(thing: Any) -> str:
    code: str = thing.code
    return code


def _of_name(thing: Any) -> str:
    name: str = thing.name
    return name


_LISTED = (
    _Kind(
        ChangeSubject.SERVICE,
        lambda catalogue: _keyed(catalogue.services, _of_code),
        lambda service: f"{service.name}: {service.limit_text}",
        _service_parts,
        _service_moves,
    ),
    _Kind(
        ChangeSubject.REGIME,
        lambda catalogue: _keyed(catalogue.regimes, _of_code),
        lambda regime: f"{regime.law}: {in_words(regime.limit)}",
        _parts,
        lambda _, field: field in _REGIME_MOVES,
    ),
    _Kind(
        ChangeSubject.OFFICE,
        lambda catalogue: _keyed(catalogue.offices, lambda each: f"{each.printed.table}/{each.printed.level}"),
        lambda office: f"{office.printed.place}: {office.printed.name}",
        _office_parts,
        _never,
    ),
    _Kind(ChangeSubject.UNIT, lambda catalogue: _keyed(catalogue.units, _of_code), _of_name, _parts, _never),
    _Kind(
        ChangeSubject.EXTERNAL_BODY,
        lambda catalogue: _keyed(catalogue.external_bodies, _of_code),
        _of_name,
        _parts,
        _never,
    ),
    _Kind(
        ChangeSubject.NEIGHBOURHOOD,
        lambda catalogue: _keyed(catalogue.neighbourhoods, _of_name),
        _of_name,
        _parts,
        _never,
    ),
)

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _by_name(opening: frozenset[str]) -> tuple[_Kind, ...]:
    """What has no order: the week of each calendar, the dates decided upon, and what there is one of."""
    return (
        _Kind(
            ChangeSubject.HOURS,
            lambda catalogue: {name: (name, catalogue.hours[name]) for name in sorted(catalogue.hours)},
            lambda week: in_words(_week(week)),
            _week,
            lambda week, _: week[0] in opening,
        ),
        _Kind(
            ChangeSubject.CLOSURE,
            lambda catalogue: {format_date(day): catalogue.closures[day] for day in sorted(catalogue.closures)},
            lambda closure: f"{closure.name} ({closure.kind})",
            _parts,
            lambda _, field: field != "name",
        ),
        _Kind(
            ChangeSubject.MUNICIPALITY,
            lambda catalogue: {"": catalogue},
            lambda catalogue: str(catalogue.municipality.name),
            lambda catalogue: {
                **_parts(catalogue.municipality),
                "closing": catalogue.closing,
                "zone": catalogue.zone,
            },
            lambda _, field: field == "zone",
        ),
    )


def _week(named: tuple[str, tuple[object, ...]]) -> dict[str, object]:
    return dict(zip(_WEEKDAYS, named[1], strict=True))


def _counted_in_opening_hours(*catalogues: Catalogue) -> frozenset[str]:
    """The calendars whose opening hours decide a due date: limits of days and round the clock don't ask for them."""
    services = (service for catalogue in catalogues for service in catalogue.services)
    return frozenset(service.hours for service in services if service.basis is Basis.OPENING_HOURS)

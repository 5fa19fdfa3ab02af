"""The differences between two catalogues: all of them, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.calendar import DayKind, SpecialDay
from app.sla.deadline import Basis
from app.sla.limit import Limit, Unit
from app.standards.catalogue import load_catalogue
from app.standards.diff import CatalogueChange, ChangeKind, ChangeSubject, diff_catalogues, in_words
from app.standards.model import catalogue_from_json, catalogue_to_json
from app.standards.values import Catalogue, Deputy, FeeRule, Service
from tests.standards.samples import ESENLER

CATALOGUE = load_catalogue(ESENLER)
LEAVE = SpecialDay(DayKind.LEAVE, "İdari izin")

Edit = tuple[str, Catalogue]
"""The field that was changed, and the catalogue with it."""


def another(value: Any) -> Any:
    """Some other value of about that kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case StrEnum():
            return next(each for each in type(value) if each is not value)
        case str():
            return f"{value} (yeni)"
        case FeeRule() | None:
            return "yeni" if value is None else None
        case date():
            return value + timedelta(days=1)
        case Limit():
            return Limit(value.amount + 1, value.unit)
        case tuple():
            return value[1:] if value else ("yeni",)
        case dict():
            return {} if value else {"yeni": "law_3071"}
    raise TypeError(type(value))


def edits_of(thing: Any, put: Callable[[Any], Catalogue], *, but: tuple[str, ...] = (), to: str = "") -> Iterator[Edit]:
    """Each field of a thing changed by itself."""
    for field in fields(thing):
        if field.name not in {"code", "line", *but}:
            yield to + field.name, put(replace(thing, **{field.name: another(getattr(thing, field.name))}))


def with_one(name: str, old: Any, new: Any) -> Catalogue:
    """The catalogue with one of its things replaced."""
    changed: Any = tuple(new if each is old else each for each in getattr(CATALOGUE, name))
    return replace(CATALOGUE, **{name: changed})


def service_edits(service: Service) -> Iterator[Edit]:
    def put(new: Service) -> Catalogue:
        return with_one("services", service, new)

    yield from edits_of(service, put, but=() if service.documents else ("documents",))
    for place, document in enumerate(service.documents):

        def put_document(new: Any, place: int = place) -> Catalogue:
            documents = list(service.documents)
            documents[place] = new
            return put(replace(service, documents=tuple(documents)))

        yield from edits_of(document, put_document, to=f"documents.{document.code}.")


def office_edits(office: Any) -> Iterator[Edit]:
    def put(new: Any) -> Catalogue:
        return with_one("offices", office, new)

    def put_printed(new: Any) -> Catalogue:
        return put(replace(office, printed=new))

    yield from edits_of(office, put, but=("printed",))
    yield from edits_of(office.printed, put_printed, but=("level", "table"))
    cells = office.printed.printed
    for place, (label, value) in enumerate(cells):
        changed = (*cells[:place], (label, f"{value} (yeni)"), *cells[place + 1 :])
        yield f"printed.{label}", put_printed(replace(office.printed, printed=changed))


def edits() -> Iterator[Edit]:
    """Every field of every thing of Esenler's catalogue, changed by itself."""
    for service in CATALOGUE.services:
        yield from service_edits(service)
    for office in CATALOGUE.offices:
        yield from office_edits(office)
    for name in ("regimes", "units", "external_bodies", "neighbourhoods"):
        for thing in getattr(CATALOGUE, name):
            but = ("name",) if name == "neighbourhoods" else ()
            yield from edits_of(thing, partial(with_one, name, thing), but=but)
    yield from edits_of(CATALOGUE.municipality, lambda new: replace(CATALOGUE, municipality=new))
    for field in ("closing", "zone"):
        yield field, replace(CATALOGUE, **{field: another(getattr(CATALOGUE, field))})
    for name, week in CATALOGUE.hours.items():
        shorter = ((), *week[1:])
        yield "monday", replace(CATALOGUE, hours={**CATALOGUE.hours, name: shorter})


EDITS = list(edits())


def reported(old: Catalogue, new: Catalogue) -> set[tuple[str, str, str, str, str]]:
    return {(each.subject, each.code, each.field, each.old, each.new) for each in diff_catalogues(old, new)}


def of_service(code: str, **changed: Any) -> Catalogue:
    service = CATALOGUE.service(code)
    assert service is not None
    return with_one("services", service, replace(service, **changed))


def only(new: Catalogue, old: Catalogue = CATALOGUE) -> CatalogueChange:
    [change] = diff_catalogues(old, new)
    return change


# ── nothing overlooked, nothing invented ──


def test_a_catalogue_does_not_differ_from_itself_nor_from_its_stored_form() -> None:
    assert diff_catalogues(CATALOGUE, CATALOGUE) == ()
    assert diff_catalogues(CATALOGUE, catalogue_from_json(catalogue_to_json(CATALOGUE))) == ()


def test_the_line_of_an_item_is_no_difference() -> None:
    moved = tuple(replace(service, line=service.line + 7) for service in CATALOGUE.services)
    offices = tuple(replace(each, printed=replace(each.printed, line=99)) for each in CATALOGUE.offices)
    commented = replace(CATALOGUE, services=moved, offices=offices, sha256="0" * 64, sources={})
    assert diff_catalogues(CATALOGUE, commented) == ()


def test_every_single_field_change_is_found_and_named() -> None:
    assert len(EDITS) > 500
    for field, edited in EDITS:
        found = diff_catalogues(CATALOGUE, edited)
        assert [change.kind for change in found] == [ChangeKind.CHANGED], field
        assert found[0].field == field
        assert found[0].old != found[0].new


@given(st.sampled_from(EDITS), st.sampled_from(EDITS))
def test_there_and_back_are_the_same_differences(one: Edit, other: Edit) -> None:
    mirrored = {(subject, code, field, new, old) for subject, code, field, old, new in reported(one[1], other[1])}
    assert reported(other[1], one[1]) == mirrored
    there, back = (diff_catalogues(*pair) for pair in ((one[1], other[1]), (other[1], one[1])))
    assert sorted(each.moves_deadlines for each in there) == sorted(each.moves_deadlines for each in back)
    assert (there == ()) is (one[1] == other[1])
    assert diff_catalogues(one[1], one[1]) == ()


@pytest.mark.parametrize("name", ["services", "regimes", "offices", "units", "external_bodies", "neighbourhoods"])
def test_an_added_removed_or_moved_item_is_reported_once(name: str) -> None:
    things: Any = getattr(CATALOGUE, name)
    rest: Any = things[1:]
    swapped: Any = (things[1], things[0], *things[2:])
    without = replace(CATALOGUE, **{name: rest})
    gone, come = only(without), only(CATALOGUE, without)
    assert (gone.kind, gone.field, gone.new) == (ChangeKind.REMOVED, "", "")
    assert (come.kind, come.field, come.old, come.new) == (ChangeKind.ADDED, "", "", gone.old)
    assert (gone.subject, gone.code) == (come.subject, come.code)
    turned = only(replace(CATALOGUE, **{name: swapped}))
    assert (turned.kind, turned.field) == (ChangeKind.CHANGED, "order")


# ── the words, and what moves ──


def test_a_new_limit_is_reported_as_printed_and_as_understood() -> None:
    new = of_service("call-center", limit_text="10 İŞ GÜNÜ", limit=Limit(10, Unit.WORKING_DAY))
    assert diff_catalogues(CATALOGUE, new) == (
        CatalogueChange(
            ChangeKind.CHANGED, ChangeSubject.SERVICE, "call-center", "limit_text", "15 GÜN", "10 İŞ GÜNÜ", False
        ),
        CatalogueChange(
            ChangeKind.CHANGED, ChangeSubject.SERVICE, "call-center", "limit", "15 gün", "10 iş günü", True
        ),
    )


def test_a_service_that_is_gone_keeps_its_printed_words() -> None:
    gone = only(replace(CATALOGUE, services=tuple(each for each in CATALOGUE.services if each.code != "mobile")))
    assert (gone.code, gone.old) == ("mobile", "Halkla İlişkiler - ESTİM (Mobil İletişim): 15 GÜN")
    assert gone.moves_deadlines


@pytest.mark.parametrize(
    ("field", "moves"),
    [
        *((name, True) for name in ("limit", "basis", "hours", "roll", "clock_start", "pausable", "channels")),
        *((name, True) for name in ("statutory", "statutory_when", "statutory_by_subtype")),
        *((name, False) for name in ("name", "process_text", "limit_text", "chain", "callback_required", "note")),
    ],
)
def test_a_change_says_whether_it_moves_deadlines_of_new_tickets(field: str, moves: bool) -> None:
    service = CATALOGUE.service("call-center")
    assert service is not None
    change = only(of_service("call-center", **{field: another(getattr(service, field))}))
    assert (change.moves_deadlines, change.moves_open_tickets) == (moves, False)


@pytest.mark.parametrize(("code", "moves"), [("solution-desk", True), ("mobile", False)])
def test_documents_move_deadlines_where_the_limit_waits_for_them(code: str, moves: bool) -> None:
    service = CATALOGUE.service(code)
    assert service is not None
    fewer = only(of_service(code, documents=service.documents[1:]))
    assert (fewer.field, fewer.moves_deadlines) == ("documents", moves)
    renamed = replace(service.documents[0], label="Kimlik")
    label = only(of_service(code, documents=(renamed, *service.documents[1:])))
    assert (label.field, label.new, label.moves_deadlines) == ("documents.id_card.label", "Kimlik", False)


def test_opening_hours_move_deadlines_only_where_a_limit_is_counted_in_them() -> None:
    week = ((), *CATALOGUE.hours["hospitality"][1:])
    shorter = replace(CATALOGUE, hours={**CATALOGUE.hours, "hospitality": week})
    counted = of_service("hospitality", basis=Basis.OPENING_HOURS, hours="hospitality")
    uncounted = of_service("hospitality", basis=Basis.ROUND_THE_CLOCK)
    for old, moves in ((counted, True), (uncounted, False)):
        monday = only(replace(old, hours=shorter.hours), old)
        assert (monday.code, monday.field, monday.old, monday.new) == ("hospitality", "monday", "08:30-17:00", "none")
        assert monday.moves_deadlines is monday.moves_open_tickets is moves


def test_hours_that_come_or_go_move_no_open_ticket() -> None:
    """Clocks that started under removed hours still count in them."""
    counted = of_service("hospitality", basis=Basis.OPENING_HOURS, hours="hospitality")
    without = replace(counted, hours={"office": counted.hours["office"]})
    for change in (only(without, counted), only(counted, without)):
        assert (change.code, change.moves_deadlines, change.moves_open_tickets) == ("hospitality", True, False)


def test_a_day_of_leave_moves_deadlines_and_its_name_does_not() -> None:
    closed = replace(CATALOGUE, closures={date(2026, 5, 25): LEAVE})
    added = only(closed)
    assert (added.kind, added.code, added.new) == (ChangeKind.ADDED, "25.05.2026", "İdari izin (leave)")
    assert added.moves_deadlines
    assert added.moves_open_tickets
    renamed = replace(closed, closures={date(2026, 5, 25): replace(LEAVE, name="Bayram")})
    assert only(renamed, closed).moves_deadlines is only(renamed, closed).moves_open_tickets is False
    early = replace(closed, closures={date(2026, 5, 25): replace(LEAVE, ends_at=time(12))})
    assert (only(early, closed).new, only(early, closed).moves_deadlines) == ("12:00", True)


def test_one_printed_cell_is_reported_once() -> None:
    """A new name is in the field that was read and in the printed cell."""
    office = CATALOGUE.offices[1]
    cells = tuple(
        (label, "Örnek İSİM" if value == office.printed.name else value) for label, value in office.printed.printed
    )
    new = with_one(
        "offices", office, replace(office, printed=replace(office.printed, name="Örnek İSİM", printed=cells))
    )
    change = only(new)
    assert (change.subject, change.code, change.field, change.new) == (
        ChangeSubject.OFFICE,
        "1/2",
        "name",
        "Örnek İSİM",
    )


def test_a_deputy_is_reported_with_title_and_dates() -> None:
    office = CATALOGUE.offices[0]
    deputy = Deputy("Örnek Vekil", "Müdür V.", valid_from=date(2026, 7, 1), valid_to=date(2026, 7, 15))
    change = only(with_one("offices", office, replace(office, deputies=(deputy,))))
    assert (change.field, change.old) == ("deputies", "none")
    assert all(words in change.new for words in ("Örnek Vekil", "Müdür V.", "01.07.2026", "15.07.2026"))


def test_segments_over_midnight_end_at_24() -> None:
    assert in_words(((time(22), time()), (time(0), time(6)))) == "22:00-24:00; 00:00-06:00"

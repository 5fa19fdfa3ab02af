"""Cells of one old record: their values, and the rules that reject it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.errors import Invalid
from app.domain.terms import Outcome
from app.imports.bimer import BimerRecord, read_record
from app.tickets.intake import Kind
from tests.imports.samples import CLOSED_ON, RECORD

NOW = datetime(2026, 5, 12, 7, tzinfo=UTC)
UNITS = {"public-works": "public-works", "fen isleri mudurlugu": "public-works"}


def read(**cells: str) -> BimerRecord:
    values = {name: value for name, value in {**RECORD, **cells}.items() if value}
    return read_record(values, units=UNITS, closed_on=CLOSED_ON, now=NOW)


def refusals(**cells: str) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        read(**cells)
    return [(error.pointer, error.code) for error in refused.value.errors]


@pytest.mark.parametrize(
    ("written", "kind", "right_to_information"),
    [
        ("", Kind.REQUEST, False),
        ("İSTEK", Kind.REQUEST, False),
        ("sikayet", Kind.COMPLAINT, False),
        ("Şikâyet", Kind.COMPLAINT, False),
        ("ihbar", Kind.TIP_OFF, False),
        ("görüş-öneri", Kind.SUGGESTION, False),
        ("TEMENNİ", Kind.WISH, False),
        ("teşekkür", Kind.THANKS, False),
        ("BİLGİ EDİNME", Kind.REQUEST, True),
    ],
)
def test_kinds_are_parsed_in_any_spelling(written: str, kind: Kind, right_to_information: bool) -> None:
    assert read(kind=written).kind == (kind, right_to_information)


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("", None),
        ("OLUMLU", Outcome.POSITIVE),
        ("Kısmen Olumlu", Outcome.PARTIAL),
        ("olumsuz", Outcome.NEGATIVE),
        ("Dış kuruma iletildi", Outcome.FORWARDED_OUT),
        ("İŞLEME ALINMADI", Outcome.NOT_EXAMINED),
    ],
)
def test_outcomes_are_parsed_in_any_spelling_and_never_invented(written: str, outcome: Outcome | None) -> None:
    assert read(outcome=written).outcome == outcome


@pytest.mark.parametrize("written", ["public-works", "Fen İşleri Müdürlüğü", "FEN İŞLERİ MÜDÜRLÜĞÜ"])
def test_a_directorate_is_named_by_its_code_or_its_name(written: str) -> None:
    assert read(unit=written).unit == "public-works"


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"record_no": ""}, [("/record_no", "missing")]),
        ({"description": ""}, [("/description", "missing")]),
        ({"received_at": "1 Temmuz 2014"}, [("/received_at", "local_date")]),
        ({"kind": "dilek"}, [("/kind", "choice")]),
        ({"outcome": "vazgeçildi"}, [("/outcome", "choice")]),
        ({"unit": "Uzay İşleri"}, [("/unit", "unknown_unit")]),
        ({"phone": "0532"}, [("/phone", "phone")]),
        ({"applicant_name": "", "phone": ""}, [("/applicant_name", "identity_needed")]),
        ({"description": "a\x00b"}, [("/description", "control_character")]),
        ({"reply": "bozuk \udcfe bayt"}, [("/reply", "control_character")]),
        ({"record_no": "1", "phone": "x", "kind": "y"}, [("/kind", "choice"), ("/phone", "phone")]),
    ],
)
def test_each_invalid_cell_is_named(cells: dict[str, str], found: list[tuple[str, str]]) -> None:
    assert refusals(**cells) == found


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({"answered_at": ""}, [("/answered_at", "not_answered")]),
        ({"answered_at": "01.07.2014 09:59"}, [("/answered_at", "answered_before_received")]),
        ({"answered_at": "30.06.2014"}, [("/answered_at", "answered_before_received")]),
        ({"answered_at": "12.05.2026 10:01"}, [("/answered_at", "in_future")]),
        ({"received_at": "13.05.2026", "answered_at": "14.05.2026"}, "in_future"),
        ({"received_at": "31.12.2005"}, [("/received_at", "too_old")]),
        ({"received_at": "01.08.2018", "answered_at": "02.08.2018"}, [("/received_at", "after_closing")]),
        ({"received_at": "2018-07-31T21:00Z", "answered_at": "02.08.2018"}, [("/received_at", "after_closing")]),
        ({"received_at": "01.08.2018", "answered_at": ""}, "after_closing"),
    ],
)
def test_an_implausible_record_is_rejected(cells: dict[str, str], found: Any) -> None:
    found_errors = refusals(**cells)
    assert found_errors == found or found in [code for _, code in found_errors]


@pytest.mark.parametrize("received", ["31.07.2018", "31.07.2018 23:59:59", "2018-07-31T20:59:59Z", "01.01.2006 00:00"])
def test_the_first_and_the_last_day_of_the_old_system_are_accepted(received: str) -> None:
    assert read(received_at=received, answered_at="03.09.2018").answered == datetime(2018, 9, 2, 21, tzinfo=UTC)


def test_an_answer_of_the_same_date_without_a_time_is_not_older_than_the_request() -> None:
    record = read(answered_at="01.07.2014")
    assert record.answered == record.received == datetime(2014, 7, 1, 7, tzinfo=UTC)


def test_a_repeated_hour_never_puts_an_answer_before_its_request() -> None:
    record = read(received_at="08.11.2015 03:50", answered_at="08.11.2015 03:10")
    assert record.answered - record.received == timedelta(minutes=20)

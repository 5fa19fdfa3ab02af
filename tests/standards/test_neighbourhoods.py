"""Neighbourhoods are found by what people write, without guessing."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.standards.catalogue import load_catalogue
from app.standards.neighbourhoods import match_neighbourhood, read_neighbourhoods
from tests.standards.samples import ESENLER
from tests.tables import failing

PLACES = load_catalogue(ESENLER).neighbourhoods
HEADER = "name,aliases,valid_from,valid_to\n"


def test_esenler_has_nineteen_neighbourhoods_today() -> None:
    assert len([place for place in PLACES if place.valid_to is None]) == 19


def test_every_name_is_found_with_every_suffix() -> None:
    names = [place.name for place in PLACES if place.valid_to is None]
    suffixes = ["", " Mah", " Mah.", " MH.", " MAHALLESİ", " mahallesi, Örnek Sok. No:1"]

    def check(row: tuple[str, str]) -> None:
        name, suffix = row
        assert match_neighbourhood(PLACES, name + suffix) == name

    assert failing(product(names, suffixes), check) == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("HAVAALANI", "Atışalanı"),
        ("Havaalanı Mah.", "Atışalanı"),
        ("ATISALANI MAH", "Atışalanı"),
        ("Çiftehavuzlar", "Çifte Havuzlar"),
        ("Nenehatun", "Nine Hatun"),
        ("Nene Hatun Mh.", "Nine Hatun"),
        ("turgutreis", "Turgut Reis"),
        ("MERKEZ-ORUÇREİS", "Oruçreis"),
        ("Oruç Reis", "Oruçreis"),
        ("KAZIM KARABEKİR", "Kazım Karabekir"),
        ("kâzım karabekir", "Kazım Karabekir"),
    ],
)
def test_aliases_and_old_names_lead_to_the_present_name(written: str, name: str) -> None:
    """Acceptance case 19: HAVAALANI is Atışalanı."""
    assert match_neighbourhood(PLACES, written) == name


@pytest.mark.parametrize("written", ["", "Mah.", "Yeni Fatih Mah.", "Fati", "Esenler", "?"])
def test_nothing_is_guessed(written: str) -> None:
    assert match_neighbourhood(PLACES, written) is None


@pytest.mark.parametrize(
    ("on", "name"),
    [(date(2024, 9, 5), "Havaalanı"), (date(2024, 9, 6), "Atışalanı"), (date(2026, 1, 1), "Atışalanı")],
)
def test_the_name_of_a_date_is_the_one_that_was_valid(on: date, name: str) -> None:
    assert match_neighbourhood(PLACES, "Havaalanı", on) == name


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "csv_columns", 1),
        ("name\nBir\n", "csv_columns", 1),
        (f"{HEADER}Bir,,\n", "field_invalid", 2),
        (f"{HEADER}Bir,,,\n,,,x\n", "field_invalid", 3),
        (f"{HEADER}Bir,,,01.01.2024\n", "field_invalid", 2),
        (f'{HEADER}"Bir,,,\n', "field_invalid", 2),
        (f'{HEADER}"', "field_invalid", 2),
        (f"{HEADER}Bir,,,\nBİR,,,\n", "name_shared", 3),
        (f"{HEADER}Bir,,,\nİki,bir,2024-01-01,\n", "name_shared", 3),
    ],
)
def test_a_faulty_list_is_named_with_its_line(text: str, code: str, line: int) -> None:
    problems = read_neighbourhoods(text)[1]
    assert [(problem.code, problem.line) for problem in problems] == [(code, line)]


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read_or_named(text: str) -> None:
    places, problems = read_neighbourhoods(HEADER + text)
    assert places or problems or not text.replace(",", "").replace('""', "").strip()
    assert match_neighbourhood(PLACES, text) in {None, *(place.name for place in PLACES)}

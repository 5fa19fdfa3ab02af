"""A request's words suggest where it belongs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.standards.catalogue import load_catalogue
from app.standards.routing import suggest_directorate
from app.standards.values import Directorate, ExternalBody
from tests.standards.samples import ESENLER

CATALOGUE = load_catalogue(ESENLER)
WORKS = Directorate("works", "Fen", ("kaldırım", "parke", "çukur"))
PARKS = Directorate("parks", "Park", ("park", "ağaç"))
ANIMALS = Directorate("animals", "Veteriner", ("sokak hayvan",))
LIGHTS = ExternalBody("lights", "Elektrik", ("sokak lamba",), "186")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("KALDIRIMLARDA bozulma var", "works"),
        ("kaldirimlarda bozulma var", "works"),
        ("Ağacı budayın", "parks"),
        ("Parke taşları söküldü", "works"),
        ("Parkın içinde çukur var, kaldırım da çökmüş", "works"),
        ("Sokak lambaları yanmıyor", "lights"),
        ("Sokaktaki hayvanlar", "animals"),
        ("Asokak hayvanı", None),
        ("Sokak", None),
        ("", None),
    ],
)
def test_keywords_are_found_at_the_beginning_of_words(text: str, code: str | None) -> None:
    found = suggest_directorate([WORKS, PARKS, ANIMALS], text, [LIGHTS])
    assert (found and found.unit.code) == code


def test_of_equal_numbers_the_one_with_more_letters_found_wins() -> None:
    found = suggest_directorate([PARKS, WORKS], "ağaç ve çukur")
    assert found is not None
    assert (found.unit.code, found.keywords) == ("works", ("cukur",))


def test_of_equal_letters_the_first_wins() -> None:
    twins = [Directorate("one", "Bir", ("elma",)), Directorate("two", "İki", ("armu",))]
    found = suggest_directorate(twins, "armut ve elma")
    assert found is not None
    assert found.unit.code == "one"


def test_an_outside_body_is_marked() -> None:
    found = suggest_directorate([WORKS], "SOKAK LAMBASI", [LIGHTS])
    assert found is not None
    assert (found.external, found.unit) == (True, LIGHTS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sokağımızdaki çöpler üç gündür alınmadı, konteyner taştı", "cleaning"),
        ("Yolda büyük bir çukur var, asfalt çökmüş", "public-works"),
        ("Parktaki ağaçların budanması lazım", "parks-gardens"),
        ("Komşu kaçak kat çıkıyor", "building-control"),
        ("Seyyar satıcıların gürültüsünden duramıyoruz", "municipal-police"),
        ("Sokak köpekleri çocuklara saldırıyor", "veterinary"),
        ("Annem için evde bakım desteği istiyoruz", "social-support"),
        ("Kapı numaramız yanlış yazılmış", "it"),
        ("Su borusu patladı, rögar taşıyor", "iski"),
        ("Sokak lambası yanmıyor", "bedas"),
        ("Doğal gaz kokusu var", "igdas"),
        ("Otobüs durağa uğramıyor", "ibb"),
        ("Çimento torbaları ve CİMER yazısı", None),
    ],
)
def test_esenlers_keywords_send_common_requests_where_they_belong(text: str, code: str | None) -> None:
    found = suggest_directorate(CATALOGUE.units, text, CATALOGUE.external_bodies)
    assert (found and found.unit.code) == code


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_a_suggestion_or_none(text: str) -> None:
    found = suggest_directorate(CATALOGUE.units, text, CATALOGUE.external_bodies)
    assert found is None or found.keywords

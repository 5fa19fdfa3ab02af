"""Turkish case, keys, order, suffixes and dates, for which the standard library is wrong."""

import unicodedata
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import ISTANBUL
from app.core.turkish import (
    dative_institution,
    format_date,
    format_datetime,
    format_long_date,
    tr_key,
    tr_lower,
    tr_upper,
)

LOWER = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"
UPPER = "ABCÇDEFGĞHIİJKLMNOÖPQRSŞTUÜVWXYZ"

turkish_text = st.text(LOWER + UPPER + "âîûÂÎÛ 0123456789.-/'’")


def test_each_letter_has_its_turkish_partner() -> None:
    assert tr_lower(UPPER) == LOWER
    assert tr_upper(LOWER) == UPPER


@pytest.mark.parametrize(
    ("text", "lower", "upper"),
    [
        ("İSTANBUL", "istanbul", "İSTANBUL"),
        ("ISPARTA", "ısparta", "ISPARTA"),
        ("istanbul", "istanbul", "İSTANBUL"),
        ("15 İŞ GÜNÜ", "15 iş günü", "15 İŞ GÜNÜ"),
        ("Şikâyet", "şikâyet", "ŞİKÂYET"),
        ("Resmî", "resmî", "RESMÎ"),
    ],
)
def test_case_follows_turkish_rules(text: str, lower: str, upper: str) -> None:
    assert tr_lower(text) == lower
    assert tr_upper(text) == upper


def test_decomposed_letters_count_as_composed_ones() -> None:
    decomposed = unicodedata.normalize("NFD", "İŞ GÜNÜ")

    assert tr_lower(decomposed) == "iş günü"
    assert tr_upper(unicodedata.normalize("NFD", "iş günü")) == "İŞ GÜNÜ"


def test_the_dot_that_english_casing_leaves_is_taken_away() -> None:
    damaged = "İSTANBUL İLİ".lower()

    assert len(damaged) > len("istanbul ili")
    assert tr_lower(damaged) == "istanbul ili"
    assert tr_upper(damaged) == "İSTANBUL İLİ"


@pytest.mark.parametrize(
    "spellings",
    [
        ("istanbul", "İSTANBUL", "ISTANBUL", "İstanbul", "I\u0307STANBUL", "İSTANBUL".lower()),
        ("ısparta", "ISPARTA", "Isparta", "isparta"),
        ("Şikâyet", "ŞİKAYET", "sikayet", "şikayet"),
        ("ÇİFTE  HAVUZLAR", " çifte\thavuzlar\n", "Cifte Havuzlar", "Çifte\u00a0Havuzlar"),
        ("mahkûm", "MAHKÛM", "mahkum"),
    ],
)
def test_spellings_of_one_word_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({tr_key(spelling) for spelling in spellings}) == 1


def test_a_key_of_turkish_words_is_plain_ascii() -> None:
    assert tr_key("ĞÜŞİÖÇI ğüşiöçı âîû ÂÎÛ") == "gusioci gusioci aiu aiu"


@given(st.text() | turkish_text)
def test_a_key_is_its_own_key(text: str) -> None:
    assert tr_key(tr_key(text)) == tr_key(text)


@given(turkish_text)
def test_case_does_not_change_the_key(text: str) -> None:
    assert tr_key(tr_upper(text)) == tr_key(tr_lower(text)) == tr_key(text)


@given(turkish_text)
def test_lower_and_upper_case_undo_each_other(text: str) -> None:
    assert tr_lower(tr_upper(text)) == tr_lower(text)
    assert tr_upper(tr_lower(text)) == tr_upper(text)


@given(st.text())
def test_casing_twice_is_casing_once_and_never_fails(text: str) -> None:
    assert tr_lower(tr_lower(text)) == tr_lower(text)
    assert tr_upper(tr_upper(text)) == tr_upper(text)


@pytest.mark.parametrize(
    ("name", "dative"),
    [
        ("Fen İşleri Müdürlüğü", "Fen İşleri Müdürlüğüne"),
        ("Başkan Yardımcılığı", "Başkan Yardımcılığına"),
        ("Esenler Belediyesi", "Esenler Belediyesine"),
        ("Esenler Belediye Başkanlığı", "Esenler Belediye Başkanlığına"),
        ("Teftiş Kurulu", "Teftiş Kuruluna"),
        ("Evlendirme Memurluğu", "Evlendirme Memurluğuna"),
        ("Özel Kalem", "Özel Kaleme"),
        ("Zabıta", "Zabıtaya"),
        ("Belediye", "Belediyeye"),
        ("Kaymakamlık", "Kaymakamlığa"),
        ("Valilik", "Valiliğe"),
        ("Büro", "Büroya"),
        ("BAŞKAN YARDIMCILIĞI", "BAŞKAN YARDIMCILIĞINA"),
        ("İSTANBUL VALİLİĞİ ", "İSTANBUL VALİLİĞİNE"),
        ("Bilgi İşlem Müdürlüğü", "Bilgi İşlem Müdürlüğüne"),
        ("İSKİ", "İSKİ birimine"),
        ("BEDAŞ", "BEDAŞ birimine"),
        ("Esenler İSKİ", "Esenler İSKİ birimine"),
        ("Hukuk İşleri Müdürlüğü (Muhakemat)", "Hukuk İşleri Müdürlüğü (Muhakemat) birimine"),
        ("Yapı Kontrol Müdürlüğü-2", "Yapı Kontrol Müdürlüğü-2 birimine"),
    ],
)
def test_an_institution_takes_its_suffix_without_apostrophe(name: str, dative: str) -> None:
    assert dative_institution(name) == dative


def test_dates_are_written_as_turkish_offices_write_them() -> None:
    assert format_date(date(2026, 5, 26)) == "26.05.2026"
    assert format_date(datetime(2026, 1, 2, 3, 4, tzinfo=ISTANBUL)) == "02.01.2026"
    assert format_long_date(date(2026, 5, 26)) == "26 Mayıs 2026 Salı"
    assert format_datetime(datetime(2026, 5, 6, 7, 8, 59, tzinfo=ISTANBUL)) == "06.05.2026 07:08"


def test_months_and_weekdays_bear_their_turkish_names() -> None:
    months = " ".join(format_long_date(date(2026, month, 1)).split()[1] for month in range(1, 13))
    weekdays = " ".join(format_long_date(date(2026, 5, 25) + timedelta(days=day)).split()[3] for day in range(7))

    assert months == "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık"
    assert weekdays == "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar"

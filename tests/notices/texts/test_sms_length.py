"""SMS lengths: the shift tables letter by letter, the budgets, and plain text that keeps its meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notices.texts.sms_length import (
    OPERATOR_CODE,
    SmsEncoding,
    SmsLength,
    one_septet_sms,
    plain_sms,
    segments,
)

E = SmsEncoding

_TURKISH = "abcçdefgğhıijklmnoöprsştuüvyzABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ .,:0123456789"
_TYPOGRAPHIC = "’‘“”–—…âîûÂÎÛ"


def of_no_table(text: str) -> set[str]:
    """Return the characters that turn an SMS into UCS-2 even alone."""
    return {character for character in text if segments(character).encoding is E.UCS2}


@pytest.mark.parametrize("letter", "çğıİşŞĞ")
def test_a_turkish_letter_costs_one_septet_under_the_locking_shift(letter: str) -> None:
    """The default alphabet has Ç ö Ö ü Ü only; the other seven need a Turkish table."""
    assert segments(letter) == SmsLength(E.TURKISH_LOCKING, 1, 1)


@pytest.mark.parametrize("letter", "ÇöÖüÜ")
def test_the_turkish_letters_of_the_default_alphabet_need_no_shift(letter: str) -> None:
    assert segments(letter) == SmsLength(E.GSM7, 1, 1)


@pytest.mark.parametrize("letter", "^{}\\[~]|€")
def test_a_letter_of_the_extension_costs_two_septets(letter: str) -> None:
    assert segments(letter) == SmsLength(E.GSM7, 2, 1)


@pytest.mark.parametrize("lost", "èìØøÆæ¡¿")
def test_a_letter_that_the_locking_shift_lacks_goes_with_turkish_by_the_single_shift(lost: str) -> None:
    assert segments("ğ" + lost) == SmsLength(E.TURKISH_SINGLE, 3, 1)


def test_the_euro_costs_one_septet_where_the_locking_shift_stands() -> None:
    assert segments("ğ€") == SmsLength(E.TURKISH_LOCKING, 2, 1)


@pytest.mark.parametrize(
    ("letter", "encoding", "room"),
    [("a", E.GSM7, 155), ("ş", E.TURKISH_LOCKING, 150), ("â", E.UCS2, 65)],
)
def test_the_budget_of_one_segment_leaves_room_for_the_operator_code(
    letter: str, encoding: SmsEncoding, room: int
) -> None:
    assert segments(letter * room) == SmsLength(encoding, room, 1)
    assert segments(letter * (room + 1)).parts == 2


@pytest.mark.parametrize(("letter", "each"), [("a", 153), ("ş", 149), ("â", 67)])
def test_each_of_several_parts_gives_room_to_the_reference_of_the_whole(letter: str, each: int) -> None:
    assert segments(letter * (3 * each - OPERATOR_CODE)).parts == 3
    assert segments(letter * (3 * each - OPERATOR_CODE + 1)).parts == 4


def test_an_escaped_letter_is_not_split_over_two_parts() -> None:
    tight = "a" * 152 + "€" + "a" * (2 * 153 - 154 - OPERATOR_CODE)

    assert segments(tight).units == 2 * 153 - OPERATOR_CODE
    assert segments(tight).parts == 3


def test_a_pair_of_surrogates_is_not_split_over_two_parts() -> None:
    tight = "â" * 66 + "😀" + "â" * (2 * 67 - 68 - OPERATOR_CODE)

    assert segments(tight).units == 2 * 67 - OPERATOR_CODE
    assert segments(tight).parts == 3


def test_one_letter_of_no_table_turns_everything_into_ucs_2() -> None:
    assert segments("Şikayetiniz alindi.").encoding is E.TURKISH_LOCKING
    assert segments("Şikâyetiniz alındı.").encoding is E.UCS2


def test_nothing_still_takes_one_part() -> None:
    assert segments("") == SmsLength(E.GSM7, 0, 1)


def test_the_characters_of_no_table_are_those_that_force_ucs_2() -> None:
    assert of_no_table("Şikâyet “Ördek” – 5 €… 😀") == set("â“”–…😀")
    assert of_no_table(_TURKISH + "èØ{") == set()


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("444 00 73’ü", "444 00 73'ü"),
        ("“Çözüm” ‘Masası’", "\"Çözüm\" 'Masası'"),
        ("1–5 — evet…", "1-5 - evet..."),
        ("şikâyet, resmî, mahkûm, Âdem", "şikayet, resmi, mahkum, Adem"),
        ("S\u0327is\u0327li g\u0306 I\u0307", "Şişli ğ İ"),
        ("26\u00a0Mayıs\u202f2026", "26 Mayıs 2026"),
        ("baş\u00advuru\u200b\ufeff", "başvuru"),
    ],
)
def test_plain_text_replaces_what_forces_ucs_2(written: str, sent: str) -> None:
    assert plain_sms(written) == sent
    assert segments(sent).encoding is not E.UCS2


@given(st.text(_TURKISH + _TYPOGRAPHIC))
def test_turkish_prose_never_needs_ucs_2_once_it_is_plain(text: str) -> None:
    assert segments(plain_sms(text)).encoding is not E.UCS2


@given(st.text("aâgsşi'’\u200d\u0302\u0327\u0307") | st.text())
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain_sms(plain_sms(text)) == plain_sms(text)


@given(st.text(max_size=700))
def test_the_encoding_is_ucs_2_exactly_where_a_character_forbids_septets(text: str) -> None:
    assert (segments(text).encoding is E.UCS2) == bool(of_no_table(text))


@given(st.text(_TURKISH + "{€Øâ", max_size=700), st.characters())
def test_a_longer_text_never_takes_fewer_parts(text: str, more: str) -> None:
    assert segments(text).parts <= segments(text + more).parts


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Peñalolén ă è Ø ﬃ", "Peñalolén a e ? ffi"),
        ("[Çöp] {ev} a~b|c\\d^", "(Çöp) (ev) a-b/c/d'"),
        ("Ünlü 😀 漢", "Ünlü ? ?"),
    ],
)
def test_a_name_keeps_its_letters_as_far_as_they_cost_one_septet(written: str, sent: str) -> None:
    assert one_septet_sms(written) == sent


@given(st.text(max_size=150))
def test_a_light_text_costs_a_septet_a_letter(text: str) -> None:
    """So a limit in letters is a limit in septets, with any name."""
    light = one_septet_sms(text).replace("⟦", "(").replace("⟧", ")")

    assert segments(light).units <= len(light)
    assert segments(light).encoding in {E.GSM7, E.TURKISH_LOCKING}

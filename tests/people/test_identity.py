"""Phone and identity numbers: every usual spelling is parsed, and no error repeats the rejected text."""

import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.people.identity import (
    IdentityError,
    Phone,
    PhoneKind,
    parse_caller,
    parse_national_id,
    parse_phone,
    parse_stored_phone,
)

FIRST_CALL_IS_SLOW = settings(deadline=None)
"""The first parsed number loads the numbering plans."""

MOBILE = Phone("+905320000067", PhoneKind.MOBILE)
CALL_LINE = Phone("+904440073", PhoneKind.UAN, "1010")

mobile_numbers = st.integers(0, 9_999_999).map(lambda line: f"532{line:07d}")


@pytest.mark.parametrize(
    "written",
    [
        "0532 000 00 67",
        "0 532 000 00 67",
        "532 000 00 67",
        "5320000067",
        "905320000067",
        "+905320000067",
        "+90 (532) 000 00 67",
        "00905320000067",
        "0090 532 000 00 67",
        "0532-000-00-67",
        "0532.000.00.67",
        "tel:+90-532-000-00-67",
        "\u202a+90 532 000 00 67\u202c",
        "٠٥٣٢٠٠٠٠٠٦٧",
    ],
)
def test_one_mobile_number_has_many_spellings(written: str) -> None:
    assert parse_phone(written) == MOBILE


@pytest.mark.parametrize(
    "written",
    [
        "444 00 73/1010",
        "444 00 73 / 1010",
        "4440073 dahili 1010",
        "444 00 73 DAHİLİ: 1010",
        "444 00 73, dah. 1010",
        "444 0 073 dah 1010",
        "4440073x1010",
        "4440073 ext. 1010",
        "+904440073;ext=1010",
        "tel:+90-4440073;ext=1010",
        "4440073/١٠١٠",
    ],
)
def test_an_extension_is_split_from_its_number(written: str) -> None:
    assert parse_phone(written) == CALL_LINE


@pytest.mark.parametrize(
    ("written", "kind", "e164"),
    [
        ("0532 000 00 67", PhoneKind.MOBILE, "+905320000067"),
        ("0533 840 00 00", PhoneKind.MOBILE, "+905338400000"),
        ("0212 440 00 00", PhoneKind.FIXED, "+902124400000"),
        ("0212/440 00 00", PhoneKind.FIXED, "+902124400000"),
        ("444 00 73", PhoneKind.UAN, "+904440073"),
        ("0212 444 00 73", PhoneKind.FIXED, "+902124440073"),
        ("0800 211 00 00", PhoneKind.OTHER, "+908002110000"),
        ("+49 1512 3456789", PhoneKind.MOBILE, "+4915123456789"),
    ],
)
def test_a_number_has_its_kind(written: str, kind: PhoneKind, e164: str) -> None:
    assert parse_phone(written) == Phone(e164, kind)


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "0",
        "112",
        "153",
        "185",
        "1010",
        "444",
        "0532 000 00 6",
        "0532 000 00 678",
        "0132 000 00 67",
        "ESENLER",
        "532ABCDEFG",
        "Örnek 0532 000 00 67",
        "0532 000 00 67 eşi",
        "0532 000 00 67/0533 000 00 67",
        "5320000067;5330000067",
        "5320000067,5330000067",
        "0532 000 00 67" + " " * 60,
        "9" * 200,
    ],
)
def test_a_number_of_no_person_is_rejected(written: str) -> None:
    with pytest.raises(IdentityError) as refused:
        parse_phone(written)

    assert refused.value.kind == "phone"


@pytest.mark.parametrize("written", ["0532 000 00 678", "Örnek 0532 000 00 67"])
def test_a_refused_phone_is_not_repeated(written: str) -> None:
    with pytest.raises(IdentityError) as refused:
        parse_phone(written)

    printed = "".join(traceback.format_exception(refused.value))
    assert written not in printed
    assert "0532" not in printed


@pytest.mark.parametrize(
    ("written", "display"),
    [
        ("+905320000067", "0532 000 00 67"),
        ("2124400000", "(0212) 440 00 00"),
        ("444 0 073", "444 00 73"),
        ("+904440073;ext=1010", "444 00 73 dahili 1010"),
        ("+4915123456789", "+49 1512 3456789"),
    ],
)
def test_a_number_is_displayed_as_it_is_printed_here(written: str, display: str) -> None:
    assert parse_phone(written).display == display


def test_the_last_four_digits_are_the_numbers_not_the_extensions() -> None:
    assert CALL_LINE.last_four == "0073"
    assert MOBILE.last_four == "0067"


@FIRST_CALL_IS_SLOW
@given(mobile_numbers, st.none() | st.from_regex(r"[0-9]{1,6}", fullmatch=True))
def test_the_stored_and_the_displayed_form_are_parsed_again(digits: str, extension: str | None) -> None:
    phone = Phone(f"+90{digits}", PhoneKind.MOBILE, extension)

    assert parse_phone(phone.storage) == phone
    assert parse_phone(phone.display) == phone


@FIRST_CALL_IS_SLOW
@given(st.text() | st.text("0123456789 +/x;()-", max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        phone = parse_phone(text)
    except IdentityError:
        return
    assert parse_phone(phone.storage) == phone


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "  ",
        "anonymous",
        "ANONYMOUS",
        "Unknown",
        "Private Number",
        "withheld",
        "Gizli Numara",
        "GİZLİ",
        "BİLİNMEYEN",
        "anonymous@anonymous.invalid",
        "sip:anonymous@anonymous.invalid",
        "Anonim",
        "Bilinmeyen Numara",
        '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1',
        "\u200b",
    ],
)
def test_a_hidden_caller_has_no_number(shown: str | None) -> None:
    assert parse_caller(shown) is None


@pytest.mark.parametrize(
    "shown",
    [
        "905320000067",
        "sip:05320000067@10.0.0.1",
        "SIP:+905320000067@pbx.example.org;user=phone",
        "sips:05320000067;phone-context=+90@pbx",
        "05320000067@pbx",
        '"Örnek Vatandaş" <05320000067>',
        "Örnek <sip:05320000067@pbx>;tag=a1",
        "tel:+90-532-000-00-67",
        "\u202a0532 000 00 67\u202c",
    ],
)
def test_a_shown_caller_has_its_number(shown: str) -> None:
    assert parse_caller(shown) == MOBILE


@pytest.mark.parametrize("written", ["+90 561 880 80 80", "0561 880 80 80", "sip:05618808080@pbx"])
def test_a_mobile_number_of_a_new_range_is_a_caller(written: str) -> None:
    """The metadata of the numbering plan lags behind the operators."""
    assert parse_caller(written) == Phone("+905618808080", PhoneKind.MOBILE)
    assert parse_stored_phone("+905618808080").kind is PhoneKind.MOBILE


def test_a_possible_foreign_caller_is_of_another_kind() -> None:
    caller = parse_caller("+49 1999 1234567")

    assert caller == Phone("+4919991234567", PhoneKind.OTHER)
    assert caller is not None
    assert parse_stored_phone(caller.storage) == caller
    with pytest.raises(IdentityError):
        parse_phone("+49 1999 1234567")


def test_an_invalid_caller_is_rejected() -> None:
    with pytest.raises(IdentityError):
        parse_caller("1010")


@pytest.mark.parametrize("written", ["10000000146", "17291716060", " 10000000146\n"])
def test_an_identity_number_with_the_right_checksum_is_taken(written: str) -> None:
    assert parse_national_id(written) == written.strip()


def test_a_foreigners_number_is_taken_too() -> None:
    assert parse_national_id(_with_checksum("990000001")) == _with_checksum("990000001")


@pytest.mark.parametrize(
    "written",
    ["", "1", "01234567890", "12345678901", "1000000014", "100000001460", "10000000147", "1000000014６", "abc"],
)
def test_a_wrong_identity_number_is_refused_without_being_repeated(written: str) -> None:
    with pytest.raises(IdentityError) as refused:
        parse_national_id(written)

    assert refused.value.kind == "national_id"
    assert str(refused.value) == "not a valid national_id"


@given(st.integers(100_000_000, 999_999_999), st.integers(0, 10), st.integers(1, 9))
def test_every_wrong_digit_of_an_identity_number_is_noticed(body: int, place: int, shift: int) -> None:
    number = _with_checksum(str(body))
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]

    assert parse_national_id(number) == number
    with pytest.raises(IdentityError):
        parse_national_id(wrong)


def _with_checksum(nine: str) -> str:
    """Return an identity number from its first nine digits, by the published rule."""
    digits = [int(digit) for digit in nine]
    tenth = (7 * sum(digits[0::2]) - sum(digits[1::2])) % 10
    return f"{nine}{tenth}{(sum(digits) + tenth) % 10}"

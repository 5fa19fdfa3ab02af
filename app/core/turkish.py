"""Turkish text: case (Python's own is wrong for İ/i and I/ı), search keys, suffixes and dates."""

import re
import unicodedata
from datetime import date, datetime

from babel.dates import format_date as babel_date

_TO_UPPER = str.maketrans({"i": "İ", "ı": "I"})
_TO_ASCII = tuple(zip("ıçğöşüâîû", "icgosuaiu", strict=True))
_DOTTED_I = re.compile("i\u0307+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FOLDED_VOWELS = str.maketrans("âîû", "aiu")
_FRONT, _BACK = frozenset("eiöü"), frozenset("aıou")
_POSSESSIVE_ENDS = frozenset("ıiuü")
_SOFT_K = re.compile("l[ıiuü]k$")


def tr_lower(text: str) -> str:
    """Convert to lower case by Turkish rules (NFC): I → ı, İ → i.

    Remove the combining dot that English casing of `İ` leaves over an i.
    """
    lowered = unicodedata.normalize("NFC", text).replace("I", "ı").replace("İ", "i").lower()
    return unicodedata.normalize("NFC", _DOTTED_I.sub("i", lowered))


def tr_upper(text: str) -> str:
    """Convert to upper case by Turkish rules (NFC): i → İ, ı → I."""
    composed = _DOTTED_I.sub("i", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", composed.translate(_TO_UPPER).upper())


def tr_key(text: str) -> str:
    """Return the search key of a text: lower case, letters without marks, single spaces.

    `İSTANBUL`, `ISTANBUL` and `istanbul` have the same key. Use it for search, never for display.
    """
    key = tr_lower(text)
    for letter, plain in _TO_ASCII:  # several times faster than str.translate; every description passes here
        key = key.replace(letter, plain)
    return " ".join((key if key.isascii() else _without_marks(key)).split())


def dative_institution(name: str) -> str:
    """Return the dative of an institution's name, without apostrophe.

    Examples: `Müdürlüğüne`, `Başkanlığına`, `Özel Kaleme`, `Kaymakamlığa`. The suffix takes n after a possessive
    (…lüğü) and y after another vowel; …lik becomes …liğ. The last vowel decides, so loan words that break vowel
    harmony (`Terminal`) come out wrong. A name that does not end in a word (`Zabıta (Merkez)`, `Yapı Kontrol 2`,
    `İSKİ`) gets one: `İSKİ birimine`.
    """
    stem, suffix = unicodedata.normalize("NFC", name.strip()), "e" if _last_vowel(name) in _FRONT else "a"
    if not _ends_in_a_word(stem):
        return f"{stem} birimine"
    last = tr_lower(stem)[-1:]
    if last in _POSSESSIVE_ENDS:
        suffix = "n" + suffix
    elif last in _FRONT | _BACK:
        suffix = "y" + suffix
    elif _SOFT_K.search(tr_lower(stem)):
        stem, suffix = stem[:-1], "ğ" + suffix
    return stem + (tr_upper(suffix) if stem.isupper() else suffix)


def format_date(value: date) -> str:
    """Format a date as `26.05.2026`."""
    return f"{value:%d.%m}.{value.year:04d}"


def format_long_date(value: date) -> str:
    """Format a date as `26 Mayıs 2026 Salı`."""
    return babel_date(value, "d MMMM y EEEE", locale="tr")


def format_datetime(local: datetime) -> str:
    """Format a local date-time as `26.05.2026 14:05`."""
    return f"{format_date(local)} {local:%H:%M}"


def _without_marks(text: str) -> str:
    """Remove all marks over or under letters."""
    letters = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _ends_in_a_word(name: str) -> bool:
    """Return whether the last word consists of letters and is no abbreviation.

    Capitals are an abbreviation if they stand alone or after words in mixed case.
    """
    *before, last = name.split() or [""]
    abbreviation = last.isupper() and not (before and name.isupper())
    return _WORD.fullmatch(last) is not None and not abbreviation


def _last_vowel(name: str) -> str:
    letters = tr_lower(name).translate(_FOLDED_VOWELS)
    return next((letter for letter in reversed(letters) if letter in _FRONT | _BACK), "e")

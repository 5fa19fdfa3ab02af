"""Turkish text: case, search keys, sort order, suffixes and dates, which Python's own casing gets wrong (İ/i, I/ı)."""

import re
import unicodedata
from datetime import date, datetime

from babel.dates import format_date as babel_date

_TO_UPPER = str.maketrans({"i": "İ", "ı": "I"})
_TO_ASCII = tuple(zip("ıçğöşüâîû", "icgosuaiu", strict=True))
_ALPHABET = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"
_ORDINAL = {letter: chr(0xE000 + index) for index, letter in enumerate(_ALPHABET)}
_OTHER_SCRIPT = "\uf000"
_DOTTED_I = re.compile("i\u0307+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_FOLDED_VOWELS = str.maketrans("âîû", "aiu")
_FRONT, _BACK = frozenset("eiöü"), frozenset("aıou")
_POSSESSIVE_ENDS = frozenset("ıiuü")
_SOFT_K = re.compile("l[ıiuü]k$")


def tr_lower(text: str) -> str:
    """Lower case by Turkish rules (NFC): I → ı, İ → i.

    The dot that wrong casing leaves over an i (`İ` by English rules) is taken away.
    """
    lowered = unicodedata.normalize("NFC", text).replace("I", "ı").replace("İ", "i").lower()
    return unicodedata.normalize("NFC", _DOTTED_I.sub("i", lowered))


def tr_upper(text: str) -> str:
    """Upper case by Turkish rules (NFC): i → İ, ı → I."""
    composed = _DOTTED_I.sub("i", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", composed.translate(_TO_UPPER).upper())


def tr_title(text: str) -> str:
    """Each word with a capital first letter, the rest in lower case; what follows an apostrophe is no new word."""
    composed = _DOTTED_I.sub("i", unicodedata.normalize("NFC", text))
    return _WORD.sub(lambda word: tr_upper(word[0][:1]) + tr_lower(word[0][1:]), composed)


def tr_key(text: str) -> str:
    """The key under which spellings of one word meet: lower case, letters without marks, single spaces.

    `İSTANBUL`, `ISTANBUL` and `istanbul` have one key. For search, never for display.
    """
    key = tr_lower(text)
    for letter, plain in _TO_ASCII:  # several times faster than str.translate, and every description passes here
        key = key.replace(letter, plain)
    return " ".join((key if key.isascii() else _bare(key)).split())


def tr_sort_key(text: str) -> str:
    """A key that sorts by the Turkish alphabet (ç after c, ı before i; q, w, x at their Latin places).

    Spaces, signs and digits come first, other scripts last; a letter with a foreign mark stands with its letter (é, â).
    """
    return "".join(_place(letter) for letter in tr_lower(text))


def dative_institution(name: str) -> str:
    """The dative of an institution's name in words, without apostrophe.

    `Müdürlüğüne`, `Başkanlığına`, `Özel Kaleme`, `Kaymakamlığa`: n stands between after a possessive (…lüğü), y after
    another vowel, and …lik becomes …liğ. The last vowel decides; loan words that break vowel harmony (`Terminal`) are
    not known to it. What ends in no word that can be read (`Zabıta (Merkez)`, `Yapı Kontrol 2`, `İSKİ`) is helped by
    one: `İSKİ birimine`.
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
    """`26.05.2026`."""
    return f"{value:%d.%m}.{value.year:04d}"


def format_long_date(value: date) -> str:
    """`26 Mayıs 2026 Salı`."""
    return babel_date(value, "d MMMM y EEEE", locale="tr")


def format_datetime(local: datetime) -> str:
    """`26.05.2026 14:05`, of a local date-time."""
    return f"{format_date(local)} {local:%H:%M}"


def _bare(text: str) -> str:
    """`text` without any mark over or under a letter."""
    letters = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))


def _place(letter: str) -> str:
    """What stands for `letter` in a sort key."""
    if letter in _ORDINAL:
        return _ORDINAL[letter]
    bare = _bare(letter)
    return _ORDINAL.get(bare, _OTHER_SCRIPT + bare if letter.isalpha() else bare)


def _ends_in_a_word(name: str) -> bool:
    """Whether the last word is one of letters, and no abbreviation: capitals alone, or after words that are not."""
    *before, last = name.split() or [""]
    spelled = last.isupper() and not (before and name.isupper())
    return _WORD.fullmatch(last) is not None and not spelled


def _last_vowel(name: str) -> str:
    letters = tr_lower(name).translate(_FOLDED_VOWELS)
    return next((letter for letter in reversed(letters) if letter in _FRONT | _BACK), "e")

"""What an SMS costs: letters of the GSM alphabet, the Turkish shift tables, and how many parts a text takes.

A part has 140 octets. A letter of the GSM alphabet takes 7 bits; ç ğ ı İ ş Ş Ğ stand in the Turkish tables
(3GPP TS 23.038 A.2.1, A.3.1), which cost a header; one letter of no table turns the whole text into UCS-2.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

OPERATOR_CODE = 5
"""Letters of the code (` B0xx`) that operators in Türkiye append to an institution's SMS (BTK 2016/211)."""


class SmsEncoding(StrEnum):
    """How the letters travel."""

    GSM7 = "gsm7"
    TURKISH_LOCKING = "turkish_locking"
    TURKISH_SINGLE = "turkish_single"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class SmsLength:
    """What a text takes: septets (UCS-2: 16-bit units) without the operator's code, and parts with it."""

    encoding: SmsEncoding
    units: int
    parts: int


_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM default alphabet but for its escape (0x1B), in the order of its codes."""

_LOCKING = _DEFAULT.translate(str.maketrans("èìØøÆæ¡¿", "€ıĞğŞşİç"))
"""The Turkish locking shift table: the default alphabet with eight places taken by Turkish letters and €."""

_EXTENSION = "\f^{}\\[~]|€"
_TURKISH_SINGLE = _EXTENSION + "ĞİŞçğış"

_COSTS: Mapping[SmsEncoding, Mapping[str, int]] = MappingProxyType(
    {
        SmsEncoding.GSM7: dict.fromkeys(_EXTENSION, 2) | dict.fromkeys(_DEFAULT, 1),
        SmsEncoding.TURKISH_LOCKING: dict.fromkeys(_EXTENSION, 2) | dict.fromkeys(_LOCKING, 1),
        SmsEncoding.TURKISH_SINGLE: dict.fromkeys(_TURKISH_SINGLE, 2) | dict.fromkeys(_DEFAULT, 1),
    }
)
"""Septets of each letter; one behind the escape takes two."""

_CAPACITY: Mapping[SmsEncoding, tuple[int, int]] = MappingProxyType(
    {
        SmsEncoding.GSM7: (160, 153),
        SmsEncoding.TURKISH_LOCKING: (155, 149),
        SmsEncoding.TURKISH_SINGLE: (155, 149),
        SmsEncoding.UCS2: (70, 67),
    }
)
"""Units in a text's only part, and in each of several (whose headers hold the reference of the whole)."""

_LIGHT = frozenset(_LOCKING) | frozenset("⟦⟧")
"""What costs one septet under the Turkish locking shift; and the brackets of references, which are resolved later."""

_LIGHTER = str.maketrans("^{}\\[~]|", "'()/(-)/")

_PLAIN = str.maketrans("âêîôûÂÊÎÔÛ‘’‚‛′´`“”„‟″«»‐‑‒–—―−", "aeiouAEIOU'''''''\"\"\"\"\"\"\"-------") | {
    ord("…"): "...",
    **dict.fromkeys(map(ord, "\t\u00a0\u2002\u2003\u2009\u202f"), " "),
}
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_LOOSE_MARKS = dict.fromkeys(range(0x0300, 0x0370))


def plain_sms(text: str) -> str:
    """`text` with plain signs for typographic ones (’ “ – … and the â î û), any of which would force UCS-2.

    Turkish letters stay; they are composed first (NFC), for a loose cedilla would force it too.
    """
    composed = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return composed.translate(_LOOSE_MARKS).translate(_PLAIN)


def one_septet_sms(text: str) -> str:
    """`text` as `plain_sms` gives it, with one septet a letter: ă is a, { is (, and what no table has is `?`.

    One sign in a name that somebody else has chosen could else turn an SMS into UCS-2 and cost three.
    """
    return "".join(sign if sign in _LIGHT else _bare(sign) for sign in plain_sms(text).translate(_LIGHTER))


def forbidden_characters(text: str) -> set[str]:
    """The characters of `text` that stand in no GSM or Turkish table and so turn the whole SMS into UCS-2."""
    known = _COSTS[SmsEncoding.TURKISH_SINGLE]
    return {character for character in text if character not in known}


def segments(text: str) -> SmsLength:
    """The cheapest encoding of `text`, its units, and the parts it takes with the operator's code."""
    measured = [
        SmsLength(encoding, sum(costs), _parts(costs, *_CAPACITY[encoding]))
        for encoding in SmsEncoding
        if (costs := _costs(text, encoding)) is not None
    ]
    return min(measured, key=lambda length: length.parts)


def fits_one_segment(text: str) -> bool:
    """Whether `text` leaves room for the operator's code: 150 septets with Turkish letters, 65 in UCS-2."""
    return segments(text).parts == 1


def _bare(sign: str) -> str:
    letters = "".join(part for part in unicodedata.normalize("NFKD", sign) if part in _LIGHT)
    return letters or "?"


def _costs(text: str, encoding: SmsEncoding) -> Sequence[int] | None:
    """The units of each character, or None where the encoding lacks one."""
    if encoding is SmsEncoding.UCS2:
        return [2 if character > "\uffff" else 1 for character in text]
    table = _COSTS[encoding]
    costs = [table.get(character, 0) for character in text]
    return costs if all(costs) else None


def _parts(costs: Sequence[int], alone: int, each: int) -> int:
    """How many parts hold the characters and the operator's code; a character is never split over two."""
    whole = [*costs, *[1] * OPERATOR_CODE]
    if sum(whole) <= alone:
        return 1
    parts, used = 1, 0
    for cost in whole:
        if used + cost > each:
            parts, used = parts + 1, 0
        used += cost
    return parts

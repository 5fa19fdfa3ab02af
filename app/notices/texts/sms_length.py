"""Length of an SMS: the GSM alphabet, the Turkish shift tables, and the number of parts of a text.

A part has 140 octets. A letter of the GSM alphabet takes 7 bits. The letters ç ğ ı İ ş Ş Ğ are in the Turkish tables
(3GPP TS 23.038 A.2.1, A.3.1), which need a header. One letter of no table turns the whole text into UCS-2.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

OPERATOR_CODE = 5
"""Length of the code (` B0xx`) that operators in Türkiye append to an institution's SMS (BTK 2016/211)."""


class SmsEncoding(StrEnum):
    """Encoding of a text."""

    GSM7 = "gsm7"
    TURKISH_LOCKING = "turkish_locking"
    TURKISH_SINGLE = "turkish_single"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class SmsLength:
    """Length of a text: septets (UCS-2: 16-bit units) without the operator's code, and parts with it."""

    encoding: SmsEncoding
    units: int
    parts: int


_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM default alphabet without its escape (0x1B), in the order of its codes."""

_LOCKING = _DEFAULT.translate(str.maketrans("èìØøÆæ¡¿", "€ıĞğŞşİç"))
"""The Turkish locking shift table: the default alphabet with Turkish letters and € at eight places."""

_EXTENSION = "\f^{}\\[~]|€"
_TURKISH_SINGLE = _EXTENSION + "ĞİŞçğış"

_COSTS: Mapping[SmsEncoding, Mapping[str, int]] = MappingProxyType(
    {
        SmsEncoding.GSM7: dict.fromkeys(_EXTENSION, 2) | dict.fromkeys(_DEFAULT, 1),
        SmsEncoding.TURKISH_LOCKING: dict.fromkeys(_EXTENSION, 2) | dict.fromkeys(_LOCKING, 1),
        SmsEncoding.TURKISH_SINGLE: dict.fromkeys(_TURKISH_SINGLE, 2) | dict.fromkeys(_DEFAULT, 1),
    }
)
"""Encoding → letter → septets; a letter after the escape takes two."""

_CAPACITY: Mapping[SmsEncoding, tuple[int, int]] = MappingProxyType(
    {
        SmsEncoding.GSM7: (160, 153),
        SmsEncoding.TURKISH_LOCKING: (155, 149),
        SmsEncoding.TURKISH_SINGLE: (155, 149),
        SmsEncoding.UCS2: (70, 67),
    }
)
"""Units of a single part, and of each of several parts, whose headers contain a reference."""

_ONE_SEPTET = frozenset(_LOCKING) | frozenset("⟦⟧")
"""Letters of one septet under the Turkish locking shift, and the brackets of references, which are resolved later."""

_TO_ONE_SEPTET = str.maketrans("^{}\\[~]|", "'()/(-)/")

_PLAIN = str.maketrans("âêîôûÂÊÎÔÛ‘’‚‛′´`“”„‟″«»‐‑‒–—―−", "aeiouAEIOU'''''''\"\"\"\"\"\"\"-------") | {
    ord("…"): "...",
    **dict.fromkeys(map(ord, "\t\u00a0\u2002\u2003\u2009\u202f"), " "),
}
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_COMBINING_MARKS = dict.fromkeys(range(0x0300, 0x0370))


def plain_sms(text: str) -> str:
    """Return `text` with plain signs for typographic ones (’ “ – … and the â î û), which would force UCS-2.

    Turkish letters stay; they are composed first (NFC), because a combining cedilla would force UCS-2 too.
    """
    composed = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return composed.translate(_COMBINING_MARKS).translate(_PLAIN)


def one_septet_sms(text: str) -> str:
    """Return `plain_sms(text)` with letters of one septet only: a for ă, ( for {, `?` for letters of no table.

    Otherwise one sign in the name of a person could turn an SMS into UCS-2, which costs three parts.
    """
    translated = plain_sms(text).translate(_TO_ONE_SEPTET)
    return "".join(sign if sign in _ONE_SEPTET else _without_marks(sign) for sign in translated)


def segments(text: str) -> SmsLength:
    """Return the length of `text` in its cheapest encoding; the parts include the operator's code."""
    measured = [
        SmsLength(encoding, sum(costs), _parts(costs, *_CAPACITY[encoding]))
        for encoding in SmsEncoding
        if (costs := _costs(text, encoding)) is not None
    ]
    return min(measured, key=lambda length: length.parts)


def _without_marks(sign: str) -> str:
    letters = "".join(part for part in unicodedata.normalize("NFKD", sign) if part in _ONE_SEPTET)
    return letters or "?"


def _costs(text: str, encoding: SmsEncoding) -> Sequence[int] | None:
    """Return the units of each character, or None if the encoding lacks one."""
    if encoding is SmsEncoding.UCS2:
        return [2 if character > "\uffff" else 1 for character in text]
    table = _COSTS[encoding]
    costs = [table.get(character, 0) for character in text]
    return costs if all(costs) else None


def _parts(costs: Sequence[int], alone: int, each: int) -> int:
    """Return the number of parts for the characters and the operator's code; a character is never split."""
    whole = [*costs, *[1] * OPERATOR_CODE]
    if sum(whole) <= alone:
        return 1
    parts, used = 1, 0
    for cost in whole:
        if used + cost > each:
            parts, used = parts + 1, 0
        used += cost
    return parts

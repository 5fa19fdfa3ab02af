"""Text as people see it: without the characters that only change how other characters are shown, or show nothing.

Such characters separate digits so that no search finds a phone number, make a request of nothing, or turn the reading
direction of a letter.
"""

import unicodedata

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
"""Letters and signs that are drawn as nothing: Hangul fillers, the empty Braille pattern, joiners of other scripts."""

_LINE_BREAKS = "\n\r\t"
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})


def without_invisible(text: str) -> str:
    """Return the text in NFKC without format characters, fillers and variation selectors; line breaks stay."""
    visible = "".join(character for character in unicodedata.normalize("NFKC", text) if not is_invisible(character))
    return unicodedata.normalize("NFKC", visible)


def has_visible(text: str) -> bool:
    """Return whether the text shows anything: a letter, a digit, a sign or a symbol."""
    return any(
        character not in _BLANK and unicodedata.category(character) not in _UNSEEN_CATEGORIES for character in text
    )


def is_invisible(character: str) -> bool:
    """Return whether a character is a control (but a line break), a filler, a variation selector or a tag."""
    if character in _BLANK or "\ufe00" <= character <= "\ufe0f" or "\U000e0000" <= character <= "\U000e0fff":
        return True
    return character not in _LINE_BREAKS and unicodedata.category(character) in {"Cc", "Cf", "Cs"}

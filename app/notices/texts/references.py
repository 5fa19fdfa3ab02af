"""References to personal values in stored texts: `⟦applicant.name⟧`.

A notice is immutable and stays longer than the personal data it is about, so its text names the field. Only delivery
and an authorised reader replace it by the value, by a masked one, or by the mark of erased data.
"""

import re
from collections.abc import Mapping

NUMBERED = frozenset({"ticket.reply", "ticket.interim_reply", "ticket.override_reason"})
"""Fields that offices write more than once: `⟦ticket.reply:7⟧` is the text of the ticket's event number 7."""

KNOWN = NUMBERED | {"applicant.name", "applicant.address", "applicant.phone", "ticket.description"}
"""Fields that a text may refer to; the vault seals all of them."""

ERASED = "[silindi]"
"""Replacement of an erased value."""

_REFERENCE = re.compile("⟦([^⟦⟧]*)⟧")
_NAME = re.compile(r"([a-z_.]+)(?::[1-9][0-9]{0,8})?")
_BRACKETS = str.maketrans("⟦⟧", "[]")


class UnknownReferenceError(ValueError):
    """Reference to an unknown field `name`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown reference {name!r}; known: {', '.join(sorted(KNOWN))}")
        self.name = name


def field(name: str, event_seq: int | None = None) -> str:
    """Return the key of a value: of the field at present, or of its text of the ticket's event number `event_seq`.

    Raises `UnknownReferenceError`.
    """
    return _known(name if event_seq is None else f"{name}:{event_seq}")


def reference(name: str, event_seq: int | None = None) -> str:
    """Return the reference to a value, as it is written in texts; raise `UnknownReferenceError`."""
    return f"⟦{field(name, event_seq)}⟧"


def plain(text: str) -> str:
    """Return `text` with square brackets for reference brackets: text from outside must not contain references."""
    return text.translate(_BRACKETS)


def names(text: str) -> set[str]:
    """Return the keys of the values that `text` refers to; raise `UnknownReferenceError`."""
    return {_known(name) for name in sorted(set(_REFERENCE.findall(text)))}


def resolve(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with each reference replaced by its value, or by `[silindi]` if `values` has none.

    References inside of values are not resolved. Raises `UnknownReferenceError`.
    """
    return _REFERENCE.sub(lambda match: values.get(_known(match[1]), ERASED), text)


def _known(name: str) -> str:
    matched = _NAME.fullmatch(name)
    if matched is None or matched[1] not in (KNOWN if matched[1] == name else NUMBERED):
        raise UnknownReferenceError(name)
    return name

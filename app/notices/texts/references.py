"""References stand in stored texts where a person stands: `⟦applicant.name⟧`.

A notice is immutable and outlives the personal data it is about; so its text names the field and only the
edge (delivery, an authorised reader) puts the value in, a mask, or the mark of an erased person.
"""

import re
from collections.abc import Mapping

NUMBERED = frozenset({"ticket.reply", "ticket.interim_reply", "ticket.override_reason"})
"""What offices write more than once: `⟦ticket.reply:7⟧` is what was written with the ticket's event number 7."""

KNOWN = NUMBERED | {"applicant.name", "applicant.address", "applicant.phone", "ticket.description"}
"""Fields that a text may refer to; all of them live sealed in the vault."""

ERASED = "[silindi]"
"""What stands where the value is not kept any more."""

_REFERENCE = re.compile("⟦([^⟦⟧]*)⟧")
_NAME = re.compile(r"([a-z_.]+)(?::[1-9][0-9]{0,8})?")
_BRACKETS = str.maketrans("⟦⟧", "[]")


class UnknownReferenceError(ValueError):
    """A text refers to a field that does not exist; `name` is what it says."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown reference {name!r}; known: {', '.join(sorted(KNOWN))}")
        self.name = name


def field(name: str, event_seq: int | None = None) -> str:
    """The name of a value: of the field, or of what stood in it with the ticket's event number `event_seq`.

    Raises `UnknownReferenceError`.
    """
    return _known(name if event_seq is None else f"{name}:{event_seq}")


def reference(name: str, event_seq: int | None = None) -> str:
    """The reference to a value, as texts write it; takes and raises what `field` does."""
    return f"⟦{field(name, event_seq)}⟧"


def plain(text: str) -> str:
    """`text` with reference brackets turned into square ones: words from outside must not refer."""
    return text.translate(_BRACKETS)


def names(text: str) -> set[str]:
    """The values that `text` refers to; raises `UnknownReferenceError`."""
    return {_known(name) for name in sorted(set(_REFERENCE.findall(text)))}


def resolve(text: str, values: Mapping[str, str]) -> str:
    """`text` with every reference replaced by its value, or by `[silindi]` where `values` has none.

    Values are put in as they are and not read for references again. Raises `UnknownReferenceError`.
    """
    return _REFERENCE.sub(lambda match: values.get(_known(match[1]), ERASED), text)


def _known(name: str) -> str:
    matched = _NAME.fullmatch(name)
    if matched is None or matched[1] not in (KNOWN if matched[1] == name else NUMBERED):
        raise UnknownReferenceError(name)
    return name

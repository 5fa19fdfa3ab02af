"""References stand in stored texts where a person stands: `⟦applicant.name⟧`.

A notice is immutable and outlives the personal data it is about; so its text names the field and only the
edge (delivery, an authorised reader) puts the value in, a mask, or the mark of an erased person.
"""

import re
from collections.abc import Mapping

KNOWN = frozenset({"applicant.name", "applicant.address", "applicant.phone", "ticket.description", "ticket.reply"})
"""Fields that a text may refer to; all of them live sealed in the vault."""

ERASED = "[silindi]"
"""What stands where the value is not kept any more."""

_REFERENCE = re.compile("⟦([^⟦⟧]*)⟧")
_BRACKETS = str.maketrans("⟦⟧", "[]")


class UnknownReferenceError(ValueError):
    """A text refers to a field that does not exist; `name` is what it says."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown reference {name!r}; known: {', '.join(sorted(KNOWN))}")
        self.name = name


def reference(name: str) -> str:
    """The reference to the field `name`, as texts write it; raises `UnknownReferenceError`."""
    if name not in KNOWN:
        raise UnknownReferenceError(name)
    return f"⟦{name}⟧"


def plain(text: str) -> str:
    """`text` with reference brackets turned into square ones: words from outside must not refer."""
    return text.translate(_BRACKETS)


def names(text: str) -> set[str]:
    """The fields that `text` refers to; raises `UnknownReferenceError`."""
    found = set(_REFERENCE.findall(text))
    for name in sorted(found - KNOWN):
        raise UnknownReferenceError(name)
    return found


def resolve(text: str, values: Mapping[str, str]) -> str:
    """`text` with every reference replaced by its value, or by `[silindi]` where `values` has none.

    Values are put in as they are and not read for references again. Raises `UnknownReferenceError`.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in KNOWN:
            raise UnknownReferenceError(match[1])
        return values.get(match[1], ERASED)

    return _REFERENCE.sub(value_of, text)

"""Suggest the directorate for a request by its words; a person makes the referral."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.core.turkish import tr_key
from app.standards.values import Directorate, ExternalBody

_WORD = re.compile(r"[a-z0-9]+")
_FIRST_LETTERS = 3
Words = tuple[str, ...]
Index = dict[str, list[tuple[Words, tuple[int, ...]]]]


@dataclass(frozen=True, slots=True)
class DirectorateSuggestion:
    """The suggested directorate or external body, and its keywords (folded) in the text."""

    unit: Directorate | ExternalBody
    keywords: tuple[str, ...]

    @property
    def external(self) -> bool:
        """Return whether the suggestion is an external body."""
        return isinstance(self.unit, ExternalBody)


def suggest_directorate(
    units: Sequence[Directorate], text: str, external_bodies: Sequence[ExternalBody] = ()
) -> DirectorateSuggestion | None:
    """Return the directorate or external body with the most keywords in the text, or None without a keyword.

    A keyword matches words that begin with its words ("kaldırım" in "kaldırımlarda"), ignoring case and Turkish
    letters. A first word under three letters has to be whole ("su"). The longest matching keyword counts: "parke" is
    no "park". On a tie the most matched letters win, then the order in the file.
    """
    candidates: tuple[Directorate | ExternalBody, ...] = (*units, *external_bodies)
    index = _index(candidates)
    found: dict[int, list[Words]] = {}
    for keyword, owners in _occurring(_words(text), index):
        for owner in owners:
            found.setdefault(owner, []).append(keyword)
    if not found:
        return None
    best = max(found, key=lambda owner: (len(found[owner]), sum(map(_letters, found[owner])), -owner))
    return DirectorateSuggestion(candidates[best], tuple(dict.fromkeys(map(" ".join, found[best]))))


@lru_cache(maxsize=8)
def _index(candidates: tuple[Directorate | ExternalBody, ...]) -> Index:
    """Return the keywords with the positions of their candidates, by their first letters, the longest first."""
    owners: dict[Words, list[int]] = {}
    for number, candidate in enumerate(candidates):
        for keyword in candidate.keywords:
            owners.setdefault(_words(keyword), []).append(number)
    index: Index = {}
    for words, those in sorted(owners.items(), key=lambda entry: (-len(entry[0]), -_letters(entry[0]))):
        if words:
            index.setdefault(words[0][:_FIRST_LETTERS], []).append((words, tuple(those)))
    return index


def _occurring(words: Words, index: Index) -> Iterator[tuple[Words, tuple[int, ...]]]:
    """Yield the keywords along the text; each word counts for one keyword, the longest that begins there."""
    at = 0
    while at < len(words):
        there = index.get(words[at][:_FIRST_LETTERS], ())
        fitting = next((entry for entry in there if _matches_at(words, at, entry[0])), None)
        if fitting:
            yield fitting
        at += len(fitting[0]) if fitting else 1


def _matches_at(words: Words, at: int, keyword: Words) -> bool:
    there = words[at : at + len(keyword)]
    return len(there) == len(keyword) and all(map(str.startswith, there, keyword))


def _words(text: str) -> Words:
    return tuple(_WORD.findall(tr_key(text)))


def _letters(keyword: Words) -> int:
    return sum(map(len, keyword))

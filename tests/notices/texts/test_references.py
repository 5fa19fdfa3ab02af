"""References: stored texts name a person's field, the edge puts the value in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notices.texts.references import (
    ERASED,
    KNOWN,
    NUMBERED,
    UnknownReferenceError,
    names,
    plain,
    reference,
    resolve,
)

words = st.text(alphabet=st.characters(exclude_characters="⟦⟧", exclude_categories=["Cs"]), max_size=40)
parts = st.lists(st.tuples(words, st.sampled_from(sorted(KNOWN))), max_size=6)
values = st.fixed_dictionaries({name: st.text(max_size=40) for name in KNOWN})


@given(parts, words, values)
def test_every_reference_becomes_exactly_its_value(
    pieces: list[tuple[str, str]], tail: str, known: dict[str, str]
) -> None:
    stored = "".join(before + reference(name) for before, name in pieces) + tail

    assert names(stored) == {name for _, name in pieces}
    assert resolve(stored, known) == "".join(before + known[name] for before, name in pieces) + tail


@given(words)
def test_a_text_without_references_stays_as_it_is(text: str) -> None:
    assert names(text) == set()
    assert resolve(text, {}) == text


def test_an_erased_person_leaves_a_mark_and_no_gap() -> None:
    """C12: after erasure the notice still reads, without the person."""
    assert resolve(f"Sayın {reference('applicant.name')},", {}) == f"Sayın {ERASED},"


def test_a_value_that_looks_like_a_reference_is_not_read_again() -> None:
    described = resolve(
        reference("ticket.description"),
        {"ticket.description": "⟦applicant.phone⟧", "applicant.phone": "+90 532 000 00 00"},
    )

    assert described == "⟦applicant.phone⟧"


def test_words_from_outside_lose_their_brackets() -> None:
    assert names(plain("⟦applicant.phone⟧")) == set()


@given(st.sampled_from(sorted(NUMBERED)), st.integers(1, 10**9 - 1), st.integers(1, 10**9 - 1))
def test_a_numbered_reference_is_what_was_written_then(name: str, then: int, later: int) -> None:
    values = {name: "at present", f"{name}:{later}": "later", f"{name}:{then}": "then"}

    assert resolve(f"<{reference(name, then)}>", values) == "<then>"
    assert resolve(reference(name), values) == "at present"
    assert resolve(reference(name, then), {name: "at present"}) == ERASED


UNKNOWN = ["applicant.email", "", "Applicant.Name", "ticket", "applicant.name:7", "ticket.reply:", "ticket.reply:0"]


@pytest.mark.parametrize("name", [*UNKNOWN, "ticket.reply:07", "ticket.reply:-1", "ticket.reply:7:7"])
def test_an_unknown_reference_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(UnknownReferenceError) as in_text:
        resolve(f"… ⟦{name}⟧ …", {name: "x"})
    with pytest.raises(UnknownReferenceError):
        names(f"⟦{name}⟧")
    with pytest.raises(UnknownReferenceError):
        reference(name)

    assert in_text.value.name == name

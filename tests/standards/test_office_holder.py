"""The holder of an application office on a day: changes of officials, leave, vacant days."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.standards.catalogue import load_catalogue
from app.standards.office_holder import office_holder
from app.standards.values import ApplicationOffice, Deputy
from tests.installation import ESENLER

PRINTED = load_catalogue(ESENLER).office(1)
HEAD = PRINTED.printed.name
ROLE = "mudurluk@belediye.example"


def office(*deputies: Deputy, **other: object) -> ApplicationOffice:
    """The first office with its head, and these deputies."""
    return replace(PRINTED, deputies=deputies, **other)  # type: ignore[arg-type]


def deputy(name: str, valid_from: str | None = None, valid_to: str | None = None) -> Deputy:
    """A sample deputy, valid on these days (inclusive)."""
    first, last = (date.fromisoformat(day) if day else None for day in (valid_from, valid_to))
    return Deputy(name, "Müdür V.", f"{name.lower()}@belediye.example", first, last)


LEAVE = deputy("Örnek", "2026-06-01", "2026-06-05")


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-05-31", HEAD),
        ("2026-06-01", "Örnek"),  # the first and the last day are inclusive
        ("2026-06-05", "Örnek"),
        ("2026-06-06", HEAD),
    ],
)
def test_a_deputy_stands_in_on_the_days_of_leave(day: str, name: str) -> None:
    found = office_holder(office(LEAVE), date.fromisoformat(day))
    assert (found.name, found.stands_in, found.vacant) == (name, name != HEAD, False)


@pytest.mark.parametrize(("day", "name"), [("2026-06-30", HEAD), ("2026-07-01", "Yeni"), ("2026-05-31", "")])
def test_an_official_changes_from_one_day_to_the_next(day: str, name: str) -> None:
    changing = office(deputy("Yeni", "2026-07-01"), valid_from=date(2026, 6, 1), valid_to=date(2026, 6, 30))
    found = office_holder(changing, date.fromisoformat(day))
    assert (found.name, found.vacant) == (name, not name)


def test_of_overlapping_deputies_the_one_who_began_last_counts() -> None:
    both = office(LEAVE, deputy("İkinci", "2026-06-03", "2026-06-04"))
    named = [office_holder(both, date(2026, 6, day)).name for day in range(1, 7)]
    assert named == ["Örnek", "Örnek", "İkinci", "İkinci", "Örnek", HEAD]


def test_of_deputies_who_began_together_the_first_named_counts() -> None:
    twins = office(LEAVE, deputy("İkinci", "2026-06-01", "2026-06-02"))
    assert office_holder(twins, date(2026, 6, 1)).name == "Örnek"


def test_a_deputy_without_dates_is_in_office_during_a_vacancy() -> None:
    permanent = office(deputy("Daimî"), valid_to=date(2026, 6, 30))
    assert office_holder(permanent, date(2026, 6, 30)).name == HEAD
    assert office_holder(permanent, date(2026, 7, 1)).name == "Daimî"


def test_a_dated_deputy_comes_before_one_without_dates() -> None:
    gone = office(deputy("Daimî"), LEAVE, valid_to=date(2026, 5, 1))
    assert office_holder(gone, date(2026, 6, 2)).name == "Örnek"


def test_a_vacant_office_is_written_to_by_its_place() -> None:
    """A notice to the personal address of a former official would be lost."""
    empty = office(valid_to=date(2026, 5, 1))
    found = office_holder(empty, date(2026, 5, 2))
    assert (found.vacant, found.name, found.address) == (True, "", None)
    with_role = office_holder(replace(empty, role_mailbox=ROLE), date(2026, 5, 2))
    assert (with_role.vacant, with_role.address) == (True, ROLE)


def test_mail_goes_to_the_role_then_to_the_person_then_to_the_printed_address() -> None:
    day = date(2026, 6, 2)
    nameless = replace(LEAVE, email=None)
    assert office_holder(office(LEAVE, role_mailbox=ROLE), day).address == ROLE
    assert office_holder(office(LEAVE), day).address == LEAVE.email
    assert office_holder(office(nameless), day).address == (PRINTED.printed.email or None)
    assert office_holder(office(role_mailbox=ROLE), day).address == ROLE
    assert office_holder(office(), day).address == (PRINTED.printed.email or None)


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
DEPUTIES = st.builds(
    Deputy, st.sampled_from(["Bir", "İki", "Üç"]), st.just("V."), st.none(), st.none() | DAYS, st.none() | DAYS
)


@given(deputies=st.lists(DEPUTIES, max_size=4), valid_from=st.none() | DAYS, valid_to=st.none() | DAYS, on=DAYS)
def test_the_holder_is_valid_on_that_day(
    deputies: list[Deputy], valid_from: date | None, valid_to: date | None, on: date
) -> None:
    def covers(first: date | None, last: date | None) -> bool:
        return (first or date.min) <= on <= (last or date.max)

    found = office_holder(office(*deputies, valid_from=valid_from, valid_to=valid_to), on)
    valid = {one.name for one in deputies if covers(one.valid_from, one.valid_to)}
    if found.stands_in:
        assert found.name in valid
    elif found.vacant:
        assert not valid
        assert not covers(valid_from, valid_to)
    else:
        assert covers(valid_from, valid_to)

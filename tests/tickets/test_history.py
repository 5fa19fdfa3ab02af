"""The chain of events: intact as written, broken by any change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import new_id
from app.tickets.history import EVENT_LABELS, GENESIS, EventKind, chain_is_intact, event_hash, first_event, next_event
from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command

NOW = datetime(2026, 5, 12, 7, 0, 0, 123_456, tzinfo=UTC)
TICKET = UUID("01a0c3de-0000-7000-8000-000000000001")


def chain(ticket_id: UUID = TICKET) -> tuple[Ticket, list[TicketEvent]]:
    """A ticket with four events, one of them with a sealed note, one an empty one."""
    first = first_event(ticket_id=ticket_id, at=NOW, actor="desk", data={"channel": "desk", "service": "solution-desk"})
    ticket = Ticket(id=ticket_id, event_seq=first["seq"], event_hash=first["hash"])
    rows = [
        first,
        next_event(
            ticket,
            kind=Command.REFER,
            at=NOW + timedelta(hours=1),
            actor="desk",
            data={"unit": "parks"},
            note=b"\x01\x02",
        ),
        next_event(ticket, kind=Command.COMMENT, at=NOW + timedelta(hours=2), actor="unit", data={}, note=b""),
        next_event(ticket, kind=EventKind.BREACHED, at=NOW + timedelta(days=15), actor="system", data={"level": 1}),
    ]
    return ticket, [TicketEvent(**row) for row in rows]


def test_a_chain_is_intact_as_it_was_written() -> None:
    _, events = chain()

    assert chain_is_intact(events)
    assert [event.seq for event in events] == [1, 2, 3, 4]
    assert [event.kind for event in events] == ["received", "refer", "comment", "breached"]
    assert all(type(event.kind) is str for event in events)
    assert len({event.hash for event in events}) == 4


def test_the_ticket_carries_the_head_of_its_chain() -> None:
    ticket, events = chain()

    assert (ticket.event_seq, ticket.event_hash) == (4, events[-1].hash)


def test_the_last_action_is_the_last_thing_that_a_person_did() -> None:
    """The passing of a limit is an event, but not the last action of a person."""
    ticket, events = chain()

    assert events[-1].actor == "system"
    assert (ticket.last_action, ticket.last_action_at) == ("comment", NOW + timedelta(hours=2))


def test_everything_that_can_happen_has_a_turkish_name_of_its_own() -> None:
    assert set(EVENT_LABELS) == {*EventKind, *Command}
    assert len(set(EVENT_LABELS.values())) == len(EVENT_LABELS)


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize(
    ("column", "alter"),
    [
        ("ticket_id", lambda _: new_id()),
        ("seq", lambda seq: seq + 1),
        ("kind", lambda kind: kind + "x"),
        ("at", lambda instant: instant + timedelta(microseconds=1)),
        ("actor", lambda actor: actor.upper()),
        ("data", lambda data: {**data, "unit": "roads"}),
        ("note", lambda note: b"" if note is None else None),
        ("note", lambda note: (note or b"") + b"\x00"),
        ("hash", lambda digest: bytes([digest[0] ^ 1]) + digest[1:]),
    ],
)
def test_any_altered_column_of_any_event_breaks_it(at: int, column: str, alter: Callable[[Any], Any]) -> None:
    _, events = chain()
    setattr(events[at], column, alter(getattr(events[at], column)))

    assert not chain_is_intact(events)


@pytest.mark.parametrize("at", range(3))
def test_a_removed_event_breaks_it(at: int) -> None:
    _, events = chain()
    del events[at]

    assert not chain_is_intact(events)


def test_a_removed_end_shows_at_the_ticket_s_head() -> None:
    ticket, events = chain()
    del events[-1]

    assert chain_is_intact(events)
    assert events[-1].hash != ticket.event_hash


@pytest.mark.parametrize(("one", "other"), list(combinations(range(4), 2)))
def test_swapped_events_break_it(one: int, other: int) -> None:
    _, events = chain()
    events[one], events[other] = events[other], events[one]

    assert not chain_is_intact(events)


@pytest.mark.parametrize("at", range(4))
def test_a_repeated_event_breaks_it(at: int) -> None:
    _, events = chain()

    assert not chain_is_intact([*events[: at + 1], *events[at:]])


def test_events_of_another_ticket_do_not_go_on_with_it() -> None:
    _, ours = chain()
    _, theirs = chain(new_id())

    assert not chain_is_intact([*ours[:2], *theirs[2:]])


def test_two_tickets_with_the_same_story_have_different_chains() -> None:
    _, ours = chain()
    _, theirs = chain(new_id())

    assert not {event.hash for event in ours} & {event.hash for event in theirs}


def test_the_hash_is_of_the_instant_and_not_of_its_zone() -> None:
    """The database gives instants back in UTC, wherever they were written."""
    _, events = chain()
    for event in events:
        event.at = event.at.astimezone(timezone(timedelta(hours=3)))

    assert chain_is_intact(events)


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    """The database orders the keys of a JSON object in its own way."""
    _, events = chain()
    events[0].data = dict(reversed(events[0].data.items()))

    assert chain_is_intact(events)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    data=st.dictionaries(st.text(max_size=5), _JSON, max_size=3),
    other=st.dictionaries(st.text(max_size=5), _JSON, max_size=3),
    previous=st.binary(min_size=32, max_size=32),
)
def test_equal_content_has_one_hash_and_different_content_another(
    data: dict[str, Any], other: dict[str, Any], previous: bytes
) -> None:
    def digest(content: dict[str, Any], before: bytes = GENESIS) -> bytes:
        return event_hash(
            before, ticket_id=TICKET, seq=1, kind="comment", at=NOW, actor="desk", data=content, note=None
        )

    assert len(digest(data)) == 32
    assert digest(data) == digest(dict(reversed(data.items())))
    assert (digest(data) == digest(other)) == (repr_json(data) == repr_json(other))
    assert (digest(data, previous) == digest(data)) == (previous == GENESIS)


def repr_json(value: Any) -> Any:
    """Return `value` with the distinctions that JSON makes and Python does not (True and 1)."""
    if isinstance(value, dict):
        return {key: repr_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [repr_json(inner) for inner in value]
    return (type(value).__name__, value)


def test_a_written_event_keeps_its_own_copy_of_the_facts() -> None:
    facts = {"unit": "parks"}
    row = first_event(ticket_id=TICKET, at=NOW, actor="desk", data=facts)
    facts["unit"] = "roads"

    assert row["data"] == {"unit": "parks"}
    assert chain_is_intact([TicketEvent(**row)])


def test_a_history_begins_with_its_receipt() -> None:
    row = first_event(ticket_id=TICKET, at=NOW, actor="desk", data={})

    assert (row["seq"], row["kind"], row["note"]) == (1, "received", None)


def test_what_cannot_be_stored_as_json_is_not_hashed_either() -> None:
    with pytest.raises(TypeError):
        first_event(ticket_id=TICKET, at=NOW, actor="desk", data={"at": NOW})

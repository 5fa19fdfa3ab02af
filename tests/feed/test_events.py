"""Public types, ids and data of events."""

import json
import re

import pytest

from app.core.ids import new_id
from app.feed.documentation import EVENT_DOCS, example_of
from app.feed.events import TYPE_BY_KIND, EventType, FeedEvent, kinds_of, message_id, public_data
from app.tickets.history import EventKind
from app.tickets.workflow import Command
from tests.installation import START
from tests.tables import failing


def test_every_kind_has_a_type_of_its_own() -> None:
    assert set(TYPE_BY_KIND) == {*EventKind, *Command}
    assert len(set(TYPE_BY_KIND.values())) == len(TYPE_BY_KIND)
    assert set(EventType) - set(TYPE_BY_KIND.values()) == {EventType.CHANGED}


def test_an_unknown_kind_is_published_as_a_change() -> None:
    event = FeedEvent(1, new_id(), "2600012349", 3, "a_kind_of_next_year", START, {}, b"")
    assert event.type is EventType.CHANGED


def test_types_map_back_to_kinds() -> None:
    assert kinds_of([EventType.RESOLVED, EventType.BREACHED]) == (["breached", "resolve"], False)
    assert kinds_of([EventType.CHANGED]) == ([], True)


def test_a_type_is_documented_with_a_standard_body() -> None:
    def check(type_: EventType) -> None:
        body = example_of(type_)
        assert re.fullmatch(r"[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*", body["type"])
        assert len(json.dumps(body)) < 20_000
        assert body["data"]["type"] == type_
        assert body["data"]["data"] == EVENT_DOCS[type_].data, "the example has members that are not published"

    assert failing(EventType, check) == []


@pytest.mark.parametrize(
    "data",
    [
        {"forwarded_to": "ISKI"},
        {"note": "evt"},
        {"name": "Ornek"},
        {"unit": "Örnek Vatandaş"},
        {"reason": "two words"},
        {"documents": ["petition", "Örnek belge"]},
        {"moved": [{"clock": "promise", "by": "somebody"}]},
        {"amount": "125.50"},
        {"office": "Halkla İlişkiler"},
    ],
)
def test_words_and_unknown_members_are_not_published(data: dict[str, object]) -> None:
    assert public_data(data) == {}


def test_codes_numbers_and_instants_are_published() -> None:
    data = {
        "from": "received",
        "to": "referred",
        "attempt": 1,
        "reached": True,
        "due_at": "2026-05-27T20:59:59.999999+00:00",
        "moved": [{"clock": "promise", "from": "2026-05-27T20:59:59+00:00", "to": "2026-06-01T20:59:59+00:00"}],
    }
    assert public_data(data) == data


def test_an_id_is_stable_and_differs_by_event_and_receiver() -> None:
    subscription, other = new_id(), new_id()
    of = ((subscription, b"1"), (subscription, b"2"), (other, b"1"))
    ids = [message_id(*one) for one in of]
    assert ids == [message_id(*one) for one in of]
    assert len(set(ids)) == 3
    assert all(re.fullmatch(r"msg_[0-9a-f]{32}", one) for one in ids)

"""Documentation of every type of event: its meaning and an example for the API docs."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from app.feed.cursor import FeedCursor
from app.feed.events import TEST_TYPE, TYPE_BY_KIND, EventType, FeedEvent, utc_text


class EventDoc(NamedTuple):
    """The meaning of a type, and the number and data of its example."""

    summary: str
    seq: int
    data: Mapping[str, object]


_T = EventType
_NEW_DUE: Mapping[str, object] = {
    "moved": [{"clock": "promise", "from": "2026-05-27T20:59:59+00:00", "to": "2026-06-01T20:59:59+00:00"}]
}
_RECEIVED: Mapping[str, object] = {
    "channel": "mobile",
    "service": "solution-desk",
    "state": "received",
    "occurred_at": "2026-05-12T07:00:00+00:00",
}


def _from(state: str, to: str, **more: object) -> Mapping[str, object]:
    return {"from": state, "to": to, **more}


EVENT_DOCS: Mapping[EventType, EventDoc] = MappingProxyType(
    {
        _T.RECEIVED: EventDoc("A request became a ticket", 1, _RECEIVED),
        _T.REGISTERED: EventDoc("The desk registered it", 2, _from("received", "registered")),
        _T.REFERRED: EventDoc("Referred to a directorate", 2, _from("received", "referred", unit="public-works")),
        _T.ACCEPTED: EventDoc("The directorate accepted it", 3, _from("referred", "in_progress")),
        _T.RETURNED: EventDoc(
            "The directorate returned it", 3, _from("referred", "returned", from_unit="public-works")
        ),
        _T.DOCUMENTS_REQUESTED: EventDoc(
            "Documents of the published table are missing",
            2,
            _from("received", "awaiting_documents", documents=["power_of_attorney"]),
        ),
        _T.DOCUMENTS_PROVIDED: EventDoc(
            "Documents were provided",
            3,
            _from("awaiting_documents", "registered", documents=["power_of_attorney"], complete=True),
        ),
        _T.PAUSED: EventDoc(
            "The work was paused", 4, _from("in_progress", "awaiting_citizen", reason="awaiting_citizen")
        ),
        _T.RESUMED: EventDoc(
            "The work was resumed, with new due dates", 5, _from("awaiting_citizen", "in_progress", **_NEW_DUE)
        ),
        _T.INTERIM_REPLIED: EventDoc("The citizen got an interim reply", 4, _from("in_progress", "in_progress")),
        _T.ANSWER_PROPOSED: EventDoc(
            "A draft answer waits for approval",
            4,
            _from("in_progress", "pending_approval", outcome="positive"),
        ),
        _T.ANSWER_REJECTED: EventDoc("The draft was not approved", 5, _from("pending_approval", "in_progress")),
        _T.RESOLVED: EventDoc(
            "Answered; a refusal also has its `remedy`",
            6,
            _from("in_progress", "resolved", outcome="positive"),
        ),
        _T.CALLBACK_ATTEMPTED: EventDoc(
            "The citizen was called back",
            7,
            _from("resolved", "closed", attempt=1, reached=True, score=5),
        ),
        _T.CLOSED: EventDoc("The ticket was closed", 7, _from("resolved", "closed")),
        _T.REOPENED: EventDoc("The ticket was reopened, and new limits run", 8, _from("closed", "reopened", cycle=2)),
        _T.RECLASSIFIED: EventDoc(
            "It belongs to another service",
            2,
            _from("received", "received", service="right-to-information", from_service="solution-desk", **_NEW_DUE),
        ),
        _T.EXTENDED: EventDoc(
            "The limit of law was extended",
            5,
            _from("in_progress", "in_progress", ground="other_institution", **_NEW_DUE),
        ),
        _T.FEE_REQUESTED: EventDoc(
            "A fee of access has to be paid",
            5,
            _from("in_progress", "awaiting_fee", pay_by="2026-06-10T20:59:59+00:00"),
        ),
        _T.FEE_PAID: EventDoc(
            "The fee was paid",
            6,
            _from("awaiting_fee", "in_progress", paid_at="2026-05-20T07:00:00+00:00", **_NEW_DUE),
        ),
        _T.IMPORTED: EventDoc(
            "An answered record of an old system was imported; its earlier history causes no events",
            4,
            {"channel": "bimer", "unit": "public-works"},
        ),
        _T.FEE_LAPSED: EventDoc(
            "The fee was not paid, so the request counts as withdrawn", 6, _from("awaiting_fee", "withdrawn")
        ),
        _T.DUE_MOVED: EventDoc(
            "The due date changed with the calendar or the catalogue",
            4,
            {"cause": "calendar", **_NEW_DUE},
        ),
        _T.DUE_OVERRIDDEN: EventDoc("A user set the due date", 4, _from("in_progress", "in_progress", **_NEW_DUE)),
        _T.WITHDRAWN: EventDoc("The applicant withdrew it", 3, _from("registered", "withdrawn")),
        _T.DUPLICATE_LINKED: EventDoc(
            "The same matter is another ticket",
            2,
            _from("received", "closed", duplicate_of="2600012349"),
        ),
        _T.COMMENTED: EventDoc(
            "An internal note was added; its words are not published", 4, _from("in_progress", "in_progress")
        ),
        _T.BREACHED: EventDoc("A limit has passed", 4, {"clock": "promise", "due_at": "2026-05-27T20:59:59+00:00"}),
        _T.ESCALATED: EventDoc(
            "An application office was notified; a citizen's complaint also has its `ground`",
            5,
            {"level": 1, "legal_risk": False},
        ),
        _T.ESCALATION_ACKNOWLEDGED: EventDoc(
            "The office acknowledged it; a notice also has `notice`", 6, {"level": 1, "cycle": 1}
        ),
        _T.ESCALATION_ANSWERED: EventDoc(
            "The office answered; its words are not published", 7, {"level": 1, "cycle": 1}
        ),
        _T.CHANGED: EventDoc("An event that this list does not name yet", 9, {}),
    }
)


def example_of(type_: EventType) -> dict[str, Any]:
    """Return the body of a webhook of that type."""
    doc = EVENT_DOCS[type_]
    kind = next((kind for kind, type_of_kind in TYPE_BY_KIND.items() if type_of_kind is type_), "")
    at = datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
    ticket_id, digest = UUID("01a0c3de-0000-7000-8000-000000000000"), hashlib.sha256(type_.encode()).digest()
    event = FeedEvent(41, ticket_id, "2600012349", doc.seq, kind, at, doc.data, digest)
    cursor = FeedCursor("6f1c2a90", event.position).encode()
    return {"type": type_.value, "timestamp": utc_text(at), "data": event.to_json(cursor)}


def example_of_test() -> dict[str, Any]:
    """Return the body of a test message."""
    subscription = {"subscription": "01a0c3de-0000-7000-8000-000000000001"}
    return {"type": TEST_TYPE, "timestamp": "2026-05-12T07:30:00Z", "data": subscription}

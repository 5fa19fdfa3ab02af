"""What each type of event means and looks like, for the API docs."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.feed.cursor import FeedCursor
from app.feed.events import TEST_TYPE, TYPE_OF, EventType, FeedEvent, utc_text

_T = EventType
_NEW_DUE = {"moved": [{"clock": "promise", "from": "2026-05-27T20:59:59+00:00", "to": "2026-06-01T20:59:59+00:00"}]}
_FIRST = {
    "channel": "mobile",
    "service": "solution-desk",
    "state": "received",
    "occurred_at": "2026-05-12T07:00:00+00:00",
}


def _from(state: str, to: str, **more: Any) -> dict[str, Any]:
    return {"from": state, "to": to, **more}


DOCUMENTED: Mapping[EventType, tuple[str, int, dict[str, Any]]] = MappingProxyType(
    {
        _T.RECEIVED: ("A request became a ticket", 1, _FIRST),
        _T.REGISTERED: ("The desk keeps it", 2, _from("received", "registered")),
        _T.REFERRED: ("Sent to a directorate", 2, _from("received", "referred", unit="public-works")),
        _T.ACCEPTED: ("The directorate works on it", 3, _from("referred", "in_progress")),
        _T.RETURNED: ("The directorate gave it back", 3, _from("referred", "returned", from_unit="public-works")),
        _T.DOCUMENTS_REQUESTED: (
            "Documents of the published list are missing",
            2,
            _from("received", "awaiting_documents", documents=["power_of_attorney"]),
        ),
        _T.DOCUMENTS_PROVIDED: (
            "Documents came",
            3,
            _from("awaiting_documents", "registered", documents=["power_of_attorney"], complete=True),
        ),
        _T.PAUSED: ("Work has to wait", 4, _from("in_progress", "awaiting_citizen", reason="awaiting_citizen")),
        _T.RESUMED: ("Work goes on, with new due dates", 5, _from("awaiting_citizen", "in_progress", **_NEW_DUE)),
        _T.INTERIM_REPLIED: ("Interim reply to the citizen", 4, _from("in_progress", "in_progress")),
        _T.ANSWER_PROPOSED: (
            "A draft answer waits for approval",
            4,
            _from("in_progress", "pending_approval", outcome="positive"),
        ),
        _T.ANSWER_REJECTED: ("The draft was not approved", 5, _from("pending_approval", "in_progress")),
        _T.RESOLVED: (
            "Answered; a refusal also has its `remedy`",
            6,
            _from("in_progress", "resolved", outcome="positive"),
        ),
        _T.CALLBACK_ATTEMPTED: (
            "The citizen was called back",
            7,
            _from("resolved", "closed", attempt=1, reached=True, score=5),
        ),
        _T.CLOSED: ("Nothing is owed any more", 7, _from("resolved", "closed")),
        _T.REOPENED: ("Not settled after all: new limits run", 8, _from("closed", "reopened", cycle=2)),
        _T.RECLASSIFIED: (
            "It belongs to another service",
            2,
            _from("received", "received", service="right-to-information", from_service="solution-desk", **_NEW_DUE),
        ),
        _T.EXTENDED: (
            "The longer limit of the law was taken",
            5,
            _from("in_progress", "in_progress", ground="other_institution", **_NEW_DUE),
        ),
        _T.FEE_REQUESTED: (
            "A fee of access has to be paid",
            5,
            _from("in_progress", "awaiting_fee", pay_by="2026-06-10T20:59:59+00:00"),
        ),
        _T.FEE_PAID: (
            "The fee was paid",
            6,
            _from("awaiting_fee", "in_progress", paid_at="2026-05-20T07:00:00+00:00", **_NEW_DUE),
        ),
        _T.IMPORTED: (
            "A record that an old system had answered was taken over; what it says of then is no news and not told",
            4,
            {"channel": "bimer", "unit": "public-works"},
        ),
        _T.FEE_LAPSED: ("The fee was not paid: it counts as withdrawn", 6, _from("awaiting_fee", "withdrawn")),
        _T.DUE_MOVED: (
            "The calendar or the catalogue changed, and with it the due date",
            4,
            {"cause": "calendar", **_NEW_DUE},
        ),
        _T.DUE_OVERRIDDEN: ("A person set the due date", 4, _from("in_progress", "in_progress", **_NEW_DUE)),
        _T.WITHDRAWN: ("The applicant gave it up", 3, _from("registered", "withdrawn")),
        _T.DUPLICATE_LINKED: (
            "The same matter is another ticket",
            2,
            _from("received", "closed", duplicate_of="2600012349"),
        ),
        _T.COMMENTED: ("A note was written beside it; the words stay inside", 4, _from("in_progress", "in_progress")),
        _T.BREACHED: ("A limit has passed", 4, {"clock": "promise", "due_at": "2026-05-27T20:59:59+00:00"}),
        _T.ESCALATED: (
            "An application office was told; a citizen's complaint also has its `ground`",
            5,
            {"level": 1, "legal_risk": False},
        ),
        _T.ESCALATION_ACKNOWLEDGED: ("The office took note; of a notice: `notice`", 6, {"level": 1, "cycle": 1}),
        _T.ESCALATION_ANSWERED: ("The office answered; the words stay inside", 7, {"level": 1, "cycle": 1}),
        _T.CHANGED: ("Something that this list has no name for yet", 9, {}),
    }
)
"""Type → what it says, and the number and data of an example."""


def example_of(type_: EventType) -> dict[str, Any]:
    """The body of a webhook of that type."""
    _, seq, data = DOCUMENTED[type_]
    kind = next((kind for kind, told in TYPE_OF.items() if told is type_), "")
    at = datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
    ticket_id, digest = UUID("01a0c3de-0000-7000-8000-000000000000"), hashlib.sha256(type_.encode()).digest()
    event = FeedEvent(41, ticket_id, "2600012349", seq, kind, at, data, digest)
    cursor = FeedCursor("6f1c2a90", event.position).encode()
    return {"type": type_.value, "timestamp": utc_text(at), "data": event.to_json(cursor)}


def example_of_test() -> dict[str, Any]:
    """The body of a test message."""
    subscription = {"subscription": "01a0c3de-0000-7000-8000-000000000001"}
    return {"type": TEST_TYPE, "timestamp": "2026-05-12T07:30:00Z", "data": subscription}

"""Events as other systems see them: a type of a closed list, an id that never changes, only codes and instants."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypedDict
from uuid import UUID

from app.tickets.history import EventKind
from app.tickets.workflow import Command


class EventType(StrEnum):
    """The types of events; the list may grow, but no type changes its meaning.

    `ticket.changed` stands for kinds of events that a later version records and this list does not name.
    """

    RECEIVED = "ticket.received"
    IMPORTED = "ticket.imported"
    REGISTERED = "ticket.registered"
    REFERRED = "ticket.referred"
    ACCEPTED = "ticket.accepted"
    RETURNED = "ticket.returned"
    DOCUMENTS_REQUESTED = "ticket.documents_requested"
    DOCUMENTS_PROVIDED = "ticket.documents_provided"
    PAUSED = "ticket.paused"
    RESUMED = "ticket.resumed"
    INTERIM_REPLIED = "ticket.interim_replied"
    ANSWER_PROPOSED = "ticket.answer_proposed"
    ANSWER_REJECTED = "ticket.answer_rejected"
    RESOLVED = "ticket.resolved"
    CALLBACK_ATTEMPTED = "ticket.callback_attempted"
    CLOSED = "ticket.closed"
    REOPENED = "ticket.reopened"
    RECLASSIFIED = "ticket.reclassified"
    EXTENDED = "ticket.extended"
    FEE_REQUESTED = "ticket.fee_requested"
    FEE_PAID = "ticket.fee_paid"
    FEE_LAPSED = "ticket.fee_lapsed"
    DUE_MOVED = "ticket.due_moved"
    DUE_OVERRIDDEN = "ticket.due_overridden"
    WITHDRAWN = "ticket.withdrawn"
    DUPLICATE_LINKED = "ticket.duplicate_linked"
    COMMENTED = "ticket.commented"
    BREACHED = "ticket.breached"
    ESCALATED = "ticket.escalated"
    ESCALATION_ACKNOWLEDGED = "ticket.escalation_acknowledged"
    ESCALATION_ANSWERED = "ticket.escalation_answered"
    CHANGED = "ticket.changed"


TEST_TYPE: Final = "webhook.test"
"""The type of a test message, which belongs to no ticket."""

TYPE_BY_KIND: Mapping[str, EventType] = MappingProxyType(
    {
        EventKind.RECEIVED: EventType.RECEIVED,
        EventKind.IMPORTED: EventType.IMPORTED,
        EventKind.BREACHED: EventType.BREACHED,
        EventKind.ESCALATED: EventType.ESCALATED,
        EventKind.ESCALATION_ACKNOWLEDGED: EventType.ESCALATION_ACKNOWLEDGED,
        EventKind.ESCALATION_ANSWERED: EventType.ESCALATION_ANSWERED,
        EventKind.FEE_LAPSED: EventType.FEE_LAPSED,
        EventKind.DUE_MOVED: EventType.DUE_MOVED,
        Command.REGISTER: EventType.REGISTERED,
        Command.REFER: EventType.REFERRED,
        Command.ACCEPT: EventType.ACCEPTED,
        Command.RETURN: EventType.RETURNED,
        Command.REQUEST_DOCUMENTS: EventType.DOCUMENTS_REQUESTED,
        Command.PROVIDE_DOCUMENTS: EventType.DOCUMENTS_PROVIDED,
        Command.PAUSE: EventType.PAUSED,
        Command.RESUME: EventType.RESUMED,
        Command.INTERIM_REPLY: EventType.INTERIM_REPLIED,
        Command.PROPOSE: EventType.ANSWER_PROPOSED,
        Command.REJECT: EventType.ANSWER_REJECTED,
        Command.RESOLVE: EventType.RESOLVED,
        Command.CALLBACK: EventType.CALLBACK_ATTEMPTED,
        Command.CLOSE: EventType.CLOSED,
        Command.REOPEN: EventType.REOPENED,
        Command.RECLASSIFY: EventType.RECLASSIFIED,
        Command.EXTEND: EventType.EXTENDED,
        Command.FEE_NOTICE: EventType.FEE_REQUESTED,
        Command.FEE_PAID: EventType.FEE_PAID,
        Command.OVERRIDE_DUE: EventType.DUE_OVERRIDDEN,
        Command.WITHDRAW: EventType.WITHDRAWN,
        Command.LINK_DUPLICATE: EventType.DUPLICATE_LINKED,
        Command.COMMENT: EventType.COMMENTED,
    }
)
"""Kind of an event in the ticket's history → its public type."""

PUBLIC_FIELDS: Final = frozenset(
    {
        *("channel", "cause", "service", "from_service", "state", "from", "to", "unit", "from_unit", "cycle", "level"),
        *("occurred_at", "reason", "ground", "documents", "complete", "outcome", "remedy", "duplicate_of", "notice"),
        *("attempt", "reached", "score", "due_at", "pay_by", "paid_at", "moved", "clock", "legal_risk"),
    }
)
"""The members of an event's data that are published; all others stay internal."""

_CODE = re.compile(r"[A-Za-z0-9._:+-]{1,60}")


class EventJson(TypedDict):
    """The JSON of an event, as `FeedEventOut` describes it."""

    id: str
    type: str
    at: str
    ticket: str
    seq: int
    data: dict[str, object]
    cursor: str


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event of the feed; `position` is its place among the events of all tickets.

    Its id comes from `hash`, which covers the event and all earlier events of the ticket. An event that replaces a lost
    one after a restore therefore has another id.
    """

    position: int
    ticket_id: UUID
    ticket: str
    seq: int
    kind: str
    at: datetime
    data: Mapping[str, object]
    hash: bytes

    @property
    def id(self) -> str:
        """Return the event's id, the same in every response and message."""
        return f"evt_{self.hash.hex()[:32]}"

    @property
    def type(self) -> EventType:
        """Return the event's public type."""
        return TYPE_BY_KIND.get(self.kind, EventType.CHANGED)

    def to_json(self, cursor: str) -> EventJson:
        """Return the event as the feed and the webhooks contain it; `cursor` continues after it."""
        return {
            "id": self.id,
            "type": self.type.value,
            "at": utc_text(self.at),
            "ticket": self.ticket,
            "seq": self.seq,
            "data": public_data(self.data),
            "cursor": cursor,
        }


def public_data(data: Mapping[str, object]) -> dict[str, object]:
    """Return the members of an event's data that are published and have codes, numbers or instants as values."""
    return {name: value for name, value in data.items() if name in PUBLIC_FIELDS and _is_plain(value)}


def message_id(subscription_id: UUID, event_hash: bytes) -> str:
    """Return the `webhook-id` of an event for a subscription; it is the same at every attempt."""
    return f"msg_{hashlib.sha256(subscription_id.bytes + event_hash).hexdigest()[:32]}"


def utc_text(at: datetime) -> str:
    """Return the instant as ISO 8601 in UTC with `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def kinds_of(types: Iterable[EventType]) -> tuple[list[str], bool]:
    """Return the kinds of events with one of `types`, and whether `types` contains `ticket.changed`."""
    wanted = frozenset(types)
    return [kind for kind, type_ in TYPE_BY_KIND.items() if type_ in wanted], EventType.CHANGED in wanted


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(name in PUBLIC_FIELDS and _is_plain(one) for name, one in value.items())
    return value is None or isinstance(value, bool | int)

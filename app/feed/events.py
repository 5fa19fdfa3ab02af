"""What the feed tells of an event: a type of a closed list, ids that never change, and codes and instants only."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from app.tickets.history import EventKind
from app.tickets.workflow import Command


class EventType(StrEnum):
    """What a receiver may be told of; the list may grow, no name in it changes its meaning.

    `ticket.changed` is whatever a later version records and this list has no name for.
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
"""What a subscription gets when somebody asks for a test; it is no event of a ticket."""

TYPE_OF: Mapping[str, EventType] = MappingProxyType(
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
"""Kind of event, as the history keeps it → type, as others are told."""

SHOWN: Final = frozenset(
    {
        *("channel", "cause", "service", "from_service", "state", "from", "to", "unit", "from_unit", "cycle", "level"),
        *("occurred_at", "reason", "ground", "documents", "complete", "outcome", "remedy", "duplicate_of", "notice"),
        *("attempt", "reached", "score", "due_at", "pay_by", "paid_at", "moved", "clock", "legal_risk"),
    }
)
"""The members of an event's data that leave the container; whatever else a version records there stays in it."""

_CODE = re.compile(r"[A-Za-z0-9._:+-]{1,60}")


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event as the feed has it; `position` is its place among the events of all tickets.

    Its ids are made of `hash`, which covers all that it says and all that came before it to the ticket: after an older
    backup was restored, what takes the place of a lost event is not taken for it.
    """

    position: int
    ticket_id: UUID
    ticket: str
    seq: int
    kind: str
    at: datetime
    data: Mapping[str, Any]
    hash: bytes

    @property
    def id(self) -> str:
        """The event's id, the same wherever and however often it is told."""
        return f"evt_{self.hash.hex()[:32]}"

    @property
    def type(self) -> EventType:
        """The type under which it is told."""
        return TYPE_OF.get(self.kind, EventType.CHANGED)

    def to_json(self, cursor: str) -> dict[str, Any]:
        """The event as the feed answers it and as a webhook carries it."""
        return {
            "id": self.id,
            "type": self.type.value,
            "at": utc_text(self.at),
            "ticket": self.ticket,
            "seq": self.seq,
            "data": public_data(self.data),
            "cursor": cursor,
        }


def public_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Of an event's data what may leave the container: known members whose values are codes, numbers or instants."""
    return {name: value for name, value in data.items() if name in SHOWN and _is_plain(value)}


def message_id(subscription_id: UUID, event_hash: bytes) -> str:
    """What a receiver knows an event by (`webhook-id`): the same at every attempt, whatever happened in between."""
    return f"msg_{hashlib.sha256(subscription_id.bytes + event_hash).hexdigest()[:32]}"


def utc_text(at: datetime) -> str:
    """An instant as the API writes it: ISO 8601, UTC, `Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def kinds_of(types: Iterable[EventType]) -> tuple[list[str], bool]:
    """The kinds that are told as one of `types`, and whether those without a name of their own are wanted too."""
    wanted = frozenset(types)
    return [kind for kind, told in TYPE_OF.items() if told in wanted], EventType.CHANGED in wanted


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(name in SHOWN and _is_plain(one) for name, one in value.items())
    return value is None or isinstance(value, bool | int)

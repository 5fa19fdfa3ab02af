"""The history of a ticket: an append-only chain of events, each linked to the previous one by its hash.

The chain can be recomputed from the events; a missing, altered or reordered event breaks it. Personal data are in
`note` only, as ciphertext. The hash covers the ciphertext, so the chain can be verified after an erasure of keys.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NotRequired, Protocol, TypedDict, Unpack
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.people.vault import Vault
from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command

GENESIS = bytes(32)
"""The previous hash of the first event."""

_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode

SYSTEM_ACTOR = "system"
"""The actor of events that no person caused, such as the passing of a limit."""


class EventKind(StrEnum):
    """The kinds of events beside the commands; each `Command` is an event kind as well."""

    RECEIVED = "received"
    IMPORTED = "imported"
    BREACHED = "breached"
    ESCALATED = "escalated"
    ESCALATION_ACKNOWLEDGED = "escalation_acknowledged"
    ESCALATION_ANSWERED = "escalation_answered"
    FEE_LAPSED = "fee_lapsed"
    DUE_MOVED = "due_moved"


EVENT_LABELS: Mapping[str, str] = MappingProxyType(
    {
        EventKind.RECEIVED: "Başvuru alındı",
        EventKind.IMPORTED: "Geçmiş kayıt olarak aktarıldı",
        EventKind.BREACHED: "Süre doldu",
        EventKind.ESCALATED: "Müracaat yerine bildirildi",
        EventKind.ESCALATION_ACKNOWLEDGED: "Bildirim görüldü",
        EventKind.ESCALATION_ANSWERED: "Müracaat yeri bildirimi cevapladı",
        EventKind.FEE_LAPSED: "Ücret süresinde ödenmedi",
        EventKind.DUE_MOVED: "Son tarih yeniden hesaplandı",
        Command.REGISTER: "Başvuru kaydedildi",
        Command.REFER: "Birime sevk edildi",
        Command.ACCEPT: "Birim işleme aldı",
        Command.RETURN: "Birim iade etti",
        Command.REQUEST_DOCUMENTS: "Eksik belge istendi",
        Command.PROVIDE_DOCUMENTS: "Belge teslim alındı",
        Command.PAUSE: "Beklemeye alındı",
        Command.RESUME: "İşleme devam edildi",
        Command.INTERIM_REPLY: "Ara cevap verildi",
        Command.PROPOSE: "Cevap onaya sunuldu",
        Command.REJECT: "Cevap onaylanmadı",
        Command.RESOLVE: "Sonuçlandırıldı",
        Command.CALLBACK: "Geri dönüş yapıldı",
        Command.CLOSE: "Kapatıldı",
        Command.REOPEN: "Yeniden açıldı",
        Command.RECLASSIFY: "Hizmet türü değiştirildi",
        Command.EXTEND: "Yasal süre uzatıldı",
        Command.FEE_NOTICE: "Ücret bildirildi",
        Command.FEE_PAID: "Ücret ödendi",
        Command.OVERRIDE_DUE: "Son tarih elle belirlendi",
        Command.WITHDRAW: "Vazgeçildi",
        Command.LINK_DUPLICATE: "Mükerrer kayıtla birleştirildi",
        Command.COMMENT: "Not eklendi",
    }
)
"""Kind of event → the label that offices read."""


class EventContent(TypedDict):
    """The columns of an event that its hash covers."""

    ticket_id: UUID
    seq: int
    kind: str
    at: datetime
    actor: str
    data: dict[str, Any]
    note: bytes | None


class EventRow(EventContent):
    """An event as a row of `ticket_event`."""

    hash: bytes


def event_hash(previous: bytes, **content: Unpack[EventContent]) -> bytes:
    """Return the SHA-256 of the previous hash and the event as canonical JSON (sorted keys, UTC instants, hex note)."""
    note = content["note"]
    canonical = _canonical(
        [
            str(content["ticket_id"]),
            content["seq"],
            content["kind"],
            content["at"].astimezone(UTC).isoformat(),
            content["actor"],
            content["data"],
            None if note is None else note.hex(),
        ]
    )
    return hashlib.sha256(previous + canonical.encode()).digest()


def first_event(*, ticket_id: UUID, at: datetime, actor: str, data: Mapping[str, Any]) -> EventRow:
    """Return the row of a new ticket's `received` event."""
    return _linked(
        GENESIS,
        ticket_id=ticket_id,
        seq=1,
        kind=EventKind.RECEIVED.value,
        at=at,
        actor=actor,
        data=dict(data),
        note=None,
    )


class ChainHead(Protocol):
    """The head of a ticket's chain, and the last action of a person; `Ticket` has all of these attributes."""

    id: UUID
    event_seq: int
    event_hash: bytes
    last_action: str
    last_action_at: datetime


@dataclass(slots=True)
class DetachedHead:
    """A `ChainHead` without its `Ticket`, for code that makes rows."""

    id: UUID
    event_seq: int
    event_hash: bytes
    last_action: str
    last_action_at: datetime


class NewEvent(TypedDict):
    """The arguments of `next_event` beside the ticket."""

    kind: EventKind | Command
    at: datetime
    actor: str
    data: Mapping[str, Any]
    note: NotRequired[bytes | None]


def next_event(ticket: Ticket | ChainHead, **event: Unpack[NewEvent]) -> EventRow:
    """Advance the head of the ticket's chain and return the row of the next event.

    The caller inserts the row in the transaction of the change.
    """
    row = _linked(
        ticket.event_hash,
        ticket_id=ticket.id,
        seq=ticket.event_seq + 1,
        kind=event["kind"].value,
        at=event["at"],
        actor=event["actor"],
        data=dict(event["data"]),
        note=event.get("note"),
    )
    ticket.event_seq, ticket.event_hash = row["seq"], row["hash"]
    if row["actor"] != SYSTEM_ACTOR:
        ticket.last_action, ticket.last_action_at = row["kind"], row["at"]
    return row


def seal_note(vault: Vault, text: str, *, ticket_id: UUID, seq: int) -> bytes:
    """Return the text of an event's note, sealed to that event."""
    return vault.seal(text, table="ticket_event", column=f"note:{seq}", row_id=ticket_id)


def open_note(vault: Vault, note: bytes, *, ticket_id: UUID, seq: int) -> str:
    """Return the text of a stored note; raises VaultError if the present keys do not open it."""
    return vault.open(note, table="ticket_event", column=f"note:{seq}", row_id=ticket_id)


def append_event(session: AsyncSession, ticket: Ticket, **event: Unpack[NewEvent]) -> None:
    """Add the ticket's `next_event` to the session."""
    session.add(TicketEvent(**next_event(ticket, **event)))


def chain_is_intact(events: Iterable[TicketEvent]) -> bool:
    """Return whether the events, in order, are the unbroken history of one ticket from its first event."""
    previous, expected_seq = GENESIS, 1
    for event in events:
        digest = event_hash(
            previous,
            ticket_id=event.ticket_id,
            seq=event.seq,
            kind=event.kind,
            at=event.at,
            actor=event.actor,
            data=event.data,
            note=event.note,
        )
        if event.seq != expected_seq or event.hash != digest:
            return False
        previous, expected_seq = digest, expected_seq + 1
    return True


def history_is_complete(ticket: Ticket | ChainHead, events: Sequence[TicketEvent]) -> bool:
    """Return whether the chain of the events is intact and contains the ticket's head.

    Events after the head are allowed: the ticket may have been read shortly before them.
    """
    at_head = events[ticket.event_seq - 1 : ticket.event_seq]
    return bool(at_head) and at_head[0].hash == ticket.event_hash and chain_is_intact(events)


def _linked(previous: bytes, **content: Unpack[EventContent]) -> EventRow:
    return {**content, "hash": event_hash(previous, **content)}

"""The history of a ticket: an append-only chain of events, each sealed to the one before by its hash.

Whoever holds the events can recompute the chain; a missing, altered or reordered event breaks it. Personal data stand
only in `note` as ciphertext, and the hash covers the ciphertext, so the chain can be verified after an erasure of keys.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.tickets.model import Ticket, TicketEvent
from app.tickets.workflow import Command

GENESIS = bytes(32)
"""What the first event's hash is chained to."""

_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode

SYSTEM_ACTOR = "system"
"""Who acts when a limit passes."""


class EventKind(StrEnum):
    """What can happen to a ticket beside the commands of the workflow, which are event kinds by their own names."""

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
"""What offices read of each kind of event."""


def event_hash(
    previous: bytes,
    *,
    ticket_id: UUID,
    seq: int,
    kind: str,
    at: datetime,
    actor: str,
    data: Mapping[str, Any],
    note: bytes | None,
) -> bytes:
    """SHA-256 over the previous hash and the canonical JSON of the event (sorted keys, UTC instants, note in hex)."""
    canonical = _canonical(
        [
            str(ticket_id),
            seq,
            kind,
            at.astimezone(UTC).isoformat(),
            actor,
            data,
            None if note is None else note.hex(),
        ]
    )
    return hashlib.sha256(previous + canonical.encode()).digest()


def first_event(*, ticket_id: UUID, at: datetime, actor: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a new ticket's `received` event."""
    return _row(GENESIS, ticket_id=ticket_id, seq=1, kind=EventKind.RECEIVED, at=at, actor=actor, data=data, note=None)


class ChainHead(Protocol):
    """The head of a ticket's chain, and the last thing that a person (not a limit) did: a ticket has them all."""

    id: UUID
    event_seq: int
    event_hash: bytes
    last_action: str
    last_action_at: datetime


@dataclass(slots=True)
class LooseHead:
    """A `ChainHead` by itself, where rows are made and no ticket is at hand."""

    id: UUID
    event_seq: int
    event_hash: bytes
    last_action: str
    last_action_at: datetime


def next_event(
    ticket: Ticket | ChainHead,
    *,
    kind: EventKind | Command,
    at: datetime,
    actor: str,
    data: Mapping[str, Any],
    note: bytes | None = None,
) -> dict[str, Any]:
    """Move the head of `ticket`'s chain on by one event and return the event's row, to be inserted with the change."""
    row = _row(
        ticket.event_hash,
        ticket_id=ticket.id,
        seq=ticket.event_seq + 1,
        kind=kind,
        at=at,
        actor=actor,
        data=data,
        note=note,
    )
    ticket.event_seq, ticket.event_hash = row["seq"], row["hash"]
    if actor != SYSTEM_ACTOR:
        ticket.last_action, ticket.last_action_at = row["kind"], at
    return row


def append_event(session: AsyncSession, ticket: Ticket, **event: Any) -> None:
    """Append one event in the session; takes what `next_event` takes."""
    session.add(TicketEvent(**next_event(ticket, **event)))


def chain_holds(events: Iterable[TicketEvent]) -> bool:
    """Whether the events, in order, are the unbroken history of one ticket from its first."""
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


def is_whole(ticket: Ticket | ChainHead, events: Sequence[TicketEvent]) -> bool:
    """Whether the events are all that happened to `ticket`: the chain holds, and its head is among them.

    Events after the head are fine: the ticket may have been read a moment before them.
    """
    at_head = events[ticket.event_seq - 1 : ticket.event_seq]
    return bool(at_head) and at_head[0].hash == ticket.event_hash and chain_holds(events)


def _row(
    previous: bytes,
    *,
    ticket_id: UUID,
    seq: int,
    kind: str,
    at: datetime,
    actor: str,
    data: Mapping[str, Any],
    note: bytes | None,
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "ticket_id": ticket_id,
        "seq": seq,
        "kind": str(kind),
        "at": at,
        "actor": actor,
        "data": dict(data),
        "note": note,
    }
    return {**content, "hash": event_hash(previous, **content)}

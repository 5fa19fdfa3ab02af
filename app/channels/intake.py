"""The one way in: every channel's request becomes one ticket here, once, in one transaction.

Requests that arrive together share a commit (`core/batching.py`). Uniqueness is the database's: of rows that meet the
same `(channel, external id)` or `(client, Idempotency-Key)` one is stored, and all the others get its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.channels.model import InboundMessage
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.db import (
    RETRY_AFTER_SECONDS,
    Base,
    ChildRows,
    Database,
    insert_with_children,
    is_unavailable,
    next_values,
)
from app.core.errors import AlreadyReceived, EstimError, KeyReused, Unavailable
from app.core.ids import new_id
from app.core.jobs import enqueue
from app.notices.model import Notice
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import RulebookCache
from app.tickets.creation.prepare import NewTicket, prepare
from app.tickets.creation.rows import TicketRows, build_rows
from app.tickets.model import TICKET_SEQUENCE, Ticket, TicketDocument, TicketEvent
from app.tickets.request import Intake


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as a channel sent it, kept sealed beside its ticket; `door` names the format that reads it."""

    door: str
    body: bytes


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The answer to a request: the stored receipt, and whether the ticket had been there before."""

    receipt: dict[str, Any]
    replayed: bool


@dataclass(frozen=True, slots=True)
class PendingIntake:
    new_ticket: NewTicket
    message: dict[str, Any] | None


class IntakeService:
    """Takes intakes; `close()` waits until everything accepted is stored."""

    def __init__(
        self,
        *,
        database: Database,
        rulebooks: RulebookCache,
        vault: Vault,
        clock: Clock,
        tracking_url: str,
        max_batch: int,
        max_pending: int,
    ) -> None:
        self._database = database
        self._rulebooks = rulebooks
        self._vault = vault
        self._clock = clock
        self._tracking_url = tracking_url
        self._batcher: Batcher[PendingIntake, IntakeResult | EstimError] = Batcher(
            self._write, max_batch=max_batch, max_pending=max_pending, isolate=(DBAPIError,)
        )

    async def store(
        self,
        actor: Actor,
        intake: Intake,
        *,
        idempotency_key: str | None = None,
        raw: RawMessage | None = None,
    ) -> IntakeResult:
        """Store one request as a ticket and answer when it is committed.

        The same request again gets the same receipt. Raises `Invalid` for what the catalogue refuses, `KeyReused` or
        `AlreadyReceived` where another content comes under a known key, `Unavailable` under too much load.
        """
        now = self._clock.now()
        new_ticket = prepare(
            intake,
            client_id=actor.client_id,
            actor=actor.name,
            idempotency_key=idempotency_key,
            rulebook=await self._rulebooks.current(),
            vault=self._vault,
            now=now,
        )
        message = None if raw is None else message_row(raw, new_ticket, self._vault, actor=actor, now=now)
        answer = await self._batcher.submit(PendingIntake(new_ticket, message))
        if isinstance(answer, EstimError):
            raise answer
        return answer

    async def close(self) -> None:
        """Take nothing more; return when everything accepted is stored."""
        await self._batcher.close()

    async def _write(self, batch: Sequence[PendingIntake]) -> list[IntakeResult | EstimError]:
        """Write a batch; a database that is away is everybody's error, any other may be that of a single intake."""
        try:
            return await self._write_all(batch)
        except DBAPIError as error:
            if is_unavailable(error):
                raise Unavailable(retry_after=RETRY_AFTER_SECONDS) from error
            raise

    async def _write_all(self, batch: Sequence[PendingIntake]) -> list[IntakeResult | EstimError]:
        async with self._database.transaction() as session:
            sequences = await next_values(session, TICKET_SEQUENCE, len(batch))
            pairs = [
                (pending, build_rows(pending.new_ticket, sequence, tracking_url=self._tracking_url))
                for pending, sequence in zip(batch, sequences, strict=True)
            ]
            stored = await _store(session, pairs)
            known = await _find_known(
                session, [pending for pending, _ in pairs if pending.new_ticket.ticket_id not in stored]
            )
        return [_result_of(pending.new_ticket, made, stored, known) for pending, made in pairs]


def message_row(raw: RawMessage, new_ticket: NewTicket, vault: Vault, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """The row that keeps a message which became a ticket."""
    row_id = new_id()
    return {
        "id": row_id,
        "channel": new_ticket.intake.channel.value,
        "door": raw.door,
        "client_id": actor.client_id,
        "received_at": now,
        "body": vault.seal(raw.body, table="inbound_message", column="body", row_id=row_id),
        "body_digest": vault.blind_index("message", raw.body),
        "outcome": "accepted",
        "problems": [],
        "ticket_id": new_ticket.ticket_id,
    }


async def _store(session: AsyncSession, pairs: Sequence[tuple[PendingIntake, TicketRows]]) -> set[UUID]:
    """Insert what is new, each ticket with all that belongs to it; returns the ids of the tickets that were stored.

    Rows go in the order of their keys, so that two processes with overlapping batches wait for each other instead of
    dead-locking.
    """
    ordered = sorted(pairs, key=lambda pair: _key_order(pair[0].new_ticket))
    parts: dict[type[Base], Sequence[Sequence[Mapping[str, Any]]]] = {
        Applicant: [[made.applicant] for _, made in ordered],
        TicketEvent: [[made.event] for _, made in ordered],
        TicketDocument: [made.documents for _, made in ordered],
        SlaClock: [made.clocks for _, made in ordered],
        Checkpoint: [made.checkpoints for _, made in ordered],
        Notice: [made.notices for _, made in ordered],
        InboundMessage: [[pending.message] if pending.message else [] for pending, _ in ordered],
    }
    tickets = [made.ticket for _, made in ordered]
    owned = [_part(model, tickets, rows_of) for model, rows_of in parts.items()]
    stored = await insert_with_children(session, Ticket, tickets, owned)
    enqueue(
        session.info,
        "deliver_notices",
        [row["id"] for _, made in ordered for row in made.notices if row["ticket_id"] in stored],
    )
    return stored


def _part(
    model: type[Base], tickets: Sequence[dict[str, Any]], rows_of: Sequence[Sequence[Mapping[str, Any]]]
) -> ChildRows:
    owned = [(row, ticket["id"]) for ticket, rows in zip(tickets, rows_of, strict=True) for row in rows]
    return ChildRows(model, [row for row, _ in owned], [owner for _, owner in owned])


def _key_order(new_ticket: NewTicket) -> tuple[str, str, str, str]:
    intake = new_ticket.intake
    return intake.channel, intake.external_id or "", str(new_ticket.client_id), new_ticket.idempotency_key or ""


async def _find_known(session: AsyncSession, batch: Sequence[PendingIntake]) -> list[Ticket]:
    """The tickets that stand under the keys of requests that were not stored."""
    if not batch:
        return []
    conditions = []
    for new_ticket in (pending.new_ticket for pending in batch):
        intake = new_ticket.intake
        if new_ticket.idempotency_key is not None:
            conditions.append(
                and_(Ticket.client_id == new_ticket.client_id, Ticket.idempotency_key == new_ticket.idempotency_key)
            )
        if intake.external_id is not None:
            conditions.append(and_(Ticket.channel == intake.channel.value, Ticket.external_id == intake.external_id))
    return list(await session.scalars(select(Ticket).where(or_(*conditions))))


def _result_of(
    new_ticket: NewTicket, made: TicketRows, stored: set[UUID], known: list[Ticket]
) -> IntakeResult | EstimError:
    """The answer to one request: its own receipt, an earlier one's, or why the key can't be used."""
    if new_ticket.ticket_id in stored:
        return IntakeResult(made.ticket["receipt"], replayed=False)
    intake = new_ticket.intake
    for ticket in known:
        same_key = (
            ticket.client_id == new_ticket.client_id
            and ticket.idempotency_key == new_ticket.idempotency_key is not None
        )
        same_external = ticket.channel == intake.channel and ticket.external_id == intake.external_id is not None
        if not (same_key or same_external):
            continue
        if ticket.fingerprint == intake.digest:
            return IntakeResult(ticket.receipt, replayed=True)
        return KeyReused() if same_key else AlreadyReceived(number=ticket.number)
    raise LookupError("a request was not stored and no ticket stands under its keys")

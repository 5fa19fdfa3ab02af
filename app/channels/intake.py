"""Intake service: each request of any channel becomes one ticket, once, in one transaction.

Requests that arrive together share a commit (`core/batching.py`). The database decides uniqueness: of requests with the
same `(channel, external id)` or `(client, Idempotency-Key)` one is stored, and the others get its receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.channels.inbound import InboundRow, RawMessage, accepted_row
from app.channels.model import InboundMessage
from app.core.batching import Batcher
from app.core.clock import Clock
from app.core.db import (
    RETRY_AFTER_SECONDS,
    Base,
    ChildRows,
    Database,
    Row,
    insert_with_children,
    is_unavailable,
    next_values,
)
from app.core.errors import AlreadyReceived, EstimError, KeyReused, Unavailable
from app.core.jobs import enqueue
from app.notices.model import Notice
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import Checkpoint, SlaClock
from app.standards.rulebook import RulebookCache
from app.tickets.creation.prepare import NewTicket, prepare
from app.tickets.creation.rows import TicketReceipt, TicketRows, build_rows
from app.tickets.intake import Intake
from app.tickets.model import TICKET_SEQUENCE, Ticket, TicketDocument, TicketEvent


@dataclass(frozen=True, slots=True)
class IntakeResult:
    """The receipt of a request, as stored; `replayed` if the ticket existed before."""

    receipt: TicketReceipt
    replayed: bool

    @property
    def number(self) -> str:
        """Return the number of the ticket."""
        return self.receipt["number"]

    @property
    def promise_due_at(self) -> str | None:
        """Return the due instant of the published promise in ISO 8601, or None if no promise runs."""
        return next((clock["due_at"] for clock in self.receipt["clocks"] if clock["kind"] == "promise"), None)


@dataclass(frozen=True, slots=True)
class PendingIntake:
    """A prepared ticket that waits for its batch; `message` is the row of its raw message."""

    new_ticket: NewTicket
    message: InboundRow | None


class IntakeService:
    """The one entrance of requests; `close()` waits until every accepted request is stored."""

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
        """Store one request as a ticket; return its receipt after the commit.

        A repeated request gets the same receipt. Raises `Invalid` if the catalogue refuses the request, and `KeyReused`
        or `AlreadyReceived` if its key or id belongs to different content. Raises `Unavailable` if too many wait.
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
        message = None if raw is None else self._message_row(raw, new_ticket)
        result = await self._batcher.submit(PendingIntake(new_ticket, message))
        if isinstance(result, EstimError):
            raise result
        return result

    async def close(self) -> None:
        """Accept nothing more; return when every accepted request is stored."""
        await self._batcher.close()

    def _message_row(self, raw: RawMessage, new_ticket: NewTicket) -> InboundRow:
        return accepted_row(
            raw,
            channel=new_ticket.intake.channel.value,
            ticket_id=new_ticket.ticket_id,
            client_id=new_ticket.client_id,
            vault=self._vault,
            now=new_ticket.now,
        )

    async def _write(self, batch: Sequence[PendingIntake]) -> list[IntakeResult | EstimError]:
        """Write a batch. An unavailable database fails all of it; any other error may be that of a single request."""
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
            stored = await _insert(session, pairs)
            duplicates = [pending.new_ticket for pending, _ in pairs if pending.new_ticket.ticket_id not in stored]
            existing = await _find_existing(session, duplicates)
        return [
            IntakeResult(rows.ticket["receipt"], replayed=False)
            if pending.new_ticket.ticket_id in stored
            else _replay(pending.new_ticket, existing)
            for pending, rows in pairs
        ]


async def _insert(session: AsyncSession, pairs: Sequence[tuple[PendingIntake, TicketRows]]) -> set[UUID]:
    """Insert the new tickets with all their rows; return the ids of the tickets that were stored.

    The rows are ordered by their keys, so that processes with overlapping batches wait instead of dead-locking.
    """
    ordered = sorted(pairs, key=lambda pair: _key_order(pair[0].new_ticket))
    parts: dict[type[Base], list[Sequence[Row]]] = {
        Applicant: [[rows.applicant] for _, rows in ordered],
        TicketEvent: [[rows.event] for _, rows in ordered],
        TicketDocument: [rows.documents for _, rows in ordered],
        SlaClock: [rows.clocks for _, rows in ordered],
        Checkpoint: [rows.checkpoints for _, rows in ordered],
        Notice: [rows.notices for _, rows in ordered],
        InboundMessage: [[pending.message] if pending.message else [] for pending, _ in ordered],
    }
    tickets = [rows.ticket for _, rows in ordered]
    ticket_ids = [ticket["id"] for ticket in tickets]
    children = [_child_rows(model, ticket_ids, part) for model, part in parts.items()]
    stored = await insert_with_children(session, Ticket, tickets, children)
    notices = [row for _, rows in ordered for row in rows.notices if row["ticket_id"] in stored]
    enqueue(session, "deliver_notices", [row["id"] for row in notices])
    return stored


def _key_order(new_ticket: NewTicket) -> tuple[str, str, str, str]:
    intake = new_ticket.intake
    return intake.channel, intake.external_id or "", str(new_ticket.client_id), new_ticket.idempotency_key or ""


def _child_rows(model: type[Base], ticket_ids: Sequence[UUID], rows_by_ticket: Sequence[Sequence[Row]]) -> ChildRows:
    pairs = [(row, ticket_id) for ticket_id, rows in zip(ticket_ids, rows_by_ticket, strict=True) for row in rows]
    return ChildRows(model, [row for row, _ in pairs], [ticket_id for _, ticket_id in pairs])


async def _find_existing(session: AsyncSession, duplicates: Sequence[NewTicket]) -> list[Ticket]:
    """Return the tickets that have a key of one of `duplicates`."""
    if not duplicates:
        return []
    conditions = []
    for new_ticket in duplicates:
        intake = new_ticket.intake
        if new_ticket.idempotency_key is not None:
            conditions.append(
                and_(Ticket.client_id == new_ticket.client_id, Ticket.idempotency_key == new_ticket.idempotency_key)
            )
        if intake.external_id is not None:
            conditions.append(and_(Ticket.channel == intake.channel.value, Ticket.external_id == intake.external_id))
    return list(await session.scalars(select(Ticket).where(or_(*conditions))))


def _replay(duplicate: NewTicket, existing: Sequence[Ticket]) -> IntakeResult | EstimError:
    """Return the stored receipt for a repeated request, or the error if its content differs."""
    intake = duplicate.intake
    for ticket in existing:
        same_key = (
            ticket.client_id == duplicate.client_id and ticket.idempotency_key == duplicate.idempotency_key is not None
        )
        same_external = ticket.channel == intake.channel and ticket.external_id == intake.external_id is not None
        if not (same_key or same_external):
            continue
        if ticket.fingerprint == intake.digest:
            return IntakeResult(cast("TicketReceipt", ticket.receipt), replayed=True)
        return KeyReused() if same_key else AlreadyReceived(number=ticket.number)
    raise LookupError("a request was not stored, and no ticket has its keys")

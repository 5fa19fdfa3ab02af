"""Messages that could not be understood: kept sealed, listed, tried again, or discarded with a reason."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import find_client
from app.channels.field import trust_device_time
from app.channels.formats import FORMATS
from app.channels.intake import IntakeResult, IntakeService
from app.channels.model import InboundMessage
from app.core.db import Database, bulk_insert
from app.core.errors import FieldError, Invalid, NotFound
from app.core.field_errors import field_errors
from app.core.ids import new_id
from app.core.paging import Cursor, Page
from app.people.vault import Vault
from app.standards.values import Channel
from app.tickets.model import Ticket
from app.tickets.request import Intake

_TABLE, _COLUMN = "inbound_message", "body"


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that came through `door` and why it was not understood."""

    door: str
    channel: str
    body: bytes
    errors: Sequence[FieldError]


async def keep(session: AsyncSession, refused: Refused, *, actor: Actor, vault: Vault, now: datetime) -> UUID:
    """Put a message into quarantine; the same message again finds its first copy. Returns the copy's id."""
    digest, row_id = vault.blind_index("message", refused.body), new_id()
    row = {
        "id": row_id,
        "channel": refused.channel,
        "door": refused.door,
        "client_id": actor.client_id,
        "received_at": now,
        "body": vault.seal(refused.body, table=_TABLE, column=_COLUMN, row_id=row_id),
        "body_digest": digest,
        "outcome": "quarantined",
        "problems": [_noted(error) for error in refused.errors],
    }
    inserted = await bulk_insert(session, InboundMessage, [row], skip_conflicts=True, returning="id")
    if inserted:
        return row_id
    known = await session.execute(
        select(InboundMessage.id).where(
            InboundMessage.door == refused.door,
            InboundMessage.client_id == actor.client_id,
            InboundMessage.body_digest == digest,
            InboundMessage.outcome == "quarantined",
        )
    )
    return known.scalar_one()


def _noted(error: FieldError) -> dict[str, Any]:
    """A field error as it may stand in a plain column; a field name that the sender made up may be personal."""
    pointer = error.pointer.rpartition("/")[0] if error.code == "unknown_field" else error.pointer
    return {"pointer": pointer, "code": error.code, "facts": dict(error.facts)}


async def list_kept(session: AsyncSession, *, cursor: Cursor | None, limit: int) -> Page[InboundMessage]:
    """Quarantined messages, newest first."""
    query = select(InboundMessage).where(InboundMessage.outcome == "quarantined")
    if cursor is not None:
        query = query.where(tuple_(InboundMessage.received_at, InboundMessage.id) < (cursor.at, cursor.id))
    query = query.order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc()).limit(limit + 1)
    found = list(await session.scalars(query))
    page = found[:limit]
    following = Cursor(page[-1].received_at, page[-1].id).encode() if len(found) > limit else None
    return Page(page, following)


async def retry(
    message_id: UUID,
    corrected: dict[str, Any] | None,
    *,
    actor: Actor,
    database: Database,
    intake_service: IntakeService,
    vault: Vault,
    now: datetime,
) -> IntakeResult:
    """Make a kept message, or its corrected form, a ticket of the client that had sent it.

    No connection is held while the door writes on its own: a few retries at once would hold all there are. Two retries
    of one message get one ticket, for they come with the same external id. Raises `NotFound` and `Invalid`.
    """
    async with database.reading() as session:
        message = await get_kept(session, message_id)
        sender = await find_client(session, message.client_id)
    result = await intake_service.store(sender, reread(message, vault, corrected))
    async with database.transaction() as session:
        await _settle_accepted(session, message_id, number=result.receipt["number"], actor=actor, now=now)
    return result


async def get_kept(session: AsyncSession, message_id: UUID, *, lock: bool = False) -> InboundMessage:
    """One quarantined message; raises `NotFound`, also for one that was settled meanwhile."""
    query = select(InboundMessage).where(InboundMessage.id == message_id, InboundMessage.outcome == "quarantined")
    message = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if message is None:
        raise NotFound
    return message


def reread(message: InboundMessage, vault: Vault, corrected: dict[str, Any] | None) -> Intake:
    """Read a kept message again, or its corrected form; raises `Invalid` where it still can't be understood.

    Its limits run as if it had been understood at once: without a time of its own from its receipt, not from today.
    """
    try:
        content = json.loads(open_body(message, vault)) if corrected is None else corrected
        body = FORMATS[message.door].model_validate(content)
    except ValidationError as error:
        raise Invalid(field_errors(error.errors(include_input=False, include_url=False))) from None
    except ValueError:
        raise Invalid([FieldError("", "json")]) from None
    intake = body.to_intake(vault.blind_index("message", body.model_dump_json()))
    if intake.channel is Channel.FIELD:
        return trust_device_time(intake, message.received_at)
    return replace(intake, occurred_at=intake.occurred_at or message.received_at)


def open_body(message: InboundMessage, vault: Vault) -> bytes:
    """The message as it came."""
    return vault.open_bytes(message.body, table=_TABLE, column=_COLUMN, row_id=message.id)


async def _settle_accepted(
    session: AsyncSession, message_id: UUID, *, number: str, actor: Actor, now: datetime
) -> None:
    """Note that a kept message became the ticket with that number."""
    ticket_id = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
    await session.execute(
        update(InboundMessage)
        .where(InboundMessage.id == message_id, InboundMessage.outcome == "quarantined")
        .values(outcome="accepted", ticket_id=ticket_id, settled_at=now, settled_by=actor.client_id)
    )


def settle_discarded(message: InboundMessage, *, reason: str, actor: Actor, vault: Vault, now: datetime) -> None:
    """Note that a kept message is no request; it stays stored with the reason, sealed like all that people write."""
    message.outcome = "discarded"
    message.discard_reason = vault.seal(reason, table=_TABLE, column="discard_reason", row_id=message.id)
    message.settled_at, message.settled_by = now, actor.client_id

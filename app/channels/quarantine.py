"""Quarantine of messages that can't become tickets: store, list, retry with a correction, discard with a reason."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import find_client
from app.channels.field import correct_device_time
from app.channels.formats import FORMATS
from app.channels.inbound import RejectedMessage, open_body, quarantined_row, seal_discard_reason
from app.channels.intake import IntakeResult, IntakeService
from app.channels.model import InboundMessage
from app.core.db import Database, insert_new
from app.core.errors import FieldError, Invalid, NotFound
from app.core.field_errors import field_errors
from app.core.paging import Cursor, Page
from app.people.vault import Vault
from app.standards.values import Channel
from app.tickets.intake import Intake
from app.tickets.model import Ticket


async def store_rejected(
    session: AsyncSession, rejected: RejectedMessage, *, actor: Actor, vault: Vault, now: datetime
) -> UUID:
    """Store a message in quarantine and return its id; a repeated message gets the id of its first copy."""
    row = quarantined_row(rejected, client_id=actor.client_id, vault=vault, now=now)
    inserted = await insert_new(session, InboundMessage, [row])
    if inserted:
        return inserted[0]
    first_copy = await session.execute(
        select(InboundMessage.id).where(
            InboundMessage.door == rejected.raw.door,
            InboundMessage.client_id == actor.client_id,
            InboundMessage.body_digest == row["body_digest"],
            InboundMessage.outcome == "quarantined",
        )
    )
    return first_copy.scalar_one()


async def list_quarantined(session: AsyncSession, *, cursor: Cursor | None, page_size: int) -> Page[InboundMessage]:
    """Return a page of quarantined messages, newest first."""
    query = select(InboundMessage).where(InboundMessage.outcome == "quarantined")
    if cursor is not None:
        query = query.where(tuple_(InboundMessage.received_at, InboundMessage.id) < (cursor.at, cursor.id))
    query = query.order_by(InboundMessage.received_at.desc(), InboundMessage.id.desc()).limit(page_size + 1)
    found = list(await session.scalars(query))
    page = found[:page_size]
    following = Cursor(page[-1].received_at, page[-1].id).encode() if len(found) > page_size else None
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
    """Store a quarantined message, or its corrected form, as a ticket of the client that sent it.

    No connection is in use while the intake service writes on its own: a few retries would block all connections. Two
    retries of one message get one ticket, because they have the same external id. Raises `NotFound` and `Invalid`.
    """
    async with database.reading() as session:
        message = await get_quarantined(session, message_id)
        sender = await find_client(session, message.client_id)
    result = await intake_service.store(sender, _parse_again(message, vault, corrected))
    async with database.transaction() as session:
        await _mark_accepted(session, message_id, number=result.number, actor=actor, now=now)
    return result


async def get_quarantined(session: AsyncSession, message_id: UUID, *, lock: bool = False) -> InboundMessage:
    """Return one quarantined message; raise `NotFound`, also for a message that was settled meanwhile."""
    query = select(InboundMessage).where(InboundMessage.id == message_id, InboundMessage.outcome == "quarantined")
    message = await session.scalar(query.with_for_update(key_share=True) if lock else query)
    if message is None:
        raise NotFound
    return message


def _parse_again(message: InboundMessage, vault: Vault, corrected: dict[str, Any] | None) -> Intake:
    """Parse a stored message, or its corrected form; raise `Invalid` if it still breaks a rule.

    Its limits run as if it had been accepted at once: a message without its own time counts from its receipt.
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
        return correct_device_time(intake, message.received_at)
    return replace(intake, occurred_at=intake.occurred_at or message.received_at)


async def _mark_accepted(session: AsyncSession, message_id: UUID, *, number: str, actor: Actor, now: datetime) -> None:
    """Record that a quarantined message became the ticket with that number."""
    ticket_id = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
    await session.execute(
        update(InboundMessage)
        .where(InboundMessage.id == message_id, InboundMessage.outcome == "quarantined")
        .values(outcome="accepted", ticket_id=ticket_id, settled_at=now, settled_by=actor.client_id)
    )


def discard(message: InboundMessage, *, reason: str, actor: Actor, vault: Vault, now: datetime) -> None:
    """Discard a message that is no request; it stays stored with the sealed reason."""
    message.outcome = "discarded"
    message.discard_reason = seal_discard_reason(message, reason, vault)
    message.settled_at, message.settled_by = now, actor.client_id

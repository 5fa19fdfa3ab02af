"""Commands on complaints: file, acknowledge, answer, withdraw. Each is one transaction.

A ticket carries the complaint, and that ticket's own commands end it. A mirror on the ticket complained of, if there is
one, is changed along with it. The complaint's ticket is locked first, the ticket complained of after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.complaints.queries import ComplaintRecord, find_complaint
from app.complaints.rows import (
    NewComplaint,
    complaint_row,
    mirror_escalation,
    new_complaint,
    notice_rows,
    own_escalation,
    receipt,
    ticket_rows,
)
from app.complaints.schemas import AnswerBody
from app.complaints.values import ALLOWED, ENDED, NEEDS_TICKET, ComplaintRequest
from app.core.db import Base, ChildRows, bulk_insert, insert_with_children, next_values
from app.core.errors import FieldError, Invalid, KeyReused, NotFound, WrongState
from app.core.jobs import enqueue
from app.escalation.responses import acknowledge as acknowledge_escalation
from app.escalation.responses import store_response
from app.notices.model import Notice
from app.notices.recipients import report_vacancies
from app.people.model import Applicant
from app.sla.model import Checkpoint, SlaClock
from app.tickets.commands import lifecycle as tickets
from app.tickets.commands.context import CommandContext, load_locked
from app.tickets.contact import wants_unavailable_app
from app.tickets.history import EventKind, append_event
from app.tickets.intake import ApplicantRole
from app.tickets.model import COMPLAINT_SEQUENCE, Complaint, Escalation, Ticket, TicketEvent
from app.tickets.queries import select_by_number


async def file(
    context: CommandContext, request: ComplaintRequest, *, idempotency_key: str | None
) -> tuple[dict[str, Any], bool]:
    """Store a complaint; return the receipt, and whether it is that of an earlier, equal request.

    Raises `Invalid` for an anonymous complaint (an answer is owed), a missed limit without a ticket, or a ticket that
    the caller does not see. Raises `KeyReused` if a known key comes with another content.
    """
    _check(request)
    about = await _lock_about(context, request.ticket)
    [sequence] = await next_values(context.session, COMPLAINT_SEQUENCE, 1)
    complaint = new_complaint(
        request,
        about,
        actor=context.actor,
        idempotency_key=idempotency_key,
        rulebook=await context.rulebook(),
        vault=context.vault,
        sequence=sequence,
        now=context.now,
    )
    if not await _store(context.session, complaint):
        return await _earlier_receipt(context, request, idempotency_key), True
    if about is not None:
        await _mirror(context, about, complaint)
    return receipt(complaint), False


async def acknowledge(context: CommandContext, number: str) -> ComplaintRecord:
    """Acknowledge a complaint for its office and end its reminders; a repetition changes nothing.

    Raises `NotFound`, `WrongState`, and `Forbidden` for an actor who does not act for the office.
    """
    record = await _lock(context, number)
    await acknowledge_escalation(
        context.session, record.ticket, record.escalation, actor=context.actor, now=context.now
    )
    return await _read_again(context, number)


async def answer(context: CommandContext, number: str, body: AnswerBody) -> ComplaintRecord:
    """Answer a complaint: meet its limit, notify the applicant, and copy the answer to its mirrors.

    Raises `NotFound`, `WrongState`, and `Forbidden` for an actor who does not act for the office.
    """
    session, vault, actor, now = context.session, context.vault, context.actor, context.now
    record = await _lock(context, number)
    actor.require_office(record.complaint.level)
    resolution = body.resolution()
    for ticket, escalation in [(record.ticket, record.escalation), *await _lock_mirrors(context, record)]:
        if escalation.acknowledged_at is None:
            await acknowledge_escalation(session, ticket, escalation, actor=actor, now=now)
        store_response(session, vault, ticket, escalation, resolution.words, actor=actor, now=now)
        escalation.closed_at = now
    await session.flush()  # resolving the ticket closes its open escalations by a statement
    await tickets.resolve(context, await load_locked(context, record.ticket), resolution)
    return await _read_again(context, number)


async def withdraw(context: CommandContext, number: str, note: str | None) -> ComplaintRecord:
    """Withdraw a complaint for its applicant; its limit leaves the figures. Raises `NotFound`, `WrongState`."""
    record = await _lock(context, number)
    for _, escalation in await _lock_mirrors(context, record):
        escalation.closed_at, escalation.remind_at = context.now, None
    await tickets.withdraw(context, await load_locked(context, record.ticket), note)
    return await _read_again(context, number)


def _check(request: ComplaintRequest) -> None:
    if request.person.role is ApplicantRole.ANONYMOUS:
        raise Invalid([FieldError("/applicant/role", "answer_owed")])
    if request.ticket is None and request.ground in NEEDS_TICKET:
        raise Invalid([FieldError("/ticket", "ticket_needed")])
    if wants_unavailable_app(request.person, request.channel):
        raise Invalid([FieldError("/applicant/contact_by", "app_only_for_its_own")])


async def _lock_about(context: CommandContext, number: str | None) -> Ticket | None:
    """Lock the ticket complained of, if the caller sees it; raises `Invalid` on `/ticket`."""
    if number is None:
        return None
    try:
        about = await context.session.scalar(select_by_number(context.actor, number).with_for_update(key_share=True))
    except NotFound:
        about = None
    if about is None:
        raise Invalid([FieldError("/ticket", "ticket_number")])
    return about


async def _store(session: AsyncSession, complaint: NewComplaint) -> bool:
    """Insert the complaint with its child rows; return False, with nothing inserted, if its key is known."""
    ticket, applicant, event = ticket_rows(complaint)
    notices, escalation = notice_rows(complaint), own_escalation(complaint)
    children = [
        _children(Applicant, [applicant], complaint.ticket_id),
        _children(TicketEvent, [event], complaint.ticket_id),
        _children(SlaClock, [complaint.clock.clock], complaint.ticket_id),
        _children(Checkpoint, complaint.clock.checkpoints, complaint.ticket_id),
        _children(Complaint, [complaint_row(complaint)], complaint.ticket_id),
        _children(Escalation, [escalation], complaint.ticket_id),
        _children(Notice, notices, complaint.ticket_id),
    ]
    if not await insert_with_children(session, Ticket, [ticket], children):
        return False
    enqueue(session, "deliver_notices", [row["id"] for row in notices])
    report_vacancies([(complaint.level, escalation["addressed_to"])])
    return True


def _children(model: type[Base], rows: Sequence[Mapping[str, Any]], ticket_id: UUID) -> ChildRows:
    return ChildRows(model, rows, [ticket_id] * len(rows))


async def _earlier_receipt(
    context: CommandContext, request: ComplaintRequest, idempotency_key: str | None
) -> dict[str, Any]:
    """Return the receipt stored under the same key; raises `KeyReused` if another request has it."""
    known = select(Ticket).where(Ticket.client_id == context.actor.client_id, Ticket.idempotency_key == idempotency_key)
    ticket = (await context.session.execute(known)).scalar_one()
    if ticket.fingerprint != request.digest:
        raise KeyReused
    return ticket.receipt


async def _mirror(context: CommandContext, about: Ticket, complaint: NewComplaint) -> None:
    """Show the complaint on the ticket complained of; a second complaint to the same office adds no mirror."""
    await bulk_insert(context.session, Escalation, [mirror_escalation(complaint, about)], skip_conflicts=True)
    data = {
        "level": complaint.level,
        "legal_risk": False,
        "office": complaint.addressed.office.printed.place,
        "source": "citizen",
        "ground": complaint.request.ground.value,
        "complaint": complaint.number,
    }
    append_event(context.session, about, kind=EventKind.ESCALATED, at=context.now, actor=context.actor.name, data=data)


async def _lock(context: CommandContext, number: str) -> ComplaintRecord:
    """Lock the ticket of a visible, open complaint; raises `NotFound`, `WrongState`."""
    seen = await find_complaint(context.session, context.actor, number)
    await context.session.execute(select(Ticket.id).where(Ticket.id == seen.ticket.id).with_for_update(key_share=True))
    record = await find_complaint(context.session, context.actor, number)
    if record.state in ENDED.values():
        raise WrongState(state=record.state.value, allowed_actions=list(ALLOWED[record.state]))
    return record


async def _lock_mirrors(context: CommandContext, record: ComplaintRecord) -> list[tuple[Ticket, Escalation]]:
    """Lock the ticket complained of; return it with each mirror of the complaint that has no response yet."""
    if record.complaint.about_id is None:
        return []
    locked = select(Ticket).where(Ticket.id == record.complaint.about_id).with_for_update(key_share=True)
    about = await context.session.scalar(locked.execution_options(populate_existing=True))
    found = select(Escalation).where(Escalation.complaint_id == record.ticket.id, Escalation.responded_at.is_(None))
    mirrors = await context.session.scalars(found.execution_options(populate_existing=True))
    return [(about, mirror) for mirror in mirrors] if about is not None else []


async def _read_again(context: CommandContext, number: str) -> ComplaintRecord:
    """Write pending changes and read the complaint with them."""
    await context.session.flush()
    return await find_complaint(context.session, context.actor, number)

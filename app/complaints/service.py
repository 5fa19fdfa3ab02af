"""The commands of a complaint: made, seen, answered, withdrawn. Each is one transaction.

A complaint is carried by a ticket, and ends by that ticket's own commands; where it complains of another ticket, its
record there goes along. Locks are taken on the complaint first and on the ticket that it is about after it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.complaints.filing import Draft, draft, notice_rows, receipt, record_row, ticket_rows
from app.complaints.queries import Case, find_case
from app.complaints.schemas import AnswerBody
from app.complaints.values import ALLOWED, ENDED, NEEDS_TICKET, Filing
from app.core.db import Base, ChildRows, bulk_insert, insert_with_children, next_values
from app.core.errors import FieldError, Invalid, KeyReused, NotFound, WrongState
from app.core.jobs import enqueue
from app.escalation.responses import acknowledge as acknowledge_record
from app.escalation.responses import store_response
from app.notices.model import Notice
from app.notices.recipients import report_vacancies
from app.people.model import Applicant
from app.sla.model import Checkpoint, SlaClock
from app.tickets.commands import lifecycle as tickets
from app.tickets.commands.context import CommandContext, load_locked
from app.tickets.contact import wants_unavailable_app
from app.tickets.history import EventKind, append_event
from app.tickets.model import COMPLAINT_SEQUENCE, Complaint, Escalation, Ticket, TicketEvent
from app.tickets.queries import select_by_number
from app.tickets.request import ApplicantRole


async def file(context: CommandContext, filing: Filing, *, idempotency_key: str | None) -> tuple[dict[str, Any], bool]:
    """Store a complaint; gives the receipt, and whether it is that of an earlier, equal request.

    Raises `Invalid` for an anonymous one (an answer is owed), a missed limit without its ticket, or a ticket that the
    caller does not see; `KeyReused` where another content comes under a known key.
    """
    _check(filing)
    about = await _lock_about(context, filing.ticket)
    [sequence] = await next_values(context.session, COMPLAINT_SEQUENCE, 1)
    one = draft(
        filing,
        about,
        actor=context.actor,
        idempotency_key=idempotency_key,
        rulebook=await context.rulebook(),
        vault=context.vault,
        sequence=sequence,
        now=context.now,
    )
    if not await _store(context.session, one):
        return await _earlier(context, filing, idempotency_key), True
    if about is not None:
        await _record_on(context, about, one)
    return receipt(one), False


async def acknowledge(context: CommandContext, number: str) -> Case:
    """The office takes note: reminders stop; again it changes nothing.

    Raises `NotFound`, `WrongState`, and `Forbidden` for somebody who does not act for that office.
    """
    case = await _lock(context, number)
    await acknowledge_record(context.session, case.ticket, case.record, actor=context.actor, now=context.now)
    await context.session.flush()  # read again with what was just written
    return await find_case(context.session, context.actor, number)


async def answer(context: CommandContext, number: str, body: AnswerBody) -> Case:
    """The office answers: the limit is met, the applicant is told, and the record on the other ticket has it too.

    Raises `NotFound`, `WrongState`, and `Forbidden` for somebody who does not act for that office.
    """
    case = await _lock(context, number)
    context.actor.act_for_office(case.complaint.level)
    resolution = body.resolution()
    for ticket, record in [(case.ticket, case.record), *await _mirrors(context, case)]:
        if record.acknowledged_at is None:
            await acknowledge_record(context.session, ticket, record, actor=context.actor, now=context.now)
        store_response(
            context.session, context.vault, ticket, record, resolution.words, actor=context.actor, now=context.now
        )
        record.closed_at = context.now
    await context.session.flush()  # the end of the ticket closes by statement what is still open
    await tickets.resolve(context, await load_locked(context, case.ticket), resolution)
    await context.session.flush()  # read again with what was just written
    return await find_case(context.session, context.actor, number)


async def withdraw(context: CommandContext, number: str, note: str | None) -> Case:
    """The applicant gives the complaint up; its limit leaves the figures. Raises `NotFound`, `WrongState`."""
    case = await _lock(context, number)
    for _, record in await _mirrors(context, case):
        record.closed_at, record.remind_at = context.now, None
    await tickets.withdraw(context, await load_locked(context, case.ticket), note)
    await context.session.flush()  # read again with what was just written
    return await find_case(context.session, context.actor, number)


def _check(filing: Filing) -> None:
    if filing.person.role is ApplicantRole.ANONYMOUS:
        raise Invalid([FieldError("/applicant/role", "answer_owed")])
    if filing.ticket is None and filing.ground in NEEDS_TICKET:
        raise Invalid([FieldError("/ticket", "ticket_needed")])
    if wants_unavailable_app(filing.person, filing.channel):
        raise Invalid([FieldError("/applicant/contact_by", "app_only_for_its_own")])


async def _lock_about(context: CommandContext, number: str | None) -> Ticket | None:
    """The ticket that is complained of, as the caller sees it; raises `Invalid` on `/ticket`."""
    if number is None:
        return None
    try:
        about = await context.session.scalar(select_by_number(context.actor, number).with_for_update(key_share=True))
    except NotFound:
        about = None
    if about is None:
        raise Invalid([FieldError("/ticket", "ticket_number")])
    return about


async def _store(session: AsyncSession, one: Draft) -> bool:
    """Insert the complaint with all that belongs to it, or nothing where its key is known."""
    ticket, applicant, event = ticket_rows(one)
    notices, record = notice_rows(one), record_row(one)
    complaint = {
        "ticket_id": one.ticket_id,
        "ground": one.filing.ground.value,
        "level": one.level,
        "about_id": one.about.id if one.about else None,
    }
    parts = [
        _part(Applicant, [applicant], one.ticket_id),
        _part(TicketEvent, [event], one.ticket_id),
        _part(SlaClock, [one.clock.clock], one.ticket_id),
        _part(Checkpoint, one.clock.checkpoints, one.ticket_id),
        _part(Complaint, [complaint], one.ticket_id),
        _part(Escalation, [record], one.ticket_id),
        _part(Notice, notices, one.ticket_id),
    ]
    if not await insert_with_children(session, Ticket, [ticket], parts):
        return False
    enqueue(session.info, "deliver_notices", [row["id"] for row in notices])
    report_vacancies([(one.level, record["addressed_to"])])
    return True


def _part(model: type[Base], rows: Sequence[Mapping[str, Any]], owner: UUID) -> ChildRows:
    return ChildRows(model, rows, [owner] * len(rows))


async def _earlier(context: CommandContext, filing: Filing, idempotency_key: str | None) -> dict[str, Any]:
    """The receipt that stands under the same key; raises `KeyReused` where it is another complaint's, or a ticket's."""
    known = select(Ticket).where(Ticket.client_id == context.actor.client_id, Ticket.idempotency_key == idempotency_key)
    ticket = (await context.session.execute(known)).scalar_one()
    if ticket.fingerprint != filing.digest:
        raise KeyReused
    return ticket.receipt


async def _record_on(context: CommandContext, about: Ticket, one: Draft) -> None:
    """Let the ticket that is complained of show it; a second complaint to the same office finds the record there."""
    await bulk_insert(context.session, Escalation, [record_row(one, mirror_of=one.ticket_id)], skip_conflicts=True)
    data = {
        "level": one.level,
        "legal_risk": False,
        "office": one.addressed.office.printed.place,
        "source": "citizen",
        "ground": one.filing.ground.value,
        "complaint": one.number,
    }
    append_event(context.session, about, kind=EventKind.ESCALATED, at=context.now, actor=context.actor.name, data=data)


async def _lock(context: CommandContext, number: str) -> Case:
    """A visible complaint that is still open, its ticket locked; raises `NotFound`, `WrongState`."""
    seen = await find_case(context.session, context.actor, number)
    await context.session.execute(select(Ticket.id).where(Ticket.id == seen.ticket.id).with_for_update(key_share=True))
    case = await find_case(context.session, context.actor, number)
    if case.standing in ENDED.values():
        raise WrongState(state=case.standing.value, allowed_actions=list(ALLOWED[case.standing]))
    return case


async def _mirrors(context: CommandContext, case: Case) -> list[tuple[Ticket, Escalation]]:
    """What stands for the complaint on the ticket that it is about, and still is open, with that ticket locked."""
    if case.complaint.about_id is None:
        return []
    locked = select(Ticket).where(Ticket.id == case.complaint.about_id).with_for_update(key_share=True)
    about = await context.session.scalar(locked.execution_options(populate_existing=True))
    found = select(Escalation).where(Escalation.complaint_id == case.ticket.id, Escalation.responded_at.is_(None))
    records = await context.session.scalars(found.execution_options(populate_existing=True))
    return [(about, record) for record in records] if about is not None else []

"""Responses with complaints, masked unless the caller may read personal data."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import record_unmasked_read
from app.complaints.queries import ComplaintRecord
from app.complaints.schemas import ComplaintOut, ComplaintSummary, OwingOfficeOut
from app.complaints.values import ALLOWED, GROUND_LABELS
from app.domain.terms import ComplaintGround
from app.people.masking import mask_text
from app.people.vault import Vault
from app.standards.values import Catalogue
from app.tickets.serializers import applicant_out, met_in_time, sees_personal_data


def complaint_summary(record: ComplaintRecord, catalogue: Catalogue, now: datetime) -> ComplaintSummary:
    """Return a complaint as lists show it."""
    ground, state = ComplaintGround(record.complaint.ground), record.state
    printed = catalogue.office(record.complaint.level).printed
    return ComplaintSummary(
        number=record.ticket.number,
        state=state.value,
        state_label=state.label_tr,
        allowed_actions=list(ALLOWED[state]),
        ground=ground,
        ground_label=GROUND_LABELS[ground],
        office=OwingOfficeOut(level=record.complaint.level, place=printed.place, phone=printed.phone),
        ticket=record.about,
        channel=record.ticket.channel,
        filed_at=record.ticket.received_at,
        answer_by=record.clock.due_at,
        on_time=met_in_time(record.clock, now),
        acknowledged_at=record.escalation.acknowledged_at,
        answered_at=record.ticket.resolved_at,
        outcome=record.ticket.outcome,
    )


async def complaint_out(
    session: AsyncSession,
    vault: Vault,
    record: ComplaintRecord,
    catalogue: Catalogue,
    *,
    actor: Actor,
    operation: str,
    now: datetime,
) -> ComplaintOut:
    """Return a complaint in full; log a read of personal data in clear in the same transaction."""
    clear = sees_personal_data(actor, record.applicant)
    if clear:
        facts = {"complaint": record.ticket.number}
        await record_unmasked_read(session, actor=actor, operation=operation, facts=facts, now=now)
    ticket = record.ticket

    def text(column: str, sealed: bytes) -> str:
        opened = vault.open(sealed, table="ticket", column=column, row_id=ticket.id)
        return opened if clear else mask_text(opened)

    return ComplaintOut(
        **dict(complaint_summary(record, catalogue, now)),
        applicant=applicant_out(record.applicant, vault, unmasked=clear),
        description=text("description", ticket.description),
        answer=text("reply", ticket.reply) if ticket.reply else None,
    )

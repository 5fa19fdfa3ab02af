"""From stored rows to what a caller reads of complaints, masked unless the caller may read personal data."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import record_unmasked_read
from app.complaints.queries import Case
from app.complaints.schemas import ComplaintOut, ComplaintSummary, OwingOfficeOut
from app.complaints.values import ALLOWED, GROUND_LABELS
from app.domain.terms import ComplaintGround
from app.people.masking import mask_text
from app.people.vault import Vault
from app.standards.values import Catalogue
from app.tickets.serializers import applicant_out, met_in_time, sees_personal_data


def summary(case: Case, catalogue: Catalogue, now: datetime) -> ComplaintSummary:
    """A complaint in a list."""
    ground, standing = ComplaintGround(case.complaint.ground), case.standing
    printed = catalogue.office(case.complaint.level).printed
    return ComplaintSummary(
        number=case.ticket.number,
        state=standing.value,
        state_label=standing.label_tr,
        allowed_actions=list(ALLOWED[standing]),
        ground=ground,
        ground_label=GROUND_LABELS[ground],
        office=OwingOfficeOut(level=case.complaint.level, place=printed.place, phone=printed.phone),
        ticket=case.about,
        channel=case.ticket.channel,
        filed_at=case.ticket.received_at,
        answer_by=case.clock.due_at,
        on_time=met_in_time(case.clock, now),
        acknowledged_at=case.record.acknowledged_at,
        answered_at=case.ticket.resolved_at,
        outcome=case.ticket.outcome,
    )


async def shown(
    session: AsyncSession,
    vault: Vault,
    case: Case,
    catalogue: Catalogue,
    *,
    actor: Actor,
    operation: str,
    now: datetime,
) -> ComplaintOut:
    """One complaint whole; a reading in clear is written down in the same transaction."""
    clear = sees_personal_data(actor, case.applicant)
    if clear:
        facts = {"complaint": case.ticket.number}
        await record_unmasked_read(session, actor=actor, operation=operation, facts=facts, now=now)
    ticket = case.ticket

    def text(column: str, sealed: bytes) -> str:
        opened = vault.open(sealed, table="ticket", column=column, row_id=ticket.id)
        return opened if clear else mask_text(opened)

    return ComplaintOut(
        **dict(summary(case, catalogue, now)),
        applicant=applicant_out(case.applicant, vault, unmasked=clear),
        description=text("description", ticket.description),
        answer=text("reply", ticket.reply) if ticket.reply else None,
    )

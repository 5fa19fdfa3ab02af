"""From the record of an escalation to what a caller reads; the office's words are masked like the ticket's own."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import record_unmasked_read
from app.escalation.queries import Raised
from app.escalation.schemas import AddresseeOut, EscalationOut
from app.people.masking import mask_text
from app.people.vault import Vault
from app.tickets.serializers import sees_personal_data


async def shown(
    session: AsyncSession, vault: Vault, found: Sequence[Raised], *, actor: Actor, operation: str, now: datetime
) -> list[EscalationOut]:
    """Escalations as answers; a reading of what offices wrote, in clear, is written down in the same transaction."""
    clear = [one for one in found if one.escalation.response and sees_personal_data(actor, one.applicant)]
    if clear:
        facts = {"escalations": " ".join(str(one.escalation.id) for one in clear)}
        await record_unmasked_read(session, actor=actor, operation=operation, facts=facts, now=now)
    return [_answer(one, vault, actor) for one in found]


def _answer(raised: Raised, vault: Vault, actor: Actor) -> EscalationOut:
    escalation = raised.escalation
    kept = escalation.addressed_to
    return EscalationOut(
        id=escalation.id,
        ticket=raised.ticket,
        cycle=escalation.cycle,
        level=escalation.level,
        source="citizen" if escalation.source == "citizen" else "system",
        legal_risk=escalation.legal_risk,
        office=escalation.office,
        addressed_to=AddresseeOut(**kept) if kept else None,
        state=escalation.state.value,
        state_label=escalation.state.label_tr,
        open=escalation.closed_at is None,
        raised_at=escalation.raised_at,
        breached_at=escalation.breached_at,
        reminders=escalation.reminders,
        next_reminder_at=escalation.remind_at,
        acknowledged_at=escalation.acknowledged_at,
        acknowledged_by=raised.acknowledged_by,
        response=_response(raised, vault, actor),
        responded_at=escalation.responded_at,
        responded_by=raised.responded_by,
        closed_at=escalation.closed_at,
    )


def _response(raised: Raised, vault: Vault, actor: Actor) -> str | None:
    escalation = raised.escalation
    if escalation.response is None:
        return None
    text = vault.open(escalation.response, table="escalation", column="response", row_id=escalation.id)
    return text if sees_personal_data(actor, raised.applicant) else mask_text(text)

"""Responses with escalations; the offices' texts are masked like those of the ticket."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.access.service import record_unmasked_read
from app.escalation.queries import EscalationRecord
from app.escalation.schemas import AddresseeOut, EscalationOut
from app.people.masking import mask_text
from app.people.vault import Vault
from app.tickets.serializers import sees_personal_data


async def escalations_out(
    session: AsyncSession,
    vault: Vault,
    records: Sequence[EscalationRecord],
    *,
    actor: Actor,
    operation: str,
    now: datetime,
) -> list[EscalationOut]:
    """Return escalations as responses; log reads of offices' texts in clear in the same transaction."""
    clear = [one for one in records if one.escalation.response and sees_personal_data(actor, one.applicant)]
    if clear:
        facts = {"escalations": " ".join(str(one.escalation.id) for one in clear)}
        await record_unmasked_read(session, actor=actor, operation=operation, facts=facts, now=now)
    return [_escalation_out(one, vault, actor) for one in records]


def _escalation_out(record: EscalationRecord, vault: Vault, actor: Actor) -> EscalationOut:
    escalation = record.escalation
    addressee = escalation.addressed_to
    return EscalationOut(
        id=escalation.id,
        ticket=record.ticket,
        cycle=escalation.cycle,
        level=escalation.level,
        source="citizen" if escalation.source == "citizen" else "system",
        legal_risk=escalation.legal_risk,
        office=escalation.office,
        addressed_to=AddresseeOut(**addressee) if addressee else None,
        state=escalation.state.value,
        state_label=escalation.state.label_tr,
        open=escalation.closed_at is None,
        raised_at=escalation.raised_at,
        breached_at=escalation.breached_at,
        reminders=escalation.reminders,
        next_reminder_at=escalation.remind_at,
        acknowledged_at=escalation.acknowledged_at,
        acknowledged_by=record.acknowledged_by,
        response=_response(record, vault, actor),
        responded_at=escalation.responded_at,
        responded_by=record.responded_by,
        closed_at=escalation.closed_at,
    )


def _response(record: EscalationRecord, vault: Vault, actor: Actor) -> str | None:
    escalation = record.escalation
    if escalation.response is None:
        return None
    text = vault.open(escalation.response, table="escalation", column="response", row_id=escalation.id)
    return text if sees_personal_data(actor, record.applicant) else mask_text(text)

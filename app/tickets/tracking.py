"""How a citizen follows a ticket: number and the last four digits of the phone, without a key.

Every wrong answer looks the same, and only so many are allowed for a number: four digits could be tried out.
"""

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.attempts import Attempts
from app.core.clock import ISTANBUL
from app.core.errors import NotFound
from app.core.turkish import format_date, format_datetime
from app.people.identity import parse_phone
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.clocks import clocks_of
from app.sla.deadline import on_time
from app.sla.model import SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.values import Catalogue
from app.tickets.model import Ticket
from app.tickets.number import InvalidTicketNumber, parse_number
from app.tickets.schemas import TrackingAnswer, TrackingBody
from app.tickets.workflow import Outcome, State

_OUTCOMES = {
    Outcome.POSITIVE: "Başvurunuz olumlu sonuçlandırılmıştır.",
    Outcome.PARTIAL: "Başvurunuz kısmen olumlu sonuçlandırılmıştır.",
    Outcome.NEGATIVE: "Başvurunuz olumsuz sonuçlandırılmıştır; gerekçesi tarafınıza bildirilir.",
    Outcome.FORWARDED_OUT: "Başvurunuz, görev alanı nedeniyle ilgili kuruma iletilmiştir.",
    Outcome.NOT_EXAMINED: "Başvurunuz işleme alınamamıştır; gerekçesi tarafınıza bildirilir.",
    Outcome.WITHDRAWN: "Başvurunuzdan vazgeçtiğiniz kaydedilmiştir.",
    Outcome.DUPLICATE: "Aynı konudaki başvurunuzla birleştirilmiştir.",
}
_WAITING = {
    State.AWAITING_DOCUMENTS: "Başvurunuz için eksik belgelerinizi bekliyoruz.",
    State.AWAITING_CITIZEN: "Başvurunuz için yanıtınızı bekliyoruz.",
}


async def track(
    session: AsyncSession,
    body: TrackingBody,
    *,
    vault: Vault,
    catalogue: Catalogue,
    attempts: Attempts,
    now: datetime,
) -> TrackingAnswer:
    """How a ticket stands, for whoever knows its number and the phone's last four digits.

    Raises `NotFound` for any wrong answer, `TooMany` after too many of them for one number.
    """
    try:
        number = parse_number(body.number)
    except InvalidTicketNumber:
        raise NotFound from None
    await attempts.begin(number)
    query = select(Ticket, Applicant).join(Applicant, Applicant.id == Ticket.applicant_id)
    row = (await session.execute(query.where(Ticket.number == number))).one_or_none()
    if row is None or not _knows_phone(row.Applicant, vault, body.phone_last_four):
        raise NotFound
    await attempts.forgive(number)
    ticket: Ticket = row.Ticket
    clocks = await clocks_of(session, ticket.id, ticket.cycle)
    promise = next((clock for clock in clocks if clock.kind == "promise"), None)
    service = catalogue.service(ticket.service)
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return TrackingAnswer(
        number=ticket.number,
        status=ticket.state,
        status_label=State(ticket.state).label_tr,
        service_name=service.name if service else ticket.service,
        unit_name=unit.name if unit else None,
        received_at=ticket.received_at,
        due_at=promise.due_at if promise and promise.state != "paused" else None,
        outcome=ticket.outcome,
        message=_message(ticket, promise, now),
    )


def _knows_phone(applicant: Applicant, vault: Vault, last_four: str) -> bool:
    if applicant.phone is None:
        return False
    stored = vault.open(applicant.phone, table="applicant", column="phone", row_id=applicant.id)
    return hmac.compare_digest(parse_phone(stored).last_four, last_four)


def _message(ticket: Ticket, promise: SlaClock | None, now: datetime) -> str:
    """One or two sentences of Turkish for the citizen."""
    state = State(ticket.state)
    if ticket.outcome is not None:
        return _OUTCOMES[Outcome(ticket.outcome)]
    if state in _WAITING:
        return _WAITING[state]
    if promise is None or promise.state == "paused":
        return "Başvurunuz işlemdedir."
    if promise.state == "breached":
        return "Başvurunuzun süresi dolmuştur; gecikme ilgili müracaat yerine bildirilmiştir."
    if not on_time(now, promise.due_at):
        return "Başvurunuzun süresi dolmuştur."
    local = promise.due_at.astimezone(ISTANBUL)
    if PinnedPolicy.from_json(promise.policy).policy.limit.under_a_day:
        return f"Başvurunuz işlemdedir. En geç {format_datetime(local)} itibarıyla sonuçlandırılacaktır."
    return f"Başvurunuz işlemdedir. En geç {format_date(local)} tarihinde sonuçlandırılacaktır."

"""Tracking for citizens without a key: a ticket or complaint by its number and the last four digits of the phone.

All wrong attempts get the same response, and their number per ticket is limited: four digits could be guessed.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.attempt_limiter import AttemptLimiter
from app.core.clock import ISTANBUL
from app.core.errors import NotFound
from app.core.turkish import format_date, format_datetime
from app.domain.terms import Outcome
from app.people.identity import parse_stored_phone
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.calendar import ClockKind
from app.sla.clocks import clocks_of
from app.sla.deadline import on_time
from app.sla.model import SlaClock
from app.standards.values import Catalogue
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Ticket
from app.tickets.numbers import InvalidComplaintNumber, InvalidTicketNumber, parse_complaint_number, parse_ticket_number
from app.tickets.schemas import TrackingBody, TrackingOut
from app.tickets.workflow import State


class _Words(NamedTuple):
    """The sentences about an application or a complaint: its outcome, or the state of its limit."""

    outcomes: Mapping[Outcome, str]
    open: str
    escalated: str
    late: str
    promised: str


_APPLICATION = _Words(
    outcomes={
        Outcome.POSITIVE: "Başvurunuz olumlu sonuçlandırılmıştır.",
        Outcome.PARTIAL: "Başvurunuz kısmen olumlu sonuçlandırılmıştır.",
        Outcome.NEGATIVE: "Başvurunuz olumsuz sonuçlandırılmıştır; gerekçesi tarafınıza bildirilir.",
        Outcome.FORWARDED_OUT: "Başvurunuz, görev alanı nedeniyle ilgili kuruma iletilmiştir.",
        Outcome.NOT_EXAMINED: "Başvurunuz işleme alınamamıştır; gerekçesi tarafınıza bildirilir.",
        Outcome.WITHDRAWN: "Başvurunuzdan vazgeçtiğiniz kaydedilmiştir.",
        Outcome.DUPLICATE: "Aynı konudaki başvurunuzla birleştirilmiştir.",
    },
    open="Başvurunuz işlemdedir.",
    escalated="Başvurunuzun süresi dolmuştur; gecikme ilgili müracaat yerine bildirilmiştir.",
    late="Başvurunuzun süresi dolmuştur.",
    promised="sonuçlandırılacaktır.",
)
_COMPLAINT = _Words(
    outcomes={
        Outcome.POSITIVE: "Şikâyetiniz haklı bulunmuş ve cevaplandırılmıştır.",
        Outcome.PARTIAL: "Şikâyetiniz kısmen haklı bulunmuş ve cevaplandırılmıştır.",
        Outcome.NEGATIVE: "Şikâyetiniz haklı bulunmamıştır; gerekçesi tarafınıza bildirilir.",
        Outcome.WITHDRAWN: "Şikâyetinizi geri aldığınız kaydedilmiştir.",
    },
    open="Şikâyetiniz incelenmektedir.",
    escalated="Şikâyetinizin cevap süresi dolmuştur; gecikme İkinci Müracaat Yerine bildirilmiştir.",
    late="Şikâyetinizin cevap süresi dolmuştur.",
    promised="cevaplandırılacaktır.",
)
_COMPLAINT_NAME = "Hizmet Standartları Tablosu kapsamında şikâyet"
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
    attempts: AttemptLimiter,
    now: datetime,
) -> TrackingOut:
    """Return the status of the ticket or complaint with this number and these last four digits of the phone.

    Raises `NotFound` if either is wrong, `TooMany` after too many wrong attempts for one number.
    """
    number = _number(body.number)
    await attempts.record(number)
    query = select(Ticket, Applicant).join(Applicant, Applicant.id == Ticket.applicant_id)
    row = (await session.execute(query.where(Ticket.number == number))).one_or_none()
    if row is None or not _knows_phone(row.Applicant, vault, body.phone_last_four):
        raise NotFound
    await attempts.cancel(number)
    clocks = await clocks_of(session, row.Ticket.id, row.Ticket.cycle)
    return _tracking_out(row.Ticket, clocks, catalogue, now)


def _tracking_out(ticket: Ticket, clocks: Sequence[SlaClock], catalogue: Catalogue, now: datetime) -> TrackingOut:
    kind = ClockKind.STATUTORY if _is_complaint(ticket) else ClockKind.PROMISE
    clock = next((clock for clock in clocks if clock.kind == kind), None)
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return TrackingOut(
        number=ticket.number,
        status=ticket.state,
        status_label=State(ticket.state).label_tr,
        service_name=_service_name(ticket, catalogue),
        unit_name=unit.name if unit else None,
        received_at=ticket.received_at,
        due_at=clock.due_at if clock and clock.state != "paused" else None,
        outcome=ticket.outcome,
        message=_message(ticket, clock, now),
    )


def _number(text: str) -> str:
    """Return the stored form of a typed ticket or complaint number; raise `NotFound`."""
    for parse in (parse_ticket_number, parse_complaint_number):
        with suppress(InvalidTicketNumber, InvalidComplaintNumber):
            return parse(text)
    raise NotFound


def _is_complaint(ticket: Ticket) -> bool:
    return ticket.service == STANDARDS_COMPLAINT


def _service_name(ticket: Ticket, catalogue: Catalogue) -> str:
    if _is_complaint(ticket):
        return _COMPLAINT_NAME
    service = catalogue.service(ticket.service)
    return service.name if service else ticket.service


def _knows_phone(applicant: Applicant, vault: Vault, last_four: str) -> bool:
    if applicant.phone is None:
        return False
    stored = vault.open(applicant.phone, table="applicant", column="phone", row_id=applicant.id)
    return hmac.compare_digest(parse_stored_phone(stored).last_four, last_four)


def _message(ticket: Ticket, clock: SlaClock | None, now: datetime) -> str:
    """Return one or two Turkish sentences for the citizen; the limit of a complaint is law 3071 art. 7."""
    state, words = State(ticket.state), _COMPLAINT if _is_complaint(ticket) else _APPLICATION
    if ticket.outcome is not None:
        return words.outcomes[Outcome(ticket.outcome)]
    if state in _WAITING:
        return _WAITING[state]
    if clock is None or clock.state == "paused":
        return words.open
    if clock.state == "breached":
        return words.escalated
    if not on_time(now, clock.due_at):
        return words.late
    local = clock.due_at.astimezone(ISTANBUL)
    if clock.pinned.policy.limit.under_a_day:
        return f"{words.open} En geç {format_datetime(local)} itibarıyla {words.promised}"
    return f"{words.open} En geç {format_date(local)} tarihinde {words.promised}"

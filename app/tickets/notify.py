"""Notices to the applicant about what happened to their ticket."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert
from app.core.jobs import ring
from app.notices.compose import APPLICANT, notice_row
from app.notices.kinds import (
    Medium,
    MissingDocumentsPayload,
    NoticeKind,
    Office,
    Payload,
    ReferralPayload,
    ResolutionPayload,
)
from app.notices.model import Notice
from app.people.identity import PhoneKind, parse_phone
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.values import ApplicationOffice, Catalogue, Channel
from app.tickets.model import Ticket
from app.tickets.schemas import ResolutionBody


def reachable_by(
    *, channel: str, identity_hidden: bool, phone_kind: PhoneKind | None, has_email: bool
) -> Medium | None:
    """How an applicant can be told: by SMS to a mobile phone, else by e-mail; never where the identity is hidden.

    CİMER answers its applicants itself.
    """
    if identity_hidden or channel == Channel.CIMER:
        return None
    if phone_kind is PhoneKind.MOBILE:
        return Medium.SMS
    return Medium.EMAIL if has_email else None


def office_of(office: ApplicationOffice) -> Office:
    """An application office as notices print it."""
    printed = office.printed
    return Office(place=printed.place, official=printed.name, title=printed.job_title, phone=printed.phone)


async def referral(
    session: AsyncSession, vault: Vault, ticket: Ticket, clocks: Sequence[SlaClock], *, unit_name: str, now: datetime
) -> None:
    """Tell the applicant which directorate has the ticket."""
    applicant = await _applicant(session, ticket)
    promise = next((clock for clock in clocks if clock.kind == "promise" and clock.state == "running"), None)
    payload = ReferralPayload(
        number=ticket.number,
        applicant_named=applicant.name is not None,
        received_at=ticket.received_at,
        unit_name=unit_name,
        referred_at=now,
        promise_due=promise.due_at if promise else None,
        under_a_day=promise is not None and PinnedPolicy.from_json(promise.policy).policy.limit.under_a_day,
    )
    await _plan(session, vault, ticket, applicant, NoticeKind.REFERRAL, payload, now)


async def missing_documents(
    session: AsyncSession, vault: Vault, ticket: Ticket, *, labels: tuple[str, ...], now: datetime
) -> None:
    """Tell the applicant what is still missing."""
    applicant = await _applicant(session, ticket)
    payload = MissingDocumentsPayload(
        number=ticket.number,
        applicant_named=applicant.name is not None,
        received_at=ticket.received_at,
        documents=labels,
        complete_by=None,
    )
    await _plan(session, vault, ticket, applicant, NoticeKind.MISSING_DOCUMENTS, payload, now)


async def resolution(
    session: AsyncSession, vault: Vault, ticket: Ticket, catalogue: Catalogue, *, body: ResolutionBody, now: datetime
) -> None:
    """Tell the applicant how the ticket ended, with the remedy where it was refused."""
    applicant = await _applicant(session, ticket)
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    payload = ResolutionPayload(
        number=ticket.number,
        applicant_named=applicant.name is not None,
        received_at=ticket.received_at,
        unit_name=unit.name if unit else None,
        outcome=body.outcome.value,
        replied=bool(body.words),
        remedy=body.remedy,
        first_office=office_of(catalogue.office(1)),
        second_office=office_of(catalogue.office(2)),
        forwarded_to=body.forwarded_to,
    )
    await _plan(session, vault, ticket, applicant, NoticeKind.RESOLUTION, payload, now)


async def _applicant(session: AsyncSession, ticket: Ticket) -> Applicant:
    return (await session.execute(select(Applicant).where(Applicant.id == ticket.applicant_id))).scalar_one()


async def _plan(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    applicant: Applicant,
    kind: NoticeKind,
    payload: Payload,
    now: datetime,
) -> None:
    """Queue the notice if the applicant can be reached; `repeat` is the event's number: a command may come again."""
    phone_kind = None
    if applicant.phone is not None:
        stored = vault.open(applicant.phone, table="applicant", column="phone", row_id=applicant.id)
        phone_kind = parse_phone(stored).kind
    medium = reachable_by(
        channel=ticket.channel,
        identity_hidden=applicant.identity_hidden,
        phone_kind=phone_kind,
        has_email=applicant.email is not None,
    )
    if medium is None:
        return
    row = notice_row(
        kind,
        payload,
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        level=0,
        recipient=APPLICANT,
        medium=medium,
        now=now,
        repeat=ticket.event_seq,
    )
    await bulk_insert(session, Notice, [row])
    ring(session.info, "deliver_notices", [row["id"]])

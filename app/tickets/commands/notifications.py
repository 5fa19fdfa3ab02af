"""Notices to the applicant, and to the application office, about commands on a ticket."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert
from app.core.jobs import enqueue
from app.domain.terms import Regime
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import Notice
from app.notices.payloads import (
    CitizenPayload,
    DuplicatePayload,
    ExtensionPayload,
    FeePayload,
    ForwardedOutPayload,
    InterimReplyPayload,
    MissingDocumentsPayload,
    OfficeFacts,
    Payload,
    ReferralPayload,
    ResolutionPayload,
    UnlistedDocumentsPayload,
    UnreachedPayload,
    WithdrawalPayload,
)
from app.notices.recipients import holder, office_facts, office_recipient
from app.notices.rows import APPLICANT, Recipient, notice_row
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.calendar import ClockKind
from app.sla.model import SlaClock
from app.standards.rulebook import Rulebook
from app.standards.values import OFFICE_HOURS, ApplicationOffice, Catalogue
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.contact import CitizenFacts, preferred_medium_of_applicant
from app.tickets.model import Ticket
from app.tickets.schemas import ExtensionBody, ResolutionBody


async def referral(
    session: AsyncSession, vault: Vault, ticket: Ticket, clocks: Sequence[SlaClock], *, unit_name: str, now: datetime
) -> None:
    """Inform the applicant of the directorate that is responsible now."""
    promise = next((clock for clock in clocks if clock.kind == ClockKind.PROMISE and clock.state == "running"), None)

    def payload(facts: CitizenFacts) -> ReferralPayload:
        return ReferralPayload(
            **facts,
            unit_name=unit_name,
            referred_at=now,
            promise_due=promise.due_at if promise else None,
            under_a_day=promise is not None and promise.pinned.policy.limit.under_a_day,
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.REFERRAL, payload, now=now)


async def missing_documents(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    rulebook: Rulebook,
    *,
    labels: tuple[str, ...],
    unlisted: tuple[str, ...],
    now: datetime,
) -> None:
    """Ask the applicant for the missing documents; `unlisted` are those that the published table does not list."""

    def payload(facts: CitizenFacts) -> MissingDocumentsPayload:
        return MissingDocumentsPayload(
            **facts,
            documents=labels,
            unlisted=unlisted,
            complete_by=None,
            signatory=_signatory(ticket, rulebook, now),
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.MISSING_DOCUMENTS, payload, now=now)


async def unlisted_documents(
    session: AsyncSession, ticket: Ticket, rulebook: Rulebook, *, labels: tuple[str, ...], now: datetime
) -> None:
    """Inform the application office that documents beyond the published list were requested, and why.

    The notice goes to the second office if the ticket is about the first one.
    """
    catalogue, today = rulebook.catalogue, rulebook.calendars[OFFICE_HOURS].local_date(now)
    responsible = holder(catalogue, 2 if ticket.about_first_office else 1, today)
    service = catalogue.service(ticket.service)
    payload = UnlistedDocumentsPayload(
        number=ticket.number,
        service_name=service.name if service else ticket.service,
        unit_name=_unit_name(ticket, catalogue),
        requested_at=now,
        documents=labels,
        event_seq=ticket.event_seq,
        office=office_facts(responsible),
    )
    await _queue(
        session,
        ticket,
        NoticeKind.UNLISTED_DOCUMENTS,
        payload,
        recipient=office_recipient(responsible),
        medium=Medium.EMAIL,
        now=now,
    )


async def resolution(
    session: AsyncSession, vault: Vault, ticket: Ticket, rulebook: Rulebook, *, body: ResolutionBody, now: datetime
) -> None:
    """Send the applicant the outcome, with the remedy of a refusal."""
    catalogue = rulebook.catalogue

    def payload(facts: CitizenFacts) -> ResolutionPayload:
        return ResolutionPayload(
            **facts,
            unit_name=_unit_name(ticket, catalogue),
            outcome=body.outcome,
            replied=bool(body.words),
            event_seq=ticket.event_seq if body.words else None,
            remedy=body.remedy,
            first_office=_printed_facts(catalogue.office(1)),
            second_office=_printed_facts(catalogue.office(2)),
            signatory=_signatory(ticket, rulebook, now),
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.RESOLUTION, payload, now=now)


async def forwarding(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    *,
    institution: str,
    replied: bool,
    law: Regime | None,
    now: datetime,
) -> None:
    """Inform the applicant of the institution that is responsible; `law` is the basis (3071 art. 5, 4982 art. 7)."""

    def payload(facts: CitizenFacts) -> ForwardedOutPayload:
        return ForwardedOutPayload(
            **facts,
            institution=institution,
            forwarded_at=now,
            legal_basis=law,
            event_seq=ticket.event_seq if replied else None,
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.FORWARDED_OUT, payload, now=now)


async def interim_reply(
    session: AsyncSession, vault: Vault, ticket: Ticket, catalogue: Catalogue, *, law: Regime | None, now: datetime
) -> None:
    """Send the applicant an interim reply; `law` is the law whose limit it satisfies."""

    def payload(facts: CitizenFacts) -> InterimReplyPayload:
        return InterimReplyPayload(
            **facts,
            event_seq=ticket.event_seq,
            replied_at=now,
            unit_name=_unit_name(ticket, catalogue),
            legal_basis=law,
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.INTERIM_REPLY, payload, now=now)


async def extension(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    rulebook: Rulebook,
    *,
    body: ExtensionBody,
    due_at: datetime,
    now: datetime,
) -> None:
    """Inform the applicant of the longer limit of law 4982: its ground and its end."""

    def payload(facts: CitizenFacts) -> ExtensionPayload:
        return ExtensionPayload(
            **facts,
            ground=body.ground,
            extended_at=now,
            new_due=due_at,
            consulted=body.consulted,
            signatory=_signatory(ticket, rulebook, now),
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.EXTENSION, payload, now=now)


async def fee(
    session: AsyncSession, vault: Vault, ticket: Ticket, *, amount: Decimal, pay_by: datetime, now: datetime
) -> None:
    """Inform the applicant of the fee of access and of the last instant to pay it."""

    def payload(facts: CitizenFacts) -> FeePayload:
        return FeePayload(**facts, amount=amount, notified_at=now, pay_by=pay_by)

    await _notify_applicant(session, vault, ticket, NoticeKind.FEE_NOTICE, payload, now=now)


async def withdrawal(
    session: AsyncSession, vault: Vault, ticket: Ticket, *, pay_by: datetime | None, now: datetime
) -> None:
    """Confirm that the request ended without an answer.

    `pay_by` is the end of the time to pay if the fee was not paid; None if the applicant withdrew.
    """

    def payload(facts: CitizenFacts) -> WithdrawalPayload:
        return WithdrawalPayload(
            **facts, cause="own_wish" if pay_by is None else "fee_unpaid", withdrawn_at=now, pay_by=pay_by
        )

    await _notify_applicant(session, vault, ticket, NoticeKind.WITHDRAWAL, payload, now=now)


async def duplicate(session: AsyncSession, vault: Vault, ticket: Ticket, *, original: str, now: datetime) -> None:
    """Inform the applicant of the number under which the matter continues."""

    def payload(facts: CitizenFacts) -> DuplicatePayload:
        return DuplicatePayload(**facts, duplicate_of=original)

    await _notify_applicant(session, vault, ticket, NoticeKind.DUPLICATE, payload, now=now)


async def unreached(session: AsyncSession, vault: Vault, ticket: Ticket, *, attempts: int, now: datetime) -> None:
    """Write to an applicant whom no callback reached."""

    def payload(facts: CitizenFacts) -> UnreachedPayload:
        return UnreachedPayload(**facts, attempts=attempts, last_attempt_at=now)

    await _notify_applicant(session, vault, ticket, NoticeKind.UNREACHED, payload, now=now)


def _printed_facts(office: ApplicationOffice) -> OfficeFacts:
    """Return an application office as the published table prints it."""
    printed = office.printed
    return OfficeFacts(place=printed.place, official=printed.name, title=printed.job_title, phone=printed.phone)


def _unit_name(ticket: Ticket, catalogue: Catalogue) -> str | None:
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return unit.name if unit else None


def _signatory(ticket: Ticket, rulebook: Rulebook, now: datetime) -> OfficeFacts | None:
    """Return the head or deputy of the first office today, who signs letters to the applicant.

    None if the records system has to name the signatory: the ticket is about that office, or it is a complaint. The
    office that received a complaint answers it.
    """
    if ticket.about_first_office or ticket.service == STANDARDS_COMPLAINT:
        return None
    today = rulebook.calendars[OFFICE_HOURS].local_date(now)
    return office_facts(holder(rulebook.catalogue, 1, today))


async def _notify_applicant(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    kind: NoticeKind,
    payload: Callable[[CitizenFacts], CitizenPayload],
    *,
    now: datetime,
) -> None:
    """Queue the notice that `payload` makes; do nothing if no medium reaches the applicant."""
    found = await session.execute(select(Applicant).where(Applicant.id == ticket.applicant_id))
    applicant = found.scalar_one()
    medium = preferred_medium_of_applicant(applicant, ticket.channel, vault)
    if medium is None:
        return
    facts: CitizenFacts = {
        "number": ticket.number,
        "applicant_named": applicant.name is not None,
        "received_at": ticket.received_at,
        "language": applicant.language,
    }
    await _queue(session, ticket, kind, payload(facts), recipient=APPLICANT, medium=medium, now=now)


async def _queue(
    session: AsyncSession,
    ticket: Ticket,
    kind: NoticeKind,
    payload: Payload,
    *,
    recipient: Recipient,
    medium: Medium,
    now: datetime,
) -> None:
    """Insert the notice; the event number as `repeat` allows the same command to notify again."""
    row = notice_row(
        kind,
        payload,
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        level=0,
        recipient=recipient,
        medium=medium,
        now=now,
        repeat=ticket.event_seq,
    )
    await bulk_insert(session, Notice, [row])
    enqueue(session, "deliver_notices", [row["id"]])

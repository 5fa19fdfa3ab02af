"""Notices to the applicant about what happened to their ticket."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import bulk_insert
from app.core.jobs import enqueue
from app.domain.terms import Outcome, Regime
from app.notices.kinds import Medium, NoticeKind, OfficeFacts, UnlistedDocumentsPayload
from app.notices.model import Notice
from app.notices.recipients import as_printed, as_recipient, holder
from app.notices.rows import APPLICANT, notice_row
from app.people.identity import PhoneKind, parse_phone
from app.people.model import Applicant
from app.people.vault import Vault
from app.sla.model import SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.rulebook import Rulebook
from app.standards.values import OFFICE_HOURS, ApplicationOffice, Catalogue, Channel
from app.tickets.clock_policies import STANDARDS_COMPLAINT
from app.tickets.model import Ticket
from app.tickets.request import ContactBy, Person
from app.tickets.schemas import ExtensionBody, ResolutionBody


def reachable_by(
    *, channel: str, identity_hidden: bool, phone_kind: PhoneKind | None, has_email: bool, contact_by: str | None
) -> Medium | None:
    """How an applicant is told: as they wish, else by SMS to a mobile phone, else by e-mail.

    Never where the identity is hidden; CİMER answers its applicants itself.
    """
    if identity_hidden or channel == Channel.CIMER:
        return None
    if contact_by == ContactBy.APP:
        return Medium.WEBHOOK
    if phone_kind is PhoneKind.MOBILE and contact_by != ContactBy.EMAIL:
        return Medium.SMS
    return Medium.EMAIL if has_email else None


def way_to(person: Person, channel: str) -> Medium | None:
    """`reachable_by` for somebody who is just applying."""
    return reachable_by(
        channel=channel,
        identity_hidden=person.identity_hidden,
        phone_kind=person.phone.kind if person.phone else None,
        has_email=person.email is not None,
        contact_by=person.contact_by,
    )


def office_of(office: ApplicationOffice) -> OfficeFacts:
    """An application office as notices print it."""
    printed = office.printed
    return OfficeFacts(place=printed.place, official=printed.name, title=printed.job_title, phone=printed.phone)


async def referral(
    session: AsyncSession, vault: Vault, ticket: Ticket, clocks: Sequence[SlaClock], *, unit_name: str, now: datetime
) -> None:
    """Tell the applicant which directorate has the ticket."""
    promise = next((clock for clock in clocks if clock.kind == "promise" and clock.state == "running"), None)
    await _tell(
        session,
        vault,
        ticket,
        NoticeKind.REFERRAL,
        now=now,
        unit_name=unit_name,
        referred_at=now,
        promise_due=promise.due_at if promise else None,
        under_a_day=promise is not None and PinnedPolicy.from_json(promise.policy).policy.limit.under_a_day,
    )


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
    """Tell the applicant what is still missing, and which of it is `unlisted`: not on the published table."""
    await _tell(
        session,
        vault,
        ticket,
        NoticeKind.MISSING_DOCUMENTS,
        now=now,
        documents=labels,
        unlisted=unlisted,
        complete_by=None,
        signatory=_signatory(ticket, rulebook, now),
    )


async def unlisted_documents(
    session: AsyncSession, ticket: Ticket, rulebook: Rulebook, *, labels: tuple[str, ...], now: datetime
) -> None:
    """Tell the application office that documents beyond the published list were asked for, and why.

    A matter about the first office itself is told to the second.
    """
    catalogue, today = rulebook.catalogue, rulebook.calendars[OFFICE_HOURS].local_date(now)
    addressed = holder(catalogue, 2 if ticket.about_first_office else 1, today)
    service = catalogue.service(ticket.service)
    payload = UnlistedDocumentsPayload(
        number=ticket.number,
        service_name=service.name if service else ticket.service,
        unit_name=_unit_name(ticket, catalogue),
        requested_at=now,
        documents=labels,
        event_seq=ticket.event_seq,
        office=as_printed(addressed),
    )
    row = notice_row(
        NoticeKind.UNLISTED_DOCUMENTS,
        payload,
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        level=0,
        recipient=as_recipient(addressed),
        medium=Medium.EMAIL,
        now=now,
        repeat=ticket.event_seq,
    )
    await bulk_insert(session, Notice, [row])
    enqueue(session.info, "deliver_notices", [row["id"]])


async def resolution(
    session: AsyncSession,
    vault: Vault,
    ticket: Ticket,
    rulebook: Rulebook,
    *,
    body: ResolutionBody,
    law: Regime | None,
    now: datetime,
) -> None:
    """Tell the applicant how the ticket ended, with the remedy where it was refused, or who has the matter now.

    `law` is the one that it was under, by which a matter of somebody else's is sent on (3071 art. 5, 4982 art. 7).
    """
    catalogue = rulebook.catalogue
    event_seq = ticket.event_seq if body.words else None
    if body.outcome is Outcome.FORWARDED_OUT:
        facts = {"institution": body.forwarded_to, "forwarded_at": now, "legal_basis": law, "event_seq": event_seq}
        await _tell(session, vault, ticket, NoticeKind.FORWARDED_OUT, now=now, **facts)
        return
    await _tell(
        session,
        vault,
        ticket,
        NoticeKind.RESOLUTION,
        now=now,
        unit_name=_unit_name(ticket, catalogue),
        outcome=body.outcome,
        replied=bool(body.words),
        event_seq=event_seq,
        remedy=body.remedy,
        first_office=office_of(catalogue.office(1)),
        second_office=office_of(catalogue.office(2)),
        signatory=_signatory(ticket, rulebook, now),
    )


async def interim_reply(
    session: AsyncSession, vault: Vault, ticket: Ticket, catalogue: Catalogue, *, law: Regime | None, now: datetime
) -> None:
    """Tell the applicant how the matter stands; `law` is the one whose limit is met by it."""
    await _tell(
        session,
        vault,
        ticket,
        NoticeKind.INTERIM_REPLY,
        now=now,
        event_seq=ticket.event_seq,
        replied_at=now,
        unit_name=_unit_name(ticket, catalogue),
        legal_basis=law,
    )


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
    """Tell the applicant that the longer limit of law 4982 was taken, why, and until when."""
    await _tell(
        session,
        vault,
        ticket,
        NoticeKind.EXTENSION,
        now=now,
        ground=body.ground,
        extended_at=now,
        new_due=due_at,
        consulted=body.consulted,
        signatory=_signatory(ticket, rulebook, now),
    )


async def fee(
    session: AsyncSession, vault: Vault, ticket: Ticket, *, amount: Decimal, pay_by: datetime, now: datetime
) -> None:
    """Tell the applicant what access costs, and until when to pay."""
    facts = {"amount": amount, "notified_at": now, "pay_by": pay_by}
    await _tell(session, vault, ticket, NoticeKind.FEE_NOTICE, now=now, **facts)


async def withdrawal(
    session: AsyncSession, vault: Vault, ticket: Ticket, *, pay_by: datetime | None, now: datetime
) -> None:
    """Confirm that the request ended without an answer: by the applicant's own wish, or its fee unpaid by `pay_by`."""
    cause = "own_wish" if pay_by is None else "fee_unpaid"
    facts = {"cause": cause, "withdrawn_at": now, "pay_by": pay_by}
    await _tell(session, vault, ticket, NoticeKind.WITHDRAWAL, now=now, **facts)


async def duplicate(session: AsyncSession, vault: Vault, ticket: Ticket, *, original: str, now: datetime) -> None:
    """Tell the applicant under which number the matter goes on."""
    await _tell(session, vault, ticket, NoticeKind.DUPLICATE, now=now, duplicate_of=original)


async def unreached(session: AsyncSession, vault: Vault, ticket: Ticket, *, attempts: int, now: datetime) -> None:
    """Write to an applicant whom nobody reached by telephone."""
    facts = {"attempts": attempts, "last_attempt_at": now}
    await _tell(session, vault, ticket, NoticeKind.UNREACHED, now=now, **facts)


def _unit_name(ticket: Ticket, catalogue: Catalogue) -> str | None:
    unit = catalogue.unit(ticket.unit) if ticket.unit else None
    return unit.name if unit else None


def _signatory(ticket: Ticket, rulebook: Rulebook, now: datetime) -> OfficeFacts | None:
    """Who signs a letter to the applicant: whoever holds the first office today, head or deputy.

    None where that office is itself the matter, and for a complaint, which the office that it was made to answers: the
    records system names who signs.
    """
    if ticket.about_first_office or ticket.service == STANDARDS_COMPLAINT:
        return None
    today = rulebook.calendars[OFFICE_HOURS].local_date(now)
    return as_printed(holder(rulebook.catalogue, 1, today))


async def _tell(
    session: AsyncSession, vault: Vault, ticket: Ticket, kind: NoticeKind, *, now: datetime, **facts: Any
) -> None:
    """Queue the notice if the applicant can be reached; `repeat` is the event's number: a command may come again."""
    found = await session.execute(select(Applicant).where(Applicant.id == ticket.applicant_id))
    applicant = found.scalar_one()
    phone_kind = None
    if applicant.phone is not None:
        stored = vault.open(applicant.phone, table="applicant", column="phone", row_id=applicant.id)
        phone_kind = parse_phone(stored).kind
    medium = reachable_by(
        channel=ticket.channel,
        identity_hidden=applicant.identity_hidden,
        phone_kind=phone_kind,
        has_email=applicant.email is not None,
        contact_by=applicant.contact_by,
    )
    if medium is None:
        return
    common = {
        "number": ticket.number,
        "applicant_named": applicant.name is not None,
        "received_at": ticket.received_at,
        "language": applicant.language,
    }
    row = notice_row(
        kind,
        kind.spec.payload(**common, **facts),
        ticket_id=ticket.id,
        cycle=ticket.cycle,
        level=0,
        recipient=APPLICANT,
        medium=medium,
        now=now,
        repeat=ticket.event_seq,
    )
    await bulk_insert(session, Notice, [row])
    enqueue(session.info, "deliver_notices", [row["id"]])

"""The commands of a ticket's life. Each is one transaction: lock, authorise, decide, change, record, plan notices.

The workflow table decides; no command sets a state by itself. Everything that a person wrote is sealed before it is
stored: a reply on the ticket, other words beside the event they belong to. Commands about the limit itself are in
`limits.py`.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from app.core.errors import FieldError, Invalid, NotFound, Unavailable
from app.sla import clocks as sla
from app.sla.calendar import ClockKind
from app.sla.policy import PinnedPolicy, interim_reply_satisfies
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.commands import notifications
from app.tickets.commands.context import (
    LockedTicket,
    Work,
    insert_clocks,
    move,
    moves,
    refuse_forbidden,
    service_of,
)
from app.tickets.creation.prepare import start_clock
from app.tickets.endings import end_escalations
from app.tickets.model import Ticket, TicketDocument
from app.tickets.queries import by_number
from app.tickets.request import Kind
from app.tickets.schemas import (
    CallbackBody,
    DocumentsBody,
    DuplicateBody,
    PauseBody,
    ReferBody,
    RequestDocumentsBody,
    ResolutionBody,
)
from app.tickets.workflow import CALLBACK_ATTEMPTS, Command, Outcome, PauseReason

EXTRA_DOCUMENT = "extra_document_requested"
"""The ground of complaint that the published table prints first: a document beyond its list was asked for."""


async def register(work: Work, held: LockedTicket) -> None:
    """The desk has looked at the request and keeps it."""
    move(work, held.ticket, Command.REGISTER)


async def refer(work: Work, held: LockedTicket, body: ReferBody) -> None:
    """Send the ticket to a directorate (sevk); the citizen is told."""
    refuse_forbidden(held.ticket, Command.REFER)
    rulebook = await work.rulebook()
    unit = rulebook.catalogue.unit(body.unit)
    if unit is None:
        raise Invalid([FieldError("/unit", "unknown_unit", {"allowed": [u.code for u in rulebook.catalogue.units]})])
    move(work, held.ticket, Command.REFER, {"unit": unit.code, "from_unit": held.ticket.unit}, note=body.note)
    held.ticket.unit, held.ticket.referred_at = unit.code, work.now
    await notifications.referral(work.session, work.vault, held.ticket, held.clocks, unit_name=unit.name, now=work.now)


async def accept(work: Work, held: LockedTicket) -> None:
    """The directorate takes the ticket on."""
    move(work, held.ticket, Command.ACCEPT)


async def return_(work: Work, held: LockedTicket, reason: str) -> None:
    """The directorate gives the ticket back (iade), with its reason; no clock is reset by it."""
    move(work, held.ticket, Command.RETURN, {"from_unit": held.ticket.unit}, note=reason)
    held.ticket.unit = None


async def request_documents(work: Work, held: LockedTicket, body: RequestDocumentsBody) -> None:
    """Ask for documents that the published table lists; for others only with a reason that the office reads.

    Asking for an unlisted one is the first ground of complaint that the table prints: without `override_reason` it is
    refused by that name. Raises `Invalid`.
    """
    ticket = held.ticket
    refuse_forbidden(ticket, Command.REQUEST_DOCUMENTS)
    service, _ = await service_of(work, ticket)
    published = {document.code: document.label for document in service.documents}
    _refuse_unlisted(body, published)
    unlisted = {document.code: document.label for document in body.unlisted}
    asked = {code: published[code] for code in body.documents} | unlisted
    data = {"documents": list(asked), "unlisted": list(unlisted) or None}
    move(work, ticket, Command.REQUEST_DOCUMENTS, data, note=body.override_reason)
    ticket.documents_complete_at = None
    for code, label in asked.items():
        await work.session.merge(TicketDocument(ticket_id=ticket.id, code=code, label=label, provided_at=None))
    for clock in held.clocks:
        await sla.pause(work.session, clock, reason=PauseReason.AWAITING_CITIZEN.value, at=work.now)
    rulebook, labels, beyond = await work.rulebook(), tuple(asked.values()), tuple(unlisted.values())
    await notifications.missing_documents(
        work.session, work.vault, ticket, rulebook, labels=labels, unlisted=beyond, now=work.now
    )
    if beyond:
        await notifications.unlisted_documents(work.session, ticket, rulebook, labels=beyond, now=work.now)


async def provide_documents(work: Work, held: LockedTicket, body: DocumentsBody) -> None:
    """Note documents that came; when none is missing any more, a promise that waited for them starts."""
    refuse_forbidden(held.ticket, Command.PROVIDE_DOCUMENTS)
    rows = {
        row.code: row
        for row in await work.session.scalars(select(TicketDocument).where(TicketDocument.ticket_id == held.ticket.id))
    }
    _refuse_unknown(body.documents, rows)
    for code in body.documents:
        rows[code].provided_at = rows[code].provided_at or work.now
    complete = all(row.provided_at is not None for row in rows.values())
    moved = await _resume_clocks(work, held) if complete else []
    data = {"documents": list(body.documents), "complete": complete, **moves(moved)}
    move(work, held.ticket, Command.PROVIDE_DOCUMENTS, data, stays=not complete)
    if complete:
        held.ticket.documents_complete_at = work.now
        await _start_waiting_clocks(work, held)


async def pause(work: Work, held: LockedTicket, body: PauseBody) -> None:
    """Wait for the citizen or for somebody outside; the promise stands still if the service allows it."""
    move(work, held.ticket, Command.PAUSE, {"reason": body.reason.value}, note=body.note, pause_reason=body.reason)
    for clock in held.clocks:
        await sla.pause(work.session, clock, reason=body.reason.value, at=work.now)


async def resume(work: Work, held: LockedTicket) -> None:
    """What was waited for has come; the promise runs on."""
    refuse_forbidden(held.ticket, Command.RESUME)
    move(work, held.ticket, Command.RESUME, moves(await _resume_clocks(work, held)))


async def interim_reply(work: Work, held: LockedTicket, text: str) -> None:
    """Tell the applicant how the matter stands: it satisfies law 3071 art. 7, while the final reply is still owed."""
    ticket = held.ticket
    move(work, ticket, Command.INTERIM_REPLY, note=text)
    ticket.interim_reply_at = work.now
    law = None
    for clock in held.clocks:
        if interim_reply_satisfies(clock.policy) and clock.state != "cancelled":
            law = clock.policy["regime"]
            await sla.meet(work.session, clock, calendar=held.calendar_of(clock), at=work.now)
    catalogue = (await work.rulebook()).catalogue
    await notifications.interim_reply(work.session, work.vault, ticket, catalogue, law=law, now=work.now)


async def propose(work: Work, held: LockedTicket, body: ResolutionBody) -> None:
    """The officer's draft of an answer goes to be approved; no clock is moved by it."""
    move(work, held.ticket, Command.PROPOSE, {"outcome": body.outcome.value}, note=body.words)


async def reject(work: Work, held: LockedTicket, reason: str) -> None:
    """The draft answer was not approved."""
    move(work, held.ticket, Command.REJECT, note=reason)


async def resolve(work: Work, held: LockedTicket, body: ResolutionBody) -> None:
    """Answer the request: both clocks stop, on time if now is not after their due instants; the citizen is told."""
    ticket = held.ticket
    data = {"outcome": body.outcome.value, "remedy": body.remedy, "forwarded_to": body.forwarded_to}
    move(work, ticket, Command.RESOLVE, data, note=body.words or None)  # a reopening clears the reply, not this
    ticket.outcome, ticket.resolved_at = body.outcome.value, work.now
    ticket.reply = work.vault.seal(body.words, table="ticket", column="reply", row_id=ticket.id) if body.words else None
    for clock in held.clocks:
        await sla.meet(work.session, clock, calendar=held.calendar_of(clock), at=work.now)
    await end_escalations(work.session, ticket, at=work.now)
    rulebook = await work.rulebook()
    await notifications.resolution(work.session, work.vault, ticket, rulebook, body=body, law=held.law, now=work.now)


async def callback(work: Work, held: LockedTicket, body: CallbackBody) -> None:
    """An attempt to tell the citizen the result; the one that reaches them, or the third, closes the ticket."""
    ticket = held.ticket
    attempt = ticket.callback_attempts + 1
    done = body.reached or attempt >= CALLBACK_ATTEMPTS
    data = {"attempt": attempt, "reached": body.reached, "score": body.score}
    move(work, ticket, Command.CALLBACK, data, note=body.note, callback_done=done)
    ticket.callback_attempts = attempt
    if done:
        ticket.closed_at = work.now
    if done and not body.reached:
        await notifications.unreached(work.session, work.vault, ticket, attempts=attempt, now=work.now)


async def close(work: Work, held: LockedTicket, note: str | None) -> None:
    """Nothing is owed any more."""
    move(work, held.ticket, Command.CLOSE, note=note)
    held.ticket.closed_at = work.now


async def reopen(work: Work, held: LockedTicket, reason: str) -> None:
    """The matter is not settled after all: a new cycle with clocks of its own; a second breach is a new notice (C6)."""
    ticket = held.ticket
    move(work, ticket, Command.REOPEN, {"cycle": ticket.cycle + 1}, note=reason)
    ticket.cycle += 1
    ticket.outcome = ticket.reply = ticket.resolved_at = ticket.closed_at = ticket.interim_reply_at = None
    ticket.duplicate_of, ticket.callback_attempts = None, 0
    rulebook, known = await work.rulebook(), await _policies(work, ticket)
    opened = [
        sla.next_cycle(
            clock,
            cycle=ticket.cycle,
            started_at=work.now,
            calendar=rulebook.calendars[clock.policy["hours"]],
            calendar_version_id=rulebook.calendar_version_id,
        )
        for clock in held.clocks
        if known[ClockKind(clock.kind)] is not None  # a re-classification may have left it behind
    ]
    await insert_clocks(work, opened)


async def withdraw(work: Work, held: LockedTicket, note: str | None) -> None:
    """The applicant gives the request up; its clocks leave the figures."""
    move(work, held.ticket, Command.WITHDRAW, note=note)
    held.ticket.outcome, held.ticket.closed_at = Outcome.WITHDRAWN.value, work.now
    for clock in held.clocks:
        await sla.cancel(work.session, clock, calendar=held.calendar_of(clock), at=work.now)
    await end_escalations(work.session, held.ticket, at=work.now)
    await notifications.withdrawal(work.session, work.vault, held.ticket, pay_by=None, now=work.now)


async def link_duplicate(work: Work, held: LockedTicket, body: DuplicateBody) -> None:
    """The same matter is another ticket already; this one is closed as its duplicate."""
    refuse_forbidden(held.ticket, Command.LINK_DUPLICATE)
    original = await _original(work, held.ticket, body.duplicate_of)
    move(work, held.ticket, Command.LINK_DUPLICATE, {"duplicate_of": original.number})
    held.ticket.duplicate_of, held.ticket.closed_at = original.id, work.now
    held.ticket.outcome = Outcome.DUPLICATE.value
    for clock in held.clocks:
        await sla.cancel(work.session, clock, calendar=held.calendar_of(clock), at=work.now)
    await end_escalations(work.session, held.ticket, at=work.now)
    await notifications.duplicate(work.session, work.vault, held.ticket, original=original.number, now=work.now)


async def comment(work: Work, held: LockedTicket, text: str) -> None:
    """Write something beside the ticket; it moves no clock (C1)."""
    move(work, held.ticket, Command.COMMENT, note=text)


def _refuse_unknown(codes: list[str], allowed: Mapping[str, object]) -> None:
    unknown = [index for index, code in enumerate(codes) if code not in allowed]
    if unknown:
        facts = {"allowed": sorted(allowed) or ["–"]}
        raise Invalid([FieldError(f"/documents/{index}", "unknown_document", facts) for index in unknown])


def _refuse_unlisted(body: RequestDocumentsBody, published: Mapping[str, object]) -> None:
    """The printed ground stands in the refusal, so that whoever asks learns of what the citizen could complain."""
    facts = {"ground": EXTRA_DOCUMENT, "allowed": sorted(published) or ["–"]}
    unlisted = [f"/documents/{index}" for index, code in enumerate(body.documents) if code not in published]
    if body.override_reason is None:
        unlisted += [f"/unlisted/{index}" for index in range(len(body.unlisted))]
    errors = [FieldError(pointer, "unlisted_document", facts) for pointer in unlisted]
    errors += [
        FieldError(f"/unlisted/{index}", "listed_document")
        for index, document in enumerate(body.unlisted)
        if document.code in published
    ]
    if body.override_reason is not None and not body.unlisted:
        errors.append(FieldError("/override_reason", "nothing_to_override"))
    if errors:
        raise Invalid(errors)


async def _original(work: Work, ticket: Ticket, number: str) -> Ticket:
    """The ticket that `ticket` is to be a duplicate of; locked, so that no two become each other's at once.

    Raises `Invalid` for one that is not visible, or is itself a duplicate of `ticket` over any number of steps (both
    would be closed, and nobody would answer), and `Unavailable` while somebody else holds it.
    """
    try:
        original = await work.session.scalar(by_number(work.actor, number))
    except NotFound:
        original = None
    if original is None:
        raise Invalid([FieldError("/duplicate_of", "ticket_number")])
    following: UUID | None = original.id
    while following is not None and following != ticket.id:
        locked = select(Ticket.duplicate_of).where(Ticket.id == following)
        row = (await work.session.execute(locked.with_for_update(key_share=True, skip_locked=True))).one_or_none()
        if row is None:
            raise Unavailable(retry_after=1)
        following = row.duplicate_of
    if following is not None:
        raise Invalid([FieldError("/duplicate_of", "duplicate_itself")])
    return original


async def _resume_clocks(work: Work, held: LockedTicket) -> list[sla.Moved | None]:
    return [
        await sla.resume(work.session, clock, calendar=held.calendar_of(clock), at=work.now) for clock in held.clocks
    ]


async def _start_waiting_clocks(work: Work, held: LockedTicket) -> None:
    """Start what could not run before the documents (or the signature) had come."""
    ticket = held.ticket
    if ticket.kind == Kind.THANKS:
        return
    rulebook, known = await work.rulebook(), await _policies(work, ticket)
    opened = [
        start_clock(policy, rulebook, ticket_id=ticket.id, cycle=ticket.cycle, started_at=work.now)
        for kind, policy in known.items()
        if policy is not None and held.clock(kind) is None
    ]
    await insert_clocks(work, opened)


async def _policies(work: Work, ticket: Ticket) -> dict[ClockKind, PinnedPolicy | None]:
    """What the ticket's service promises, and the law beside it, None without one."""
    service, catalogue = await service_of(work, ticket)
    law = statutory_policy(service, catalogue, formal=ticket.formal, right_to_information=ticket.right_to_information)
    return {ClockKind.PROMISE: promise_policy(service), ClockKind.STATUTORY: law}

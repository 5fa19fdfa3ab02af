"""The commands of a ticket's life. Each is one transaction: lock, authorise, decide, change, record, plan notices.

The workflow table decides; no command sets a state by itself. Everything that a person wrote is sealed before it is
stored: a reply on the ticket, other words beside the event they belong to. Commands about the limit itself are in
`limits.py`.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from app.core.errors import FieldError, Invalid, NotFound, Unavailable
from app.domain.terms import ComplaintGround, Outcome, PauseReason
from app.sla import clocks as sla
from app.sla.calendar import ClockKind
from app.sla.policy import PinnedPolicy, interim_reply_satisfies
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.commands import notifications
from app.tickets.commands.context import (
    CommandContext,
    LockedTicket,
    close_escalations,
    insert_clocks,
    move,
    moves,
    refuse_forbidden,
    service_of,
)
from app.tickets.creation.prepare import start_clock
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
from app.tickets.workflow import CALLBACK_ATTEMPTS, Command


async def register(context: CommandContext, locked: LockedTicket) -> None:
    """The desk has looked at the request and keeps it."""
    move(context, locked.ticket, Command.REGISTER)


async def refer(context: CommandContext, locked: LockedTicket, body: ReferBody) -> None:
    """Send the ticket to a directorate (sevk); the citizen is told."""
    refuse_forbidden(locked.ticket, Command.REFER)
    rulebook = await context.rulebook()
    unit = rulebook.catalogue.unit(body.unit)
    if unit is None:
        raise Invalid([FieldError("/unit", "unknown_unit", {"allowed": [u.code for u in rulebook.catalogue.units]})])
    move(context, locked.ticket, Command.REFER, {"unit": unit.code, "from_unit": locked.ticket.unit}, note=body.note)
    locked.ticket.unit, locked.ticket.referred_at = unit.code, context.now
    await notifications.referral(
        context.session, context.vault, locked.ticket, locked.clocks, unit_name=unit.name, now=context.now
    )


async def accept(context: CommandContext, locked: LockedTicket) -> None:
    """The directorate takes the ticket on."""
    move(context, locked.ticket, Command.ACCEPT)


async def return_(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """The directorate gives the ticket back (iade), with its reason; no clock is reset by it."""
    move(context, locked.ticket, Command.RETURN, {"from_unit": locked.ticket.unit}, note=reason)
    locked.ticket.unit = None


async def request_documents(context: CommandContext, locked: LockedTicket, body: RequestDocumentsBody) -> None:
    """Ask for documents that the published table lists; for others only with a reason that the office reads.

    Asking for an unlisted one is the first ground of complaint that the table prints: without `override_reason` it is
    refused by that name. Raises `Invalid`.
    """
    ticket = locked.ticket
    refuse_forbidden(ticket, Command.REQUEST_DOCUMENTS)
    service, _ = await service_of(context, ticket)
    published = {document.code: document.label for document in service.documents}
    _refuse_unlisted(body, published)
    unlisted = {document.code: document.label for document in body.unlisted}
    asked = {code: published[code] for code in body.documents} | unlisted
    data = {"documents": list(asked), "unlisted": list(unlisted) or None}
    move(context, ticket, Command.REQUEST_DOCUMENTS, data, note=body.override_reason)
    ticket.documents_complete_at = None
    for code, label in asked.items():
        await context.session.merge(TicketDocument(ticket_id=ticket.id, code=code, label=label, provided_at=None))
    for clock in locked.clocks:
        await sla.pause(context.session, clock, reason=PauseReason.AWAITING_CITIZEN.value, at=context.now)
    rulebook, labels, beyond = await context.rulebook(), tuple(asked.values()), tuple(unlisted.values())
    await notifications.missing_documents(
        context.session, context.vault, ticket, rulebook, labels=labels, unlisted=beyond, now=context.now
    )
    if beyond:
        await notifications.unlisted_documents(context.session, ticket, rulebook, labels=beyond, now=context.now)


async def provide_documents(context: CommandContext, locked: LockedTicket, body: DocumentsBody) -> None:
    """Note documents that came; when none is missing any more, a promise that waited for them starts."""
    refuse_forbidden(locked.ticket, Command.PROVIDE_DOCUMENTS)
    rows = {
        row.code: row
        for row in await context.session.scalars(
            select(TicketDocument).where(TicketDocument.ticket_id == locked.ticket.id)
        )
    }
    _refuse_unknown(body.documents, rows)
    for code in body.documents:
        rows[code].provided_at = rows[code].provided_at or context.now
    complete = all(row.provided_at is not None for row in rows.values())
    moved = await _resume_clocks(context, locked) if complete else []
    data = {"documents": list(body.documents), "complete": complete, **moves(moved)}
    move(context, locked.ticket, Command.PROVIDE_DOCUMENTS, data, stays=not complete)
    if complete:
        locked.ticket.documents_complete_at = context.now
        await _start_waiting_clocks(context, locked)


async def pause(context: CommandContext, locked: LockedTicket, body: PauseBody) -> None:
    """Wait for the citizen or for somebody outside; the promise stands still if the service allows it."""
    move(context, locked.ticket, Command.PAUSE, {"reason": body.reason.value}, note=body.note, pause_reason=body.reason)
    for clock in locked.clocks:
        await sla.pause(context.session, clock, reason=body.reason.value, at=context.now)


async def resume(context: CommandContext, locked: LockedTicket) -> None:
    """What was waited for has come; the promise runs on."""
    refuse_forbidden(locked.ticket, Command.RESUME)
    move(context, locked.ticket, Command.RESUME, moves(await _resume_clocks(context, locked)))


async def interim_reply(context: CommandContext, locked: LockedTicket, text: str) -> None:
    """Tell the applicant how the matter stands: it satisfies law 3071 art. 7, while the final reply is still owed."""
    ticket = locked.ticket
    move(context, ticket, Command.INTERIM_REPLY, note=text)
    ticket.interim_reply_at = context.now
    law = None
    for clock in locked.clocks:
        if interim_reply_satisfies(clock.policy) and clock.state != "cancelled":
            law = PinnedPolicy.from_json(clock.policy).regime
            await sla.meet(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    catalogue = (await context.rulebook()).catalogue
    await notifications.interim_reply(context.session, context.vault, ticket, catalogue, law=law, now=context.now)


async def propose(context: CommandContext, locked: LockedTicket, body: ResolutionBody) -> None:
    """The officer's draft of an answer goes to be approved; no clock is moved by it."""
    move(context, locked.ticket, Command.PROPOSE, {"outcome": body.outcome.value}, note=body.words)


async def reject(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """The draft answer was not approved."""
    move(context, locked.ticket, Command.REJECT, note=reason)


async def resolve(context: CommandContext, locked: LockedTicket, body: ResolutionBody) -> None:
    """Answer the request: both clocks stop, on time if now is not after their due instants; the citizen is told."""
    ticket = locked.ticket
    data = {"outcome": body.outcome.value, "remedy": body.remedy, "forwarded_to": body.forwarded_to}
    move(context, ticket, Command.RESOLVE, data, note=body.words or None)  # a reopening clears the reply, not this
    ticket.outcome, ticket.resolved_at = body.outcome.value, context.now
    ticket.reply = (
        context.vault.seal(body.words, table="ticket", column="reply", row_id=ticket.id) if body.words else None
    )
    for clock in locked.clocks:
        await sla.meet(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    await close_escalations(context.session, ticket, at=context.now)
    rulebook = await context.rulebook()
    await notifications.resolution(
        context.session, context.vault, ticket, rulebook, body=body, law=locked.law, now=context.now
    )


async def callback(context: CommandContext, locked: LockedTicket, body: CallbackBody) -> None:
    """An attempt to tell the citizen the result; the one that reaches them, or the third, closes the ticket."""
    ticket = locked.ticket
    attempt = ticket.callback_attempts + 1
    done = body.reached or attempt >= CALLBACK_ATTEMPTS
    data = {"attempt": attempt, "reached": body.reached, "score": body.score}
    move(context, ticket, Command.CALLBACK, data, note=body.note, callback_done=done)
    ticket.callback_attempts = attempt
    if done:
        ticket.closed_at = context.now
    if done and not body.reached:
        await notifications.unreached(context.session, context.vault, ticket, attempts=attempt, now=context.now)


async def close(context: CommandContext, locked: LockedTicket, note: str | None) -> None:
    """Nothing is owed any more."""
    move(context, locked.ticket, Command.CLOSE, note=note)
    locked.ticket.closed_at = context.now


async def reopen(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """The matter is not settled after all: a new cycle with clocks of its own; a second breach is a new notice (C6)."""
    ticket = locked.ticket
    move(context, ticket, Command.REOPEN, {"cycle": ticket.cycle + 1}, note=reason)
    ticket.cycle += 1
    ticket.outcome = ticket.reply = ticket.resolved_at = ticket.closed_at = ticket.interim_reply_at = None
    ticket.duplicate_of, ticket.callback_attempts = None, 0
    rulebook, known = await context.rulebook(), await _policies(context, ticket)
    opened = [
        sla.next_cycle(
            clock,
            cycle=ticket.cycle,
            started_at=context.now,
            calendar=rulebook.calendars[clock.policy["hours"]],
            calendar_version_id=rulebook.calendar_version_id,
        )
        for clock in locked.clocks
        if known[ClockKind(clock.kind)] is not None  # a re-classification may have left it behind
    ]
    await insert_clocks(context, opened)


async def withdraw(context: CommandContext, locked: LockedTicket, note: str | None) -> None:
    """The applicant gives the request up; its clocks leave the figures."""
    move(context, locked.ticket, Command.WITHDRAW, note=note)
    locked.ticket.outcome, locked.ticket.closed_at = Outcome.WITHDRAWN.value, context.now
    for clock in locked.clocks:
        await sla.cancel(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    await close_escalations(context.session, locked.ticket, at=context.now)
    await notifications.withdrawal(context.session, context.vault, locked.ticket, pay_by=None, now=context.now)


async def link_duplicate(context: CommandContext, locked: LockedTicket, body: DuplicateBody) -> None:
    """The same matter is another ticket already; this one is closed as its duplicate."""
    refuse_forbidden(locked.ticket, Command.LINK_DUPLICATE)
    original = await _original(context, locked.ticket, body.duplicate_of)
    move(context, locked.ticket, Command.LINK_DUPLICATE, {"duplicate_of": original.number})
    locked.ticket.duplicate_of, locked.ticket.closed_at = original.id, context.now
    locked.ticket.outcome = Outcome.DUPLICATE.value
    for clock in locked.clocks:
        await sla.cancel(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    await close_escalations(context.session, locked.ticket, at=context.now)
    await notifications.duplicate(
        context.session, context.vault, locked.ticket, original=original.number, now=context.now
    )


async def comment(context: CommandContext, locked: LockedTicket, text: str) -> None:
    """Write something beside the ticket; it moves no clock (C1)."""
    move(context, locked.ticket, Command.COMMENT, note=text)


def _refuse_unknown(codes: list[str], allowed: Mapping[str, object]) -> None:
    unknown = [index for index, code in enumerate(codes) if code not in allowed]
    if unknown:
        facts = {"allowed": sorted(allowed) or ["–"]}
        raise Invalid([FieldError(f"/documents/{index}", "unknown_document", facts) for index in unknown])


def _refuse_unlisted(body: RequestDocumentsBody, published: Mapping[str, object]) -> None:
    """The printed ground stands in the refusal, so that whoever asks learns of what the citizen could complain."""
    facts = {"ground": ComplaintGround.EXTRA_DOCUMENT_REQUESTED.value, "allowed": sorted(published) or ["–"]}
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


async def _original(context: CommandContext, ticket: Ticket, number: str) -> Ticket:
    """The ticket that `ticket` is to be a duplicate of; locked, so that no two become each other's at once.

    Raises `Invalid` for one that is not visible, or is itself a duplicate of `ticket` over any number of steps (both
    would be closed, and nobody would answer), and `Unavailable` while somebody else holds it.
    """
    try:
        original = await context.session.scalar(by_number(context.actor, number))
    except NotFound:
        original = None
    if original is None:
        raise Invalid([FieldError("/duplicate_of", "ticket_number")])
    following: UUID | None = original.id
    while following is not None and following != ticket.id:
        locked = select(Ticket.duplicate_of).where(Ticket.id == following)
        row = (await context.session.execute(locked.with_for_update(key_share=True, skip_locked=True))).one_or_none()
        if row is None:
            raise Unavailable(retry_after=1)
        following = row.duplicate_of
    if following is not None:
        raise Invalid([FieldError("/duplicate_of", "duplicate_itself")])
    return original


async def _resume_clocks(context: CommandContext, locked: LockedTicket) -> list[sla.Moved | None]:
    return [
        await sla.resume(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        for clock in locked.clocks
    ]


async def _start_waiting_clocks(context: CommandContext, locked: LockedTicket) -> None:
    """Start what could not run before the documents (or the signature) had come."""
    ticket = locked.ticket
    if ticket.kind == Kind.THANKS:
        return
    rulebook, known = await context.rulebook(), await _policies(context, ticket)
    opened = [
        start_clock(policy, rulebook, ticket_id=ticket.id, cycle=ticket.cycle, started_at=context.now)
        for kind, policy in known.items()
        if policy is not None and locked.clock(kind) is None
    ]
    await insert_clocks(context, opened)


async def _policies(context: CommandContext, ticket: Ticket) -> dict[ClockKind, PinnedPolicy | None]:
    """What the ticket's service promises, and the law beside it, None without one."""
    service, catalogue = await service_of(context, ticket)
    law = statutory_policy(service, catalogue, formal=ticket.formal, right_to_information=ticket.right_to_information)
    return {ClockKind.PROMISE: promise_policy(service), ClockKind.STATUTORY: law}

"""The commands of a ticket's life. Each is one transaction: lock, authorise, decide, change, record, queue notices.

The workflow table decides; no command sets a state by itself. Text that a person wrote is sealed before it is stored:
a reply on the ticket, other text as the note of its event. Commands about the limit itself are in `limits.py`.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from app.core.errors import FieldError, Invalid, NotFound, Unavailable
from app.domain.terms import ComplaintGround, Outcome, PauseReason
from app.sla import clocks
from app.sla.calendar import ClockKind
from app.sla.clock_rows import open_clock
from app.sla.policy import PinnedPolicy
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.commands import notifications
from app.tickets.commands.context import (
    CommandContext,
    LockedTicket,
    apply_transition,
    close_escalations,
    insert_clocks,
    moved_due_dates,
    require_allowed,
    service_of,
)
from app.tickets.creation.prepare import start_clock
from app.tickets.intake import Kind
from app.tickets.model import Ticket, TicketDocument
from app.tickets.queries import select_by_number
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
    """Register a request that the desk has checked (kayıt)."""
    apply_transition(context, locked.ticket, Command.REGISTER)


async def refer(context: CommandContext, locked: LockedTicket, body: ReferBody) -> None:
    """Refer the ticket to a directorate (sevk), and notify the applicant."""
    require_allowed(locked.ticket, Command.REFER)
    rulebook = await context.rulebook()
    unit = rulebook.catalogue.unit(body.unit)
    if unit is None:
        raise Invalid([FieldError("/unit", "unknown_unit", {"allowed": [u.code for u in rulebook.catalogue.units]})])
    apply_transition(
        context, locked.ticket, Command.REFER, {"unit": unit.code, "from_unit": locked.ticket.unit}, note=body.note
    )
    locked.ticket.unit, locked.ticket.referred_at = unit.code, context.now
    await notifications.referral(
        context.session, context.vault, locked.ticket, locked.clocks, unit_name=unit.name, now=context.now
    )


async def accept(context: CommandContext, locked: LockedTicket) -> None:
    """Accept a referred ticket on behalf of the directorate."""
    apply_transition(context, locked.ticket, Command.ACCEPT)


async def return_(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """Return the ticket from the directorate (iade), with the reason; the clocks run on."""
    apply_transition(context, locked.ticket, Command.RETURN, {"from_unit": locked.ticket.unit}, note=reason)
    locked.ticket.unit = None


async def request_documents(context: CommandContext, locked: LockedTicket, body: RequestDocumentsBody) -> None:
    """Request documents: those of the published table, or unlisted ones with a reason that the office reads.

    An unlisted document is the first ground of complaint that the table prints. Raises `Invalid` with that ground if
    `override_reason` is missing.
    """
    ticket = locked.ticket
    require_allowed(ticket, Command.REQUEST_DOCUMENTS)
    service, _ = await service_of(context, ticket)
    published = {document.code: document.label for document in service.documents}
    _require_listed(body, published)
    unlisted = {document.code: document.label for document in body.unlisted}
    requested = {code: published[code] for code in body.documents} | unlisted
    data = {"documents": list(requested), "unlisted": list(unlisted) or None}
    apply_transition(context, ticket, Command.REQUEST_DOCUMENTS, data, note=body.override_reason)
    ticket.documents_complete_at = None
    for code, label in requested.items():
        await context.session.merge(TicketDocument(ticket_id=ticket.id, code=code, label=label, provided_at=None))
    for clock in locked.clocks:
        await clocks.pause(context.session, clock, reason=PauseReason.AWAITING_CITIZEN.value, at=context.now)
    rulebook, labels, beyond = await context.rulebook(), tuple(requested.values()), tuple(unlisted.values())
    await notifications.missing_documents(
        context.session, context.vault, ticket, rulebook, labels=labels, unlisted=beyond, now=context.now
    )
    if beyond:
        await notifications.unlisted_documents(context.session, ticket, rulebook, labels=beyond, now=context.now)


async def provide_documents(context: CommandContext, locked: LockedTicket, body: DocumentsBody) -> None:
    """Record documents that were provided; start a promise that waited for them once none is missing."""
    require_allowed(locked.ticket, Command.PROVIDE_DOCUMENTS)
    rows = {
        row.code: row
        for row in await context.session.scalars(
            select(TicketDocument).where(TicketDocument.ticket_id == locked.ticket.id)
        )
    }
    _require_known(body.documents, rows)
    for code in body.documents:
        rows[code].provided_at = rows[code].provided_at or context.now
    complete = all(row.provided_at is not None for row in rows.values())
    moved = await _resume_clocks(context, locked) if complete else []
    data = {"documents": list(body.documents), "complete": complete, **moved_due_dates(moved)}
    apply_transition(context, locked.ticket, Command.PROVIDE_DOCUMENTS, data, keep_state=not complete)
    if complete:
        locked.ticket.documents_complete_at = context.now
        await _start_waiting_clocks(context, locked)


async def pause(context: CommandContext, locked: LockedTicket, body: PauseBody) -> None:
    """Wait for the citizen or for another institution; pause the promise if the service allows it."""
    apply_transition(
        context, locked.ticket, Command.PAUSE, {"reason": body.reason.value}, note=body.note, pause_reason=body.reason
    )
    for clock in locked.clocks:
        await clocks.pause(context.session, clock, reason=body.reason.value, at=context.now)


async def resume(context: CommandContext, locked: LockedTicket) -> None:
    """Resume work and the paused promise."""
    require_allowed(locked.ticket, Command.RESUME)
    apply_transition(context, locked.ticket, Command.RESUME, moved_due_dates(await _resume_clocks(context, locked)))


async def interim_reply(context: CommandContext, locked: LockedTicket, text: str) -> None:
    """Send an interim reply: it satisfies law 3071 art. 7, while the final reply is still owed."""
    ticket = locked.ticket
    apply_transition(context, ticket, Command.INTERIM_REPLY, note=text)
    ticket.interim_reply_at = context.now
    law = None
    for clock in locked.clocks:
        if clock.pinned.interim_reply_satisfies and clock.state != "cancelled":
            law = clock.pinned.regime
            await clocks.mark_met(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    catalogue = (await context.rulebook()).catalogue
    await notifications.interim_reply(context.session, context.vault, ticket, catalogue, law=law, now=context.now)


async def propose(context: CommandContext, locked: LockedTicket, body: ResolutionBody) -> None:
    """Submit the officer's draft of an answer for approval; the clocks run on."""
    apply_transition(context, locked.ticket, Command.PROPOSE, {"outcome": body.outcome.value}, note=body.words)


async def reject(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """Reject the draft answer; work goes on."""
    apply_transition(context, locked.ticket, Command.REJECT, note=reason)


async def resolve(context: CommandContext, locked: LockedTicket, body: ResolutionBody) -> None:
    """Answer the request: stop both clocks, and notify the applicant.

    The text is stored twice: reopening clears the reply of the ticket, but not the note of the event.
    """
    ticket, words = locked.ticket, body.words or None
    data = {"outcome": body.outcome.value, "remedy": body.remedy, "forwarded_to": body.forwarded_to}
    apply_transition(context, ticket, Command.RESOLVE, data, note=words)
    ticket.outcome, ticket.resolved_at = body.outcome.value, context.now
    ticket.reply = context.vault.seal(words, table="ticket", column="reply", row_id=ticket.id) if words else None
    for clock in locked.clocks:
        await clocks.mark_met(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    await close_escalations(context.session, ticket, at=context.now)
    await _notify_of_resolution(context, locked, body)


async def callback(context: CommandContext, locked: LockedTicket, body: CallbackBody) -> None:
    """Record a callback with the result; the one that reaches the citizen, or the third, closes the ticket."""
    ticket = locked.ticket
    attempt = ticket.callback_attempts + 1
    done = body.reached or attempt >= CALLBACK_ATTEMPTS
    data = {"attempt": attempt, "reached": body.reached, "score": body.score}
    apply_transition(context, ticket, Command.CALLBACK, data, note=body.note, callback_done=done)
    ticket.callback_attempts = attempt
    if done:
        ticket.closed_at = context.now
    if done and not body.reached:
        await notifications.unreached(context.session, context.vault, ticket, attempts=attempt, now=context.now)


async def close(context: CommandContext, locked: LockedTicket, note: str | None) -> None:
    """Close an answered ticket."""
    apply_transition(context, locked.ticket, Command.CLOSE, note=note)
    locked.ticket.closed_at = context.now


async def reopen(context: CommandContext, locked: LockedTicket, reason: str) -> None:
    """Start a new cycle with clocks of its own; a second breach is a new notice (C6)."""
    ticket = locked.ticket
    apply_transition(context, ticket, Command.REOPEN, {"cycle": ticket.cycle + 1}, note=reason)
    ticket.cycle += 1
    ticket.outcome = ticket.reply = ticket.resolved_at = ticket.closed_at = ticket.interim_reply_at = None
    ticket.duplicate_of, ticket.callback_attempts = None, 0
    rulebook, known = await context.rulebook(), await _policies(context, ticket)
    opened = [
        open_clock(
            clock.pinned,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            started_at=context.now,
            calendar=rulebook.calendars[clock.pinned.hours],
            calendar_version_id=rulebook.calendar_version_id,
        )
        for clock in locked.clocks
        if known[ClockKind(clock.kind)] is not None  # None if reclassification removed this limit
    ]
    await insert_clocks(context, opened)


async def withdraw(context: CommandContext, locked: LockedTicket, note: str | None) -> None:
    """Withdraw the request by the applicant's wish; its clocks leave the figures."""
    apply_transition(context, locked.ticket, Command.WITHDRAW, note=note)
    locked.ticket.outcome, locked.ticket.closed_at = Outcome.WITHDRAWN.value, context.now
    await _cancel_clocks(context, locked)
    await close_escalations(context.session, locked.ticket, at=context.now)
    await notifications.withdrawal(context.session, context.vault, locked.ticket, pay_by=None, now=context.now)


async def link_duplicate(context: CommandContext, locked: LockedTicket, body: DuplicateBody) -> None:
    """Close the ticket as a duplicate of an earlier one."""
    require_allowed(locked.ticket, Command.LINK_DUPLICATE)
    original = await _lock_original(context, locked.ticket, body.duplicate_of)
    apply_transition(context, locked.ticket, Command.LINK_DUPLICATE, {"duplicate_of": original.number})
    locked.ticket.duplicate_of, locked.ticket.closed_at = original.id, context.now
    locked.ticket.outcome = Outcome.DUPLICATE.value
    await _cancel_clocks(context, locked)
    await close_escalations(context.session, locked.ticket, at=context.now)
    await notifications.duplicate(
        context.session, context.vault, locked.ticket, original=original.number, now=context.now
    )


async def comment(context: CommandContext, locked: LockedTicket, text: str) -> None:
    """Add a comment to the history; no clock moves (C1)."""
    apply_transition(context, locked.ticket, Command.COMMENT, note=text)


def _require_known(codes: list[str], allowed: Mapping[str, object]) -> None:
    unknown = [index for index, code in enumerate(codes) if code not in allowed]
    if unknown:
        facts = {"allowed": sorted(allowed) or ["–"]}
        raise Invalid([FieldError(f"/documents/{index}", "unknown_document", facts) for index in unknown])


def _require_listed(body: RequestDocumentsBody, published: Mapping[str, object]) -> None:
    """Raise `Invalid` for unlisted documents without a reason; the error names the printed ground of complaint."""
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


async def _lock_original(context: CommandContext, ticket: Ticket, number: str) -> Ticket:
    """Lock and return the ticket of which `ticket` is a duplicate; the lock prevents mutual duplicates.

    Raises `Invalid` if the original is not visible. Raises it also for a duplicate of `ticket` itself over any number
    of steps: both would be closed without an answer. Raises `Unavailable` while another command has locked it.
    """
    try:
        original = await context.session.scalar(select_by_number(context.actor, number))
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


async def _notify_of_resolution(context: CommandContext, locked: LockedTicket, body: ResolutionBody) -> None:
    ticket = locked.ticket
    if body.outcome is Outcome.FORWARDED_OUT and body.forwarded_to is not None:
        await notifications.forwarding(
            context.session,
            context.vault,
            ticket,
            institution=body.forwarded_to,
            replied=bool(body.words),
            law=locked.regime,
            now=context.now,
        )
    else:
        rulebook = await context.rulebook()
        await notifications.resolution(context.session, context.vault, ticket, rulebook, body=body, now=context.now)


async def _cancel_clocks(context: CommandContext, locked: LockedTicket) -> None:
    for clock in locked.clocks:
        await clocks.cancel(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)


async def _resume_clocks(context: CommandContext, locked: LockedTicket) -> list[clocks.DueDateMove | None]:
    return [
        await clocks.resume(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        for clock in locked.clocks
    ]


async def _start_waiting_clocks(context: CommandContext, locked: LockedTicket) -> None:
    """Start the clocks that could not run before the documents (or the signature) were complete."""
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
    """Return the policies of the ticket's service by kind of clock; None for a limit that it does not have."""
    service, catalogue = await service_of(context, ticket)
    law = statutory_policy(service, catalogue, formal=ticket.formal, right_to_information=ticket.right_to_information)
    return {ClockKind.PROMISE: promise_policy(service), ClockKind.STATUTORY: law}

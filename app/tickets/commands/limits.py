"""The commands about the limit itself: extension, fee, due date set by hand, reclassification.

The event of each command names every due date that moved, with the former date.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core.errors import FieldError, Invalid, LimitPassed, NoFee, NoLimit, NotExtendable
from app.sla import clocks
from app.sla.calendar import ClockKind
from app.sla.policy import PinnedPolicy
from app.standards.rulebook import Rulebook
from app.standards.values import Service
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.commands import notifications
from app.tickets.commands.context import (
    CommandContext,
    LockedTicket,
    apply_transition,
    insert_clocks,
    moved_due_dates,
    require_allowed,
)
from app.tickets.creation.prepare import WET_SIGNATURE, last_day, start_clock
from app.tickets.intake import Kind
from app.tickets.model import Ticket, TicketDocument, TicketEvent
from app.tickets.schemas import DueBody, ExtensionBody, FeeBody, PaymentBody, ServiceBody
from app.tickets.workflow import Command

LATEST_DUE = timedelta(days=730)
"""The furthest due date that a person may set; a later one is a typing error."""


async def extend(context: CommandContext, locked: LockedTicket, body: ExtensionBody) -> None:
    """Extend the limit as the law allows, before it ends, and notify the applicant of the ground and the new date.

    Law 4982 art. 11: 30 working days in all. Raises `NotExtendable`, `LimitPassed`.
    """
    require_allowed(locked.ticket, Command.EXTEND)
    clock = locked.clock(ClockKind.STATUTORY)
    if clock is None:
        raise NotExtendable
    moved = await clocks.extend(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    data = {"ground": body.ground.value, **moved_due_dates([moved])}
    apply_transition(context, locked.ticket, Command.EXTEND, data, note=body.note)
    rulebook = await context.rulebook()
    await notifications.extension(
        context.session, context.vault, locked.ticket, rulebook, body=body, due_at=clock.due_at, now=context.now
    )


async def fee_notice(context: CommandContext, locked: LockedTicket, body: FeeBody) -> None:
    """Request the fee of access: the limits are interrupted until it is paid (law 4982, "süreler kesilir").

    An unpaid request counts as withdrawn after the time that the law gives. Raises `NoFee`.
    """
    require_allowed(locked.ticket, Command.FEE_NOTICE)
    law = locked.clock(ClockKind.STATUTORY)
    if law is None or law.pinned.fee_within is None:
        raise NoFee
    pay_dates = [
        await clocks.request_fee(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        for clock in locked.clocks
    ]
    pay_by = next(instant for instant in pay_dates if instant is not None)
    data = {"amount": str(body.amount), "pay_by": pay_by.isoformat()}
    apply_transition(context, locked.ticket, Command.FEE_NOTICE, data, note=body.note)
    await notifications.fee(
        context.session, context.vault, locked.ticket, amount=body.amount, pay_by=pay_by, now=context.now
    )


async def fee_paid(context: CommandContext, locked: LockedTicket, body: PaymentBody) -> None:
    """Record the payment of the fee: the interrupted limits restart from the day of payment.

    Raises `Invalid` for an instant before the notice or after now, `LimitPassed` for one after the time to pay.
    """
    require_allowed(locked.ticket, Command.FEE_PAID)
    paid_at = body.paid_at or context.now
    await _check_payment(context, locked, paid_at)
    moved = [
        await clocks.restart(context.session, clock, calendar=locked.calendar_of(clock), at=paid_at)
        for clock in locked.clocks
    ]
    apply_transition(
        context, locked.ticket, Command.FEE_PAID, {"paid_at": paid_at.isoformat(), **moved_due_dates(moved)}
    )


async def reclassify(context: CommandContext, locked: LockedTicket, body: ServiceBody) -> None:
    """Move the ticket to another service, whose limits count from the original start with the recorded pauses.

    The restart after a paid fee is dropped if the law of the new service has no fee. Levels that fired are not
    repeated. Raises `Invalid` for a service that is unknown, closed or the same.
    """
    require_allowed(locked.ticket, Command.RECLASSIFY)
    rulebook, ticket = await context.rulebook(), locked.ticket
    service = _other_service(rulebook, ticket.service, body.service)
    data = {"service": service.code, "from_service": ticket.service}
    ticket.service = service.code
    law = statutory_policy(
        service, rulebook.catalogue, formal=ticket.formal, right_to_information=ticket.right_to_information
    )
    keep_restart = law is not None and law.fee_within is not None
    moved = [
        await _repin(context, locked, rulebook, kind, pinned, keep_restart=keep_restart)
        for kind, pinned in ((ClockKind.PROMISE, promise_policy(service)), (ClockKind.STATUTORY, law))
    ]
    apply_transition(context, ticket, Command.RECLASSIFY, {**data, **moved_due_dates(moved)}, note=body.reason)


async def override_due(context: CommandContext, locked: LockedTicket, body: DueBody) -> None:
    """Set the due date of the promise by hand; no pause, calendar or catalogue moves it afterwards.

    Raises `NoLimit`, `LimitPassed`, and `Invalid` for a date that is past or more than two years ahead.
    """
    require_allowed(locked.ticket, Command.OVERRIDE_DUE)
    clock = locked.clock(ClockKind.PROMISE)
    if clock is None:
        raise NoLimit
    if body.due_at <= context.now:
        raise Invalid([FieldError("/due_at", "too_old", {"earliest": context.now.isoformat()})])
    if body.due_at > (latest := context.now + LATEST_DUE):
        raise Invalid([FieldError("/due_at", "too_late", {"latest": latest.isoformat()})])
    moved = await clocks.override_due_at(
        context.session, clock, due_at=body.due_at, calendar=locked.calendar_of(clock), at=context.now
    )
    apply_transition(context, locked.ticket, Command.OVERRIDE_DUE, moved_due_dates([moved]), note=body.reason)


async def _check_payment(context: CommandContext, locked: LockedTicket, paid_at: datetime) -> None:
    if paid_at > context.now:
        raise Invalid([FieldError("/paid_at", "in_future")])
    law = locked.clock(ClockKind.STATUTORY)
    if law is None:
        raise NoFee
    notice = await _last_event(context, locked.ticket, Command.FEE_NOTICE)
    if notice is not None and paid_at < notice.at:
        raise Invalid([FieldError("/paid_at", "too_old", {"earliest": notice.at.isoformat()})])
    pay_by = await clocks.open_fee_due_at(context.session, law)
    if pay_by is not None and paid_at > pay_by:
        raise LimitPassed(due_at=pay_by.isoformat())


def _other_service(rulebook: Rulebook, present: str, wanted: str) -> Service:
    """Return the service to which a ticket is moved; raise `Invalid` on `/service`."""
    others = [one.code for one in rulebook.catalogue.services if one.accepts_new and one.code != present]
    service = rulebook.catalogue.service(wanted)
    if service is None or service.code not in others:
        code = "unknown_service" if service is None else "same_service" if service.code == present else "service_closed"
        facts = {"allowed": sorted(others), "closed_on": last_day(service) if service else None}
        raise Invalid([FieldError("/service", code, facts)])
    return service


async def _repin(
    context: CommandContext,
    locked: LockedTicket,
    rulebook: Rulebook,
    kind: ClockKind,
    pinned: PinnedPolicy | None,
    *,
    keep_restart: bool,
) -> clocks.DueDateMove | None:
    """Repin, start or cancel one clock by the policy of the new service; return its move."""
    clock, ticket = locked.clock(kind), locked.ticket
    if pinned is None:
        if clock:
            await clocks.cancel(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        return None
    replied_at = await _first_reply(context, ticket) if pinned.interim_reply_satisfies else None
    if clock is None:
        if not await _cannot_start(context, ticket, kind):
            await _start(context, ticket, rulebook, pinned, replied_at=replied_at)
        return None
    if not keep_restart:
        clock.restarted_at = None
    return await clocks.repin(
        context.session,
        clock,
        pinned,
        calendar=rulebook.calendars[pinned.hours],
        calendar_version_id=rulebook.calendar_version_id,
        replied_at=replied_at,
        at=context.now,
    )


async def _start(
    context: CommandContext, ticket: Ticket, rulebook: Rulebook, pinned: PinnedPolicy, *, replied_at: datetime | None
) -> None:
    """Start a limit that the former service did not have, from the beginning of the cycle.

    `replied_at` is the instant of an earlier interim reply that satisfies the new limit.
    """
    reopened, kind = await _last_event(context, ticket, Command.REOPEN), pinned.policy.clock_kind
    began = reopened.at if reopened else ticket.occurred_at
    opened = start_clock(pinned, rulebook, ticket_id=ticket.id, cycle=ticket.cycle, started_at=began)
    await insert_clocks(context, [opened])
    if replied_at is not None:
        started = await clocks.clocks_of(context.session, ticket.id, ticket.cycle)
        clock = next(clock for clock in started if clock.kind == kind)
        await clocks.mark_met(context.session, clock, calendar=rulebook.calendars[pinned.hours], at=replied_at)


async def _cannot_start(context: CommandContext, ticket: Ticket, kind: ClockKind) -> bool:
    """Return whether the limit can't start: thanks, missing documents (promise) or a missing signature (law)."""
    if ticket.kind == Kind.THANKS:
        return True
    if kind is ClockKind.PROMISE:
        return ticket.documents_complete_at is None
    signature = select(TicketDocument).where(
        TicketDocument.ticket_id == ticket.id, TicketDocument.provided_at.is_(None)
    )
    return await context.session.scalar(signature.where(TicketDocument.code == WET_SIGNATURE.code)) is not None


async def _first_reply(context: CommandContext, ticket: Ticket) -> datetime | None:
    """Return the instant of the first interim reply in the present cycle, the one that a law requires."""
    reopened = await _last_event(context, ticket, Command.REOPEN)
    replies = select(func.min(TicketEvent.at)).where(
        TicketEvent.ticket_id == ticket.id,
        TicketEvent.kind == Command.INTERIM_REPLY,
        TicketEvent.seq > (reopened.seq if reopened else 0),
    )
    return await context.session.scalar(replies)


async def _last_event(context: CommandContext, ticket: Ticket, command: Command) -> TicketEvent | None:
    """Return the last event of the command; the last reopening began the present cycle."""
    events = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == command)
    return await context.session.scalar(events.order_by(TicketEvent.seq.desc()).limit(1))

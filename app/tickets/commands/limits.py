"""The commands about the limit itself: extended, interrupted for a fee, set by hand, judged as another service.

Each names in its event every due date that it moved, with the date before.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core.errors import FieldError, Invalid, LimitPassed, NoFee, NoLimit, NotExtendable
from app.sla import clocks as sla
from app.sla.calendar import ClockKind
from app.sla.policy import PinnedPolicy
from app.standards.rulebook import Rulebook
from app.standards.values import Service
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.commands import notifications
from app.tickets.commands.context import CommandContext, LockedTicket, insert_clocks, move, moves, refuse_forbidden
from app.tickets.creation.prepare import WET_SIGNATURE, last_day, start_clock
from app.tickets.model import Ticket, TicketDocument, TicketEvent
from app.tickets.request import Kind
from app.tickets.schemas import DueBody, ExtensionBody, FeeBody, PaymentBody, ServiceBody
from app.tickets.workflow import Command

LATEST_DUE = timedelta(days=730)
"""How far ahead a person may set a due date: what lies beyond is a slip of the keyboard."""


async def extend(context: CommandContext, locked: LockedTicket, body: ExtensionBody) -> None:
    """Take the longer limit that the law allows, before the first one ends; the applicant is told why and until when.

    Law 4982 art. 11: 30 working days in all. Raises `NotExtendable`, `LimitPassed`.
    """
    refuse_forbidden(locked.ticket, Command.EXTEND)
    clock = locked.clock(ClockKind.STATUTORY)
    if clock is None:
        raise NotExtendable
    moved = await sla.extend(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
    data = {"ground": body.ground.value, **moves([moved])}
    move(context, locked.ticket, Command.EXTEND, data, note=body.note)
    rulebook = await context.rulebook()
    await notifications.extension(
        context.session, context.vault, locked.ticket, rulebook, body=body, due_at=clock.due_at, now=context.now
    )


async def fee_notice(context: CommandContext, locked: LockedTicket, body: FeeBody) -> None:
    """Ask for the fee of access: the limits are interrupted until it is paid (law 4982, "süreler kesilir").

    Without payment the request counts as withdrawn after the time that the law gives. Raises `NoFee`.
    """
    refuse_forbidden(locked.ticket, Command.FEE_NOTICE)
    law = locked.clock(ClockKind.STATUTORY)
    if law is None or PinnedPolicy.from_json(law.policy).fee_within is None:
        raise NoFee
    asked = [
        await sla.ask_for_fee(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        for clock in locked.clocks
    ]
    pay_by = next(instant for instant in asked if instant is not None)
    data = {"amount": str(body.amount), "pay_by": pay_by.isoformat()}
    move(context, locked.ticket, Command.FEE_NOTICE, data, note=body.note)
    await notifications.fee(
        context.session, context.vault, locked.ticket, amount=body.amount, pay_by=pay_by, now=context.now
    )


async def fee_paid(context: CommandContext, locked: LockedTicket, body: PaymentBody) -> None:
    """The fee was paid: the interrupted limits count anew from the day of payment.

    Raises `Invalid` for an instant before the notice or after now, `LimitPassed` for one after the time to pay.
    """
    refuse_forbidden(locked.ticket, Command.FEE_PAID)
    paid_at = body.paid_at or context.now
    await _check_payment(context, locked, paid_at)
    moved = [
        await sla.restart(context.session, clock, calendar=locked.calendar_of(clock), at=paid_at)
        for clock in locked.clocks
    ]
    move(context, locked.ticket, Command.FEE_PAID, {"paid_at": paid_at.isoformat(), **moves(moved)})


async def reclassify(context: CommandContext, locked: LockedTicket, body: ServiceBody) -> None:
    """The request belongs to another service: its limits count from the original start, with the pauses there were.

    So a fee that was paid restarts nothing any more where the law of that service knows none. What an office was told
    of stays told. Raises `Invalid` for a service that is unknown, closed or the same.
    """
    refuse_forbidden(locked.ticket, Command.RECLASSIFY)
    rulebook, ticket = await context.rulebook(), locked.ticket
    service = _other_service(rulebook, ticket.service, body.service)
    data = {"service": service.code, "from_service": ticket.service}
    ticket.service = service.code
    law = statutory_policy(
        service, rulebook.catalogue, formal=ticket.formal, right_to_information=ticket.right_to_information
    )
    keeps_restart = law is not None and law.fee_within is not None
    moved = [
        await _judge_anew(context, locked, rulebook, kind, pinned, keeps_restart=keeps_restart)
        for kind, pinned in ((ClockKind.PROMISE, promise_policy(service)), (ClockKind.STATUTORY, law))
    ]
    move(context, ticket, Command.RECLASSIFY, {**data, **moves(moved)}, note=body.reason)


async def override_due(context: CommandContext, locked: LockedTicket, body: DueBody) -> None:
    """A person sets the date of the promise, with the reason; no pause, calendar or catalogue moves it afterwards.

    Raises `NoLimit`, `LimitPassed`, and `Invalid` for a date that is past or more than two years ahead.
    """
    refuse_forbidden(locked.ticket, Command.OVERRIDE_DUE)
    clock = locked.clock(ClockKind.PROMISE)
    if clock is None:
        raise NoLimit
    if body.due_at <= context.now:
        raise Invalid([FieldError("/due_at", "too_old", {"earliest": context.now.isoformat()})])
    if body.due_at > (latest := context.now + LATEST_DUE):
        raise Invalid([FieldError("/due_at", "too_late", {"latest": latest.isoformat()})])
    moved = await sla.override(
        context.session, clock, due_at=body.due_at, calendar=locked.calendar_of(clock), at=context.now
    )
    move(context, locked.ticket, Command.OVERRIDE_DUE, moves([moved]), note=body.reason)


async def _check_payment(context: CommandContext, locked: LockedTicket, paid_at: datetime) -> None:
    if paid_at > context.now:
        raise Invalid([FieldError("/paid_at", "in_future")])
    law = locked.clock(ClockKind.STATUTORY)
    if law is None:
        raise NoFee
    notice = await _last(context, locked.ticket, Command.FEE_NOTICE)
    if notice is not None and paid_at < notice.at:
        raise Invalid([FieldError("/paid_at", "too_old", {"earliest": notice.at.isoformat()})])
    pay_by = await sla.pay_by(context.session, law)
    if pay_by is not None and paid_at > pay_by:
        raise LimitPassed(due_at=pay_by.isoformat())


def _other_service(rulebook: Rulebook, present: str, wanted: str) -> Service:
    """The service to which a ticket is moved; raises `Invalid` on `/service`."""
    others = [one.code for one in rulebook.catalogue.services if one.accepts_new and one.code != present]
    service = rulebook.catalogue.service(wanted)
    if service is None or service.code not in others:
        code = "unknown_service" if service is None else "same_service" if service.code == present else "service_closed"
        facts = {"allowed": sorted(others), "closed_on": last_day(service) if service else None}
        raise Invalid([FieldError("/service", code, facts)])
    return service


async def _judge_anew(
    context: CommandContext,
    locked: LockedTicket,
    rulebook: Rulebook,
    kind: ClockKind,
    pinned: PinnedPolicy | None,
    *,
    keeps_restart: bool,
) -> sla.Moved | None:
    """One clock under the policy of the new service: moved, begun with its cycle, or taken away."""
    clock, ticket = locked.clock(kind), locked.ticket
    if pinned is None:
        if clock is not None:
            await sla.cancel(context.session, clock, calendar=locked.calendar_of(clock), at=context.now)
        return None
    if clock is None and await _waits(context, ticket, kind):
        return None
    kept_at = await _first_reply(context, ticket) if pinned.interim_reply_satisfies else None
    if clock is None:
        await _begin(context, ticket, rulebook, pinned, kept_at=kept_at)
        return None
    if not keeps_restart:
        clock.restarted_at = None
    return await sla.repin(
        context.session,
        clock,
        pinned,
        calendar=rulebook.calendars[pinned.hours],
        calendar_version_id=rulebook.calendar_version_id,
        kept_at=kept_at,
        at=context.now,
    )


async def _begin(
    context: CommandContext, ticket: Ticket, rulebook: Rulebook, pinned: PinnedPolicy, *, kept_at: datetime | None
) -> None:
    """A limit that the former service did not know, from where the cycle began; an interim reply may have kept it."""
    reopened, kind = await _last(context, ticket, Command.REOPEN), pinned.policy.clock_kind
    began = reopened.at if reopened else ticket.occurred_at
    opened = start_clock(pinned, rulebook, ticket_id=ticket.id, cycle=ticket.cycle, started_at=began)
    await insert_clocks(context, [opened])
    if kept_at is not None:
        clock = next(one for one in await sla.clocks_of(context.session, ticket.id, ticket.cycle) if one.kind == kind)
        await sla.meet(context.session, clock, calendar=rulebook.calendars[pinned.hours], at=kept_at)


async def _waits(context: CommandContext, ticket: Ticket, kind: ClockKind) -> bool:
    """Whether a limit can't begin: thanks owe none, a promise waits for documents, the law for a signature alone."""
    if ticket.kind == Kind.THANKS:
        return True
    if kind is ClockKind.PROMISE:
        return ticket.documents_complete_at is None
    signature = select(TicketDocument).where(
        TicketDocument.ticket_id == ticket.id, TicketDocument.provided_at.is_(None)
    )
    return await context.session.scalar(signature.where(TicketDocument.code == WET_SIGNATURE.code)) is not None


async def _first_reply(context: CommandContext, ticket: Ticket) -> datetime | None:
    """When the first interim reply of the present cycle was given: the one that a law asks for."""
    reopened = await _last(context, ticket, Command.REOPEN)
    replies = select(func.min(TicketEvent.at)).where(
        TicketEvent.ticket_id == ticket.id,
        TicketEvent.kind == Command.INTERIM_REPLY,
        TicketEvent.seq > (reopened.seq if reopened else 0),
    )
    return await context.session.scalar(replies)


async def _last(context: CommandContext, ticket: Ticket, command: Command) -> TicketEvent | None:
    """The last event of that kind: of the reopenings the one with which the present cycle began."""
    events = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == command)
    return await context.session.scalar(events.order_by(TicketEvent.seq.desc()).limit(1))

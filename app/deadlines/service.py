"""Explanations of the due dates of a ticket, and previews of due dates without a ticket.

A ticket is explained from its rows and the versions pinned to them, a preview from the rules that apply now.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.actor import Actor
from app.core.clock import ISTANBUL
from app.core.errors import FieldError, Invalid, NotFound
from app.domain.terms import ExtensionGround
from app.sla.calendar import ClockKind
from app.sla.clocks import as_pauses, clocks_of, open_fee_due_at, pauses_of
from app.sla.deadline import LedgerLine, Pause
from app.sla.explanation import Explanation
from app.sla.model import SlaClock
from app.sla.policy import PinnedPolicy
from app.standards.model import CatalogueVersion
from app.standards.rulebook import Rulebook, RulebookCache
from app.standards.values import Catalogue, Service
from app.tickets.clock_policies import promise_policy, statutory_policy
from app.tickets.model import Ticket, TicketEvent
from app.tickets.queries import load_events, select_by_number
from app.tickets.workflow import Command, State

EARLIEST_START = datetime(2006, 1, 1, tzinfo=ISTANBUL)
"""The earliest start of a preview: the first year with records (BİMER) and holidays."""

MAX_AHEAD = timedelta(days=3653)
"""The furthest start of a preview from now, and the furthest end of a pause from that start."""


@dataclass(frozen=True, slots=True)
class LimitExplanation:
    """One limit with the explanation of its due date: the pinned policy, the title of its law, the ledger.

    `ignored` are the pauses of a preview for which the policy does not pause this limit.
    """

    pinned: PinnedPolicy
    extended: bool
    law: str | None
    explanation: Explanation
    ignored: tuple[Pause, ...] = ()

    @property
    def printed(self) -> str:
        """Return the limit in force as the table prints it, or as the law names it."""
        return self.pinned.printed_in_force(extended=self.extended)


@dataclass(frozen=True, slots=True)
class DueChange:
    """A move of a due date: the event that moved it, and the actor behind that event."""

    event: TicketEvent
    by: str
    old_due_at: datetime
    new_due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockExplanation:
    """A clock of a ticket: the row, the explained limit, all pauses, all moves of its due date.

    `override` is the last move by hand. `by_interim_reply` is true if only an interim reply met the clock.
    `extended_for` is the ground of its extension. `pay_by` is the last instant to pay the fee that it waits for.
    """

    clock: SlaClock
    limit: LimitExplanation
    pauses: tuple[Pause, ...]
    changes: tuple[DueChange, ...]
    override: DueChange | None
    by_interim_reply: bool
    extended_for: ExtensionGround | None
    pay_by: datetime | None

    def used(self, now: datetime) -> int | None:
        """Return the part of the limit used until now, or until it was met; None for a cancelled clock."""
        until = self.clock.met_at or now
        return None if self.clock.state == "cancelled" else self.limit.explanation.used(until)

    @property
    def internal_target_at(self) -> datetime | None:
        """Return the due date of a limit restarted by a paid fee as if it had only been paused: the safe target.

        Law 4982 says "süreler kesilir"; an answer by this date is in time under either reading. None without a paid
        fee, and while the limit is paused.
        """
        if self.clock.restarted_at is None:
            return None
        found = self.limit.explanation
        return Explanation.of(found.policy, self.clock.started_at, found.calendar, found.pauses).due_at


@dataclass(frozen=True, slots=True)
class TicketExplanation:
    """The explained limits of one cycle of a ticket, with its service and the catalogue version it was opened under."""

    ticket: Ticket
    cycle: int
    service_code: str
    service: Service | None
    catalogue_version_id: UUID
    catalogue_loaded_at: datetime
    clocks: tuple[ClockExplanation, ...]
    now: datetime

    @property
    def awaits_documents(self) -> bool:
        """Return whether the promise of the present cycle has not started because a document is missing."""
        present = self.cycle == self.ticket.cycle and self.ticket.documents_complete_at is None
        return (
            present
            and State(self.ticket.state).is_open
            and not any(one.clock.kind == ClockKind.PROMISE for one in self.clocks)
        )


async def explain_ticket(
    session: AsyncSession, rulebooks: RulebookCache, actor: Actor, number: str, *, cycle: int | None, now: datetime
) -> TicketExplanation:
    """Explain the limits of a visible ticket in the given cycle, else in its present one.

    Raises `NotFound`, and `Invalid` for a cycle that the ticket does not have.
    """
    ticket = await session.scalar(select_by_number(actor, number))
    if ticket is None:
        raise NotFound
    cycle = ticket.cycle if cycle is None else cycle
    if cycle > ticket.cycle:
        raise Invalid([FieldError("/cycle", "maximum", {"max": ticket.cycle})])
    events = await load_events(session, ticket.id)
    opened_under = await session.get_one(CatalogueVersion, ticket.catalogue_version_id)
    catalogues = (opened_under.catalogue, (await rulebooks.current(session)).catalogue)
    code = _service_in(ticket, events, cycle)
    of_cycle = [event for at, event in _by_cycle(events) if at == cycle]
    clocks = await clocks_of(session, ticket.id, cycle)
    return TicketExplanation(
        ticket=ticket,
        cycle=cycle,
        service_code=code,
        service=next((found for each in catalogues if (found := each.service(code))), None),
        catalogue_version_id=opened_under.id,
        catalogue_loaded_at=opened_under.loaded_at,
        clocks=tuple([await _explain_clock(session, rulebooks, clock, of_cycle, catalogues) for clock in clocks]),
        now=now,
    )


async def _explain_clock(
    session: AsyncSession,
    rulebooks: RulebookCache,
    clock: SlaClock,
    events: Sequence[TicketEvent],
    catalogues: Sequence[Catalogue],
) -> ClockExplanation:
    pinned, extended = clock.pinned, clock.extended_at is not None
    calendar = (await rulebooks.calendars(session, clock.calendar_version_id))[pinned.hours]
    pauses = tuple(as_pauses(await pauses_of(session, clock.id)))
    policy = pinned.in_force(extended=extended)
    explanation = Explanation.of(policy, clock.counted_from, calendar, pauses)
    changes = tuple(_changes(clock.kind, events))
    by_hand = [change for change in changes if change.event.kind == Command.OVERRIDE_DUE]
    replied = {event.at for event in events if event.kind == Command.INTERIM_REPLY}
    grounds = [ExtensionGround(event.data["ground"]) for event in events if event.kind == Command.EXTEND]
    return ClockExplanation(
        clock=clock,
        limit=LimitExplanation(pinned, extended, law_title(pinned, catalogues), explanation),
        pauses=pauses,
        changes=changes,
        override=by_hand[-1] if clock.overridden and by_hand else None,
        by_interim_reply=pinned.interim_reply_satisfies and clock.met_at in replied,
        extended_for=grounds[-1] if extended and pinned.extended_to and grounds else None,
        pay_by=await open_fee_due_at(session, clock),
    )


def law_title(pinned: PinnedPolicy, catalogues: Sequence[Catalogue]) -> str | None:
    """Return the title of the law that sets a limit, from the first catalogue that has it; None for a promise."""
    regimes = (regime for catalogue in catalogues for regime in catalogue.regimes)
    return next((regime.law for regime in regimes if regime.code == pinned.regime), None)


def _by_cycle(events: Sequence[TicketEvent]) -> Iterator[tuple[int, TicketEvent]]:
    cycle = 1
    for event in events:
        cycle += event.kind == Command.REOPEN
        yield cycle, event


def _service_in(ticket: Ticket, events: Sequence[TicketEvent], cycle: int) -> str:
    """Return the service at the end of a cycle: undo the reclassifications of later cycles."""
    service = ticket.service
    for number, event in reversed(list(_by_cycle(events))):
        if number > cycle and event.kind == Command.RECLASSIFY:
            service = event.data["from_service"]
    return service


def _changes(kind: str, events: Sequence[TicketEvent]) -> Iterator[DueChange]:
    for event in events:
        for moved in event.data.get("moved", ()):
            if moved["clock"] == kind:
                old, new = (datetime.fromisoformat(moved[name]) for name in ("from", "to"))
                yield DueChange(event, event.data.get("by", event.actor), old, new)


def with_used_up(explanation: Explanation) -> Iterator[tuple[LedgerLine, bool]]:
    """Yield each line of a ledger and whether the limit was used up before: such a date can only be the end."""
    before, whole = 0, explanation.whole
    for line in explanation.ledger:
        yield line, before == whole > 0
        before = line.total


# ── previews ──


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The facts of a hypothetical request; its limits start at `starts_at`, with complete documents."""

    service: str
    starts_at: datetime
    formal: bool = False
    right_to_information: bool = False
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class DeadlinePreview:
    """The limits of a hypothetical request under the rules that apply now."""

    request: PreviewRequest
    service: Service
    rulebook: Rulebook
    promise: LimitExplanation
    statutory: LimitExplanation | None


def preview(request: PreviewRequest, rulebook: Rulebook, *, now: datetime) -> DeadlinePreview:
    """Return the limits that a ticket with these facts would get, by the same policies and the same function.

    Raises `Invalid`, naming `/service`, `/from`, `/pauses/<n>/to` or `/extended`.
    """
    service = rulebook.catalogue.service(request.service)
    if service is None:
        known = sorted(one.code for one in rulebook.catalogue.services)
        raise Invalid([FieldError("/service", "unknown_service", {"allowed": known})])
    _check_instants(request, now)
    law = statutory_policy(
        service, rulebook.catalogue, formal=request.formal, right_to_information=request.right_to_information
    )
    if request.extended and (law is None or law.extended_to is None):
        raise Invalid([FieldError("/extended", "not_extendable")])
    promise = _explain_hypothetical(promise_policy(service), request, rulebook)
    statutory = None if law is None else _explain_hypothetical(law, request, rulebook)
    return DeadlinePreview(request, service, rulebook, promise, statutory)


def _explain_hypothetical(pinned: PinnedPolicy, request: PreviewRequest, rulebook: Rulebook) -> LimitExplanation:
    """Explain one limit; as on a ticket, it is paused only for the reasons that its policy names."""
    extended = request.extended and pinned.extended_to is not None
    counting = tuple(pause for pause in request.pauses if pause.reason in pinned.pausable)
    ignored = tuple(pause for pause in request.pauses if pause.reason not in pinned.pausable)
    calendar = rulebook.calendars[pinned.hours]
    explanation = Explanation.of(pinned.in_force(extended=extended), request.starts_at, calendar, counting)
    return LimitExplanation(pinned, extended, law_title(pinned, [rulebook.catalogue]), explanation, ignored)


def _check_instants(request: PreviewRequest, now: datetime) -> None:
    """Raise `Invalid` for instants beyond the calendars, and for pauses that make the ledger too long."""
    start, errors = request.starts_at, []
    if start < EARLIEST_START:
        errors.append(FieldError("/from", "too_old", {"earliest": EARLIEST_START.date().isoformat()}))
    if start > now + MAX_AHEAD:
        errors.append(FieldError("/from", "too_late", {"latest": (now + MAX_AHEAD).date().isoformat()}))
    errors += [
        FieldError(f"/pauses/{index}/to", "too_late", {"latest": (start + MAX_AHEAD).date().isoformat()})
        for index, pause in enumerate(request.pauses)
        if pause.end is not None and pause.end > start + MAX_AHEAD
    ]
    if errors:
        raise Invalid(errors)

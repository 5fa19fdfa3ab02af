"""Why a ticket's limits end when they end, and what they would be for a request that is only thought of.

A ticket is explained from its rows and the versions pinned to them; a preview from the rules that apply now.
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

EARLIEST = datetime(2006, 1, 1, tzinfo=ISTANBUL)
"""No preview starts before the year from which there are records (BİMER) and holidays."""

TEN_YEARS = timedelta(days=3653)
"""How far ahead a preview may start, and how long after its start a pause may end."""


@dataclass(frozen=True, slots=True)
class Account:
    """One limit and why it ends when it ends: the pinned policy, the words of its law, the explanation.

    `ignored` are pauses that were given for a preview and for which this limit does not stand still.
    """

    pinned: PinnedPolicy
    extended: bool
    law: str | None
    explanation: Explanation
    ignored: tuple[Pause, ...] = ()

    @property
    def printed(self) -> str:
        """The limit in force as the table prints it, or as the law has it."""
        return self.pinned.printed_in_force(extended=self.extended)


@dataclass(frozen=True, slots=True)
class DueChange:
    """A due date that was another before: the event that moved it, and who is behind that event."""

    event: TicketEvent
    by: str
    old_due_at: datetime
    new_due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockAccount:
    """A clock of a ticket: the row, its account, every pause there was, what moved its date and who set it by hand.

    `by_interim_reply` says that it was met by an answer on the progress alone, `extended_for` on which ground of the
    law it was extended, `pay_by` until when the fee has to be paid for which it stands still.
    """

    clock: SlaClock
    account: Account
    pauses: tuple[Pause, ...]
    changes: tuple[DueChange, ...]
    override: DueChange | None
    by_interim_reply: bool
    extended_for: ExtensionGround | None
    pay_by: datetime | None

    def used(self, now: datetime) -> int | None:
        """How much has counted until now, or until it was met; None for one that left the figures."""
        until = self.clock.met_at or now
        return None if self.clock.state == "cancelled" else self.account.explanation.used(until)

    @property
    def internal_target_at(self) -> datetime | None:
        """When a limit that a paid fee began anew would end if it had only stood still until then: the date to work to.

        Law 4982 says "süreler kesilir"; whoever reads that as a pause finds the answer in time as well. None without a
        paid fee, and while a limit stands still.
        """
        if self.clock.restarted_at is None:
            return None
        found = self.account.explanation
        return Explanation.of(found.policy, self.clock.started_at, found.calendar, found.pauses).due_at


@dataclass(frozen=True, slots=True)
class TicketAccount:
    """The limits of one cycle of a ticket, with the service and the catalogue version it was opened under."""

    ticket: Ticket
    cycle: int
    service_code: str
    service: Service | None
    catalogue_version_id: UUID
    catalogue_loaded_at: datetime
    clocks: tuple[ClockAccount, ...]
    now: datetime

    @property
    def awaits_documents(self) -> bool:
        """Whether the promise of the present cycle has not begun because something is missing."""
        present = self.cycle == self.ticket.cycle and self.ticket.documents_complete_at is None
        return (
            present and State(self.ticket.state).is_open and not any(one.clock.kind == "promise" for one in self.clocks)
        )


async def account_of_ticket(
    session: AsyncSession, rulebooks: RulebookCache, actor: Actor, number: str, *, cycle: int | None, now: datetime
) -> TicketAccount:
    """The limits of a visible ticket, of its present cycle unless another is asked for.

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
    return TicketAccount(
        ticket=ticket,
        cycle=cycle,
        service_code=code,
        service=next((found for each in catalogues if (found := each.service(code))), None),
        catalogue_version_id=opened_under.id,
        catalogue_loaded_at=opened_under.loaded_at,
        clocks=tuple([await _account_of_clock(session, rulebooks, clock, of_cycle, catalogues) for clock in clocks]),
        now=now,
    )


async def _account_of_clock(
    session: AsyncSession,
    rulebooks: RulebookCache,
    clock: SlaClock,
    events: Sequence[TicketEvent],
    catalogues: Sequence[Catalogue],
) -> ClockAccount:
    pinned, extended = clock.pinned, clock.extended_at is not None
    calendar = (await rulebooks.calendars(session, clock.calendar_version_id))[pinned.hours]
    pauses = tuple(as_pauses(await pauses_of(session, clock.id)))
    policy = pinned.in_force(extended=extended)
    explanation = Explanation.of(policy, clock.counted_from, calendar, pauses)
    changes = tuple(_changes(clock.kind, events))
    by_hand = [change for change in changes if change.event.kind == Command.OVERRIDE_DUE]
    replied = {event.at for event in events if event.kind == Command.INTERIM_REPLY}
    grounds = [ExtensionGround(event.data["ground"]) for event in events if event.kind == Command.EXTEND]
    return ClockAccount(
        clock=clock,
        account=Account(pinned, extended, law_of(pinned, catalogues), explanation),
        pauses=pauses,
        changes=changes,
        override=by_hand[-1] if clock.overridden and by_hand else None,
        by_interim_reply=pinned.interim_reply_satisfies and clock.met_at in replied,
        extended_for=grounds[-1] if extended and pinned.extended_to and grounds else None,
        pay_by=await open_fee_due_at(session, clock),
    )


def law_of(pinned: PinnedPolicy, catalogues: Sequence[Catalogue]) -> str | None:
    """The words of the law that sets a limit, from the first catalogue that has them; None for a promise."""
    regimes = (regime for catalogue in catalogues for regime in catalogue.regimes)
    return next((regime.law for regime in regimes if regime.code == pinned.regime), None)


def _by_cycle(events: Sequence[TicketEvent]) -> Iterator[tuple[int, TicketEvent]]:
    cycle = 1
    for event in events:
        cycle += event.kind == Command.REOPEN
        yield cycle, event


def _service_in(ticket: Ticket, events: Sequence[TicketEvent], cycle: int) -> str:
    """The service at the end of a cycle: the present one, less the re-classifications of later cycles."""
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


def with_fullness(explanation: Explanation) -> Iterator[tuple[LedgerLine, bool]]:
    """Each line of a ledger with whether the limit was used up before its date: then it can only bear the end."""
    before, whole = 0, explanation.whole
    for line in explanation.ledger:
        yield line, before == whole > 0
        before = line.total


# ── what would be ──


@dataclass(frozen=True, slots=True)
class Supposed:
    """A request that is only thought of; `starts_at` is when its limits begin (complete documents included)."""

    service: str
    starts_at: datetime
    formal: bool = False
    right_to_information: bool = False
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class DeadlinePreview:
    """What the limits of a supposed request would be under the rules that apply now."""

    supposed: Supposed
    service: Service
    rulebook: Rulebook
    promise: Account
    statutory: Account | None


def preview(supposed: Supposed, rulebook: Rulebook, *, now: datetime) -> DeadlinePreview:
    """The limits that a ticket opened with these facts would get, by the policies and the function that it would use.

    Raises `Invalid`, naming `/service`, `/from`, `/pauses/<n>/to` or `/extended`.
    """
    service = rulebook.catalogue.service(supposed.service)
    if service is None:
        known = sorted(one.code for one in rulebook.catalogue.services)
        raise Invalid([FieldError("/service", "unknown_service", {"allowed": known})])
    _check_instants(supposed, now)
    law = statutory_policy(
        service, rulebook.catalogue, formal=supposed.formal, right_to_information=supposed.right_to_information
    )
    if supposed.extended and (law is None or law.extended_to is None):
        raise Invalid([FieldError("/extended", "not_extendable")])
    promise = _supposed_account(promise_policy(service), supposed, rulebook)
    statutory = None if law is None else _supposed_account(law, supposed, rulebook)
    return DeadlinePreview(supposed, service, rulebook, promise, statutory)


def _supposed_account(pinned: PinnedPolicy, supposed: Supposed, rulebook: Rulebook) -> Account:
    """A limit stands still only for the reasons that its policy names, as on a ticket."""
    extended = supposed.extended and pinned.extended_to is not None
    counting = tuple(pause for pause in supposed.pauses if pause.reason in pinned.pausable)
    ignored = tuple(pause for pause in supposed.pauses if pause.reason not in pinned.pausable)
    calendar = rulebook.calendars[pinned.hours]
    explanation = Explanation.of(pinned.in_force(extended=extended), supposed.starts_at, calendar, counting)
    return Account(pinned, extended, law_of(pinned, [rulebook.catalogue]), explanation, ignored)


def _check_instants(supposed: Supposed, now: datetime) -> None:
    """Raises `Invalid` for what lies so far away that no calendar has it and no ledger should be that long."""
    start, errors = supposed.starts_at, []
    if start < EARLIEST:
        errors.append(FieldError("/from", "too_old", {"earliest": EARLIEST.date().isoformat()}))
    if start > now + TEN_YEARS:
        errors.append(FieldError("/from", "too_late", {"latest": (now + TEN_YEARS).date().isoformat()}))
    errors += [
        FieldError(f"/pauses/{index}/to", "too_late", {"latest": (start + TEN_YEARS).date().isoformat()})
        for index, pause in enumerate(supposed.pauses)
        if pause.end is not None and pause.end > start + TEN_YEARS
    ]
    if errors:
        raise Invalid(errors)

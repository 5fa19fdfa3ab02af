"""What callers send and read where a due date is explained."""

import datetime as dt
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.schema import Code, Instant, RequestModel, ResponseModel, validation_error
from app.deadlines import wording_tr as tr
from app.deadlines.service import (
    Account,
    ClockAccount,
    DeadlinePreview,
    DueChange,
    Supposed,
    TicketAccount,
    with_fullness,
)
from app.domain.terms import ExtensionGround, PauseReason
from app.sla.calendar import DayReason
from app.sla.deadline import Basis, LedgerLine, Pause, Roll
from app.sla.explanation import Explanation
from app.sla.limit import Unit
from app.standards.values import Service
from app.tickets.serializers import clock_out


class PauseStretch(RequestModel):
    """A stretch in which the limit is to stand still; without `to` it still does."""

    start: Instant = Field(alias="from", examples=["2026-05-14T09:00:00+03:00"])
    end: Instant | None = Field(None, alias="to", examples=["2026-05-18T09:00:00+03:00"])
    reason: PauseReason = Field(examples=["awaiting_citizen"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise validation_error("pause_order")
        return self


class PreviewBody(RequestModel):
    """A request that is only thought of."""

    service: Code = Field(examples=["solution-desk"], description="A code of `GET /v1/catalogue`")
    starts_at: Instant = Field(
        alias="from",
        examples=["2026-05-12T10:00:00+03:00"],
        description="When the limits begin: the citizen's own time, or when the documents were complete; "
        "from 2006 to ten years ahead",
    )
    formal: bool = Field(False, examples=[False], description="A signed petition (law 3071)")
    right_to_information: bool = Field(False, examples=[False], description="Law 4982")
    pauses: list[PauseStretch] = Field(
        default=[], max_length=50, description="None may end more than ten years after `from`"
    )
    extended: bool = Field(False, examples=[False], description="The longer limit of the law was taken (4982 art. 11)")

    def supposed(self) -> Supposed:
        """As the calculation takes it."""
        return Supposed(
            service=self.service,
            starts_at=self.starts_at,
            formal=self.formal,
            right_to_information=self.right_to_information,
            pauses=tuple(Pause(each.start, each.end, each.reason.value) for each in self.pauses),
            extended=self.extended,
        )


class ServiceOfTable(ResponseModel):
    """The row of the published table; null where neither the version of then nor that of now has the service."""

    code: str = Field(examples=["solution-desk"])
    name: str | None = Field(examples=["Halkla İlişkiler - ESTİM (Çözüm Masası)"])
    table: int | None = Field(examples=[1])
    row: int | None = Field(examples=[4])

    @classmethod
    def of(cls, code: str, service: Service | None) -> Self:
        """The answer for a service that may have left the catalogue."""
        if service is None:
            return cls(code=code, name=None, table=None, row=None)
        return cls(code=code, name=service.name, table=service.table, row=service.row)


class PolicyOut(ResponseModel):
    """What the limit is judged by, as it was pinned to the clock."""

    printed: str = Field(examples=["15 GÜN"], description="In the words of the table, or as the law has it")
    amount: int = Field(examples=[15], description="In force, so that of an extended limit the longer one")
    unit: Unit = Field(examples=["calendar_day"])
    basis: Basis = Field(examples=["round_the_clock"], description="Where limits of hours and minutes run")
    roll: Roll = Field(examples=["next_working_day"], description="What becomes of a last date that is no working day")
    hours: str = Field(examples=["office"], description="The calendar of the catalogue that it is counted in")
    law: str | None = Field(
        examples=["3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun, madde 7"], description="Null for a promise"
    )

    @classmethod
    def of(cls, account: Account) -> Self:
        """The answer for the limit in force."""
        policy = account.explanation.policy
        return cls(
            printed=account.printed,
            amount=policy.limit.amount,
            unit=policy.limit.unit,
            basis=policy.basis,
            roll=policy.roll,
            hours=account.pinned.hours,
            law=account.law,
        )


class PauseOut(ResponseModel):
    """A stretch in which the limit stood still, or does."""

    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to", description="Null while it lasts")
    reason: str = Field(examples=["awaiting_citizen"])
    label: str = Field(examples=["Vatandaşın yanıtı bekleniyor"])

    @classmethod
    def of(cls, pause: Pause) -> Self:
        """The answer for a pause."""
        return cls(start=pause.start, end=pause.end, reason=pause.reason, label=tr.PAUSES[pause.reason].label)


class LedgerDay(ResponseModel):
    """One local date on the way to the due date."""

    date: dt.date = Field(examples=["2026-05-28"])
    weekday: str = Field(examples=["Perşembe"])
    counted: bool = Field(examples=[False])
    reason: DayReason = Field(examples=["holiday"])
    label: str = Field(examples=["Son gün olamaz: resmî tatil (Kurban Bayramı)"])
    total: int = Field(examples=[15], description="What has counted by its end, in `unit`")

    @classmethod
    def of(cls, line: LedgerLine, *, full: bool) -> Self:
        """The answer for a line; `full` says that the limit was used up before it."""
        return cls(
            date=line.date,
            weekday=tr.WEEKDAYS[line.date.weekday()],
            counted=line.counted,
            reason=line.reason_code,
            label=tr.line_label(line, full=full),
            total=line.total,
        )


def _ledger(explanation: Explanation) -> list[LedgerDay]:
    return [LedgerDay.of(line, full=full) for line, full in with_fullness(explanation)]


class PreviewedLimit(ResponseModel):
    """A limit of a request that is only thought of."""

    kind: Literal["promise", "statutory"] = Field(examples=["promise"])
    policy: PolicyOut
    due_at: datetime | None = Field(description="Null where an open pause keeps it from ending")
    provisional: bool = Field(examples=[False], description="It leaves the years whose holidays are in the calendar")
    pauses: list[PauseOut] = Field(description="For which it stands still")
    ignored_pauses: list[PauseOut] = Field(description="For which it does not: the policy does not name the reason")
    unit: Unit = Field(examples=["calendar_day"], description="Of `total` and `whole`: day, working day or second")
    whole: int = Field(examples=[15], description="How much has to count until it is used up")
    ledger: list[LedgerDay] = Field(description="Without an end (`still_paused`) where `due_at` is null")

    @classmethod
    def of(cls, account: Account) -> Self:
        """The answer for a limit."""
        explanation = account.explanation
        return cls(
            kind=account.pinned.policy.clock_kind.value,
            policy=PolicyOut.of(account),
            due_at=explanation.due_at,
            provisional=explanation.provisional,
            pauses=[PauseOut.of(pause) for pause in explanation.pauses],
            ignored_pauses=[PauseOut.of(pause) for pause in account.ignored],
            unit=explanation.unit,
            whole=explanation.whole,
            ledger=_ledger(explanation),
        )


class PreviewOut(ResponseModel):
    """When the limits of a request would end that begins then, under the rules that apply now."""

    service: ServiceOfTable
    catalogue_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    calendar_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])
    starts_at: datetime = Field(serialization_alias="from")
    promise: PreviewedLimit
    statutory: PreviewedLimit | None = Field(description="Null where no law sets a limit")

    @classmethod
    def of(cls, found: DeadlinePreview) -> Self:
        """The answer for a preview."""
        return cls(
            service=ServiceOfTable.of(found.service.code, found.service),
            catalogue_version=found.rulebook.catalogue_version_id,
            calendar_version=found.rulebook.calendar_version_id,
            starts_at=found.supposed.starts_at,
            promise=PreviewedLimit.of(found.promise),
            statutory=None if found.statutory is None else PreviewedLimit.of(found.statutory),
        )


class ChangeOfDue(ResponseModel):
    """A due date that was another before, with what moved it."""

    at: datetime
    cause: str = Field(examples=["extend"], description="The kind of the event in the ticket's history")
    label: str = Field(examples=["Yasal süre uzatıldı"])
    actor: str = Field(examples=["desk"], description="The client that did it, not a person")
    old: datetime = Field(serialization_alias="from")
    new: datetime = Field(serialization_alias="to")

    @classmethod
    def of(cls, change: DueChange) -> Self:
        """The answer for a change."""
        return cls(
            at=change.event.at,
            cause=change.event.kind,
            label=tr.change_label(change.event),
            actor=change.by,
            old=change.old_due_at,
            new=change.new_due_at,
        )


class ExplainedClock(ResponseModel):
    """A limit of a ticket: how it stands, and the way to its due date."""

    kind: Literal["promise", "statutory"] = Field(examples=["promise"])
    policy: PolicyOut
    calendar_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])
    state: str = Field(examples=["running"])
    started_at: datetime
    restarted_at: datetime | None = Field(description="From when it counts since a fee was paid (law 4982)")
    internal_target_at: datetime | None = Field(
        description="After a paid fee: when it would end if it had only stood still for it, the safe date to work to"
    )
    extended_at: datetime | None = Field(description="When the longer limit of the law was taken (4982 art. 11)")
    extended_for: ExtensionGround | None = Field(examples=["other_institution"], description="The ground of the law")
    pay_by: datetime | None = Field(description="Unless the fee is paid by then, the request counts as withdrawn")
    due_at: datetime | None = Field(description="Null while it stands still; the ledger then ends in `still_paused`")
    computed_due_at: datetime | None = Field(
        description="What the ledger gives; another than `due_at` where a person set that, or where it was settled "
        "before the calendar changed"
    )
    overridden: bool = Field(examples=[False], description="A person set `due_at`; the ledger is of the computed date")
    override: ChangeOfDue | None = Field(description="Who set it, and when")
    met_at: datetime | None
    by_interim_reply: bool = Field(
        examples=[False], description="Met by an answer on the progress (3071 art. 7); the result is still owed"
    )
    breached_at: datetime | None
    on_time: bool | None = Field(description="Null while it is open")
    provisional: bool = Field(examples=[False], description="It leaves the years whose holidays are in the calendar")
    pauses: list[PauseOut]
    unit: Unit = Field(examples=["calendar_day"], description="Of `total`, `used` and `whole`")
    used: int | None = Field(examples=[4], description="What has counted until now, or until it was met")
    whole: int = Field(examples=[15], description="How much has to count until it is used up")
    ledger: list[LedgerDay]
    changes: list[ChangeOfDue] = Field(description="Every earlier due date of this cycle, oldest first")

    @classmethod
    def of(cls, one: ClockAccount, now: datetime) -> Self:
        """The answer for a clock; state and verdict are those that the ticket itself shows."""
        clock, explanation, shown = one.clock, one.account.explanation, clock_out(one.clock, now)
        alike = ("kind", "state", "started_at", "due_at", "met_at", "breached_at", "on_time", "overridden")
        return cls(
            **{name: getattr(shown, name) for name in alike},
            policy=PolicyOut.of(one.account),
            calendar_version=clock.calendar_version_id,
            restarted_at=clock.restarted_at,
            internal_target_at=one.internal_target_at,
            extended_at=clock.extended_at,
            extended_for=one.extended_for,
            pay_by=one.pay_by,
            by_interim_reply=one.by_interim_reply,
            computed_due_at=explanation.due_at,
            override=None if one.override is None else ChangeOfDue.of(one.override),
            provisional=explanation.provisional,
            pauses=[PauseOut.of(pause) for pause in one.pauses],
            unit=explanation.unit,
            used=one.used(now),
            whole=explanation.whole,
            ledger=_ledger(explanation),
            changes=[ChangeOfDue.of(change) for change in one.changes],
        )


class DeadlineOut(ResponseModel):
    """Why the limits of one cycle of a ticket end when they end; nothing of it is personal."""

    number: str = Field(examples=["2600012349"])
    cycle: int = Field(examples=[1])
    cycles: int = Field(examples=[1], description="How many there are; each reopening begins one")
    service: ServiceOfTable
    catalogue_version: UUID = Field(
        examples=["01a0c3de-0000-7000-8000-000000000000"], description="Under which the ticket was opened"
    )
    catalogue_loaded_at: datetime
    clocks: list[ExplainedClock]

    @classmethod
    def of(cls, account: TicketAccount) -> Self:
        """The answer for a cycle of a ticket."""
        return cls(
            number=account.ticket.number,
            cycle=account.cycle,
            cycles=account.ticket.cycle,
            service=ServiceOfTable.of(account.service_code, account.service),
            catalogue_version=account.catalogue_version_id,
            catalogue_loaded_at=account.catalogue_loaded_at,
            clocks=[ExplainedClock.of(one, account.now) for one in account.clocks],
        )

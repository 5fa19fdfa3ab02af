"""The request body of a preview, and the responses that explain due dates."""

import datetime as dt
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.schema import Code, Instant, RequestModel, ResponseModel, validation_error
from app.deadlines import wording_tr as tr
from app.deadlines.service import (
    ClockExplanation,
    DeadlinePreview,
    DueChange,
    LimitExplanation,
    PreviewRequest,
    TicketExplanation,
    with_used_up,
)
from app.domain.terms import ExtensionGround, PauseReason
from app.sla.calendar import DayReason
from app.sla.deadline import Basis, LedgerLine, Pause, Roll
from app.sla.explanation import Explanation
from app.sla.limit import Unit
from app.standards.values import Service
from app.tickets.serializers import clock_out


class PauseStretch(RequestModel):
    """A pause of the limit; without `to` it is still open."""

    start: Instant = Field(alias="from", examples=["2026-05-14T09:00:00+03:00"])
    end: Instant | None = Field(None, alias="to", examples=["2026-05-18T09:00:00+03:00"])
    reason: PauseReason = Field(examples=["awaiting_citizen"])

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise validation_error("pause_order")
        return self


class PreviewBody(RequestModel):
    """The facts of a hypothetical request."""

    service: Code = Field(examples=["solution-desk"], description="A code of `GET /v1/catalogue`")
    starts_at: Instant = Field(
        alias="from",
        examples=["2026-05-12T10:00:00+03:00"],
        description="The start of the limits: the citizen's own time, or the instant of complete documents; "
        "from 2006 to ten years ahead",
    )
    formal: bool = Field(False, examples=[False], description="A signed petition (law 3071)")
    right_to_information: bool = Field(False, examples=[False], description="Law 4982")
    pauses: list[PauseStretch] = Field(
        default=[], max_length=50, description="None may end more than ten years after `from`"
    )
    extended: bool = Field(False, examples=[False], description="The limit was extended (law 4982 art. 11)")

    def to_request(self) -> PreviewRequest:
        """Return the facts as the service takes them."""
        return PreviewRequest(
            service=self.service,
            starts_at=self.starts_at,
            formal=self.formal,
            right_to_information=self.right_to_information,
            pauses=tuple(Pause(each.start, each.end, each.reason.value) for each in self.pauses),
            extended=self.extended,
        )


class ServiceOfTable(ResponseModel):
    """The row of the published table; null if neither the version of then nor the present one has the service."""

    code: str = Field(examples=["solution-desk"])
    name: str | None = Field(examples=["Halkla İlişkiler - ESTİM (Çözüm Masası)"])
    table: int | None = Field(examples=[1])
    row: int | None = Field(examples=[4])

    @classmethod
    def of(cls, code: str, service: Service | None) -> Self:
        """Return the response for a service, which may have left the catalogue."""
        if service is None:
            return cls(code=code, name=None, table=None, row=None)
        return cls(code=code, name=service.name, table=service.table, row=service.row)


class PolicyOut(ResponseModel):
    """The policy of the limit, as it was pinned to the clock."""

    printed: str = Field(examples=["15 GÜN"], description="As the table prints it, or as the law names it")
    amount: int = Field(examples=[15], description="In force: the longer amount of an extended limit")
    unit: Unit = Field(examples=["calendar_day"])
    basis: Basis = Field(examples=["round_the_clock"], description="The time in which limits of hours and minutes run")
    roll: Roll = Field(examples=["next_working_day"], description="The rule for a last date that is not a working day")
    hours: str = Field(examples=["office"], description="The opening hours of the catalogue in which it is counted")
    law: str | None = Field(
        examples=["3071 sayılı Dilekçe Hakkının Kullanılmasına Dair Kanun, madde 7"], description="Null for a promise"
    )

    @classmethod
    def of(cls, limit: LimitExplanation) -> Self:
        """Return the response for the policy in force."""
        policy = limit.explanation.policy
        return cls(
            printed=limit.printed,
            amount=policy.limit.amount,
            unit=policy.limit.unit,
            basis=policy.basis,
            roll=policy.roll,
            hours=limit.pinned.hours,
            law=limit.law,
        )


class PauseOut(ResponseModel):
    """A pause of the limit, ended or open."""

    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to", description="Null while it is open")
    reason: str = Field(examples=["awaiting_citizen"])
    label: str = Field(examples=["Vatandaşın yanıtı bekleniyor"])

    @classmethod
    def of(cls, pause: Pause) -> Self:
        """Return the response for a pause."""
        return cls(start=pause.start, end=pause.end, reason=pause.reason, label=tr.PAUSES[pause.reason].label)


class LedgerDay(ResponseModel):
    """One local date between the start and the due date."""

    date: dt.date = Field(examples=["2026-05-28"])
    weekday: str = Field(examples=["Perşembe"])
    counted: bool = Field(examples=[False])
    reason: DayReason = Field(examples=["holiday"])
    label: str = Field(examples=["Son gün olamaz: resmî tatil (Kurban Bayramı)"])
    total: int = Field(examples=[15], description="The total that counted by its end, in `unit`")

    @classmethod
    def of(cls, line: LedgerLine, *, used_up: bool) -> Self:
        """Return the response for a line of the ledger; `used_up` is true if the limit was used up before it."""
        return cls(
            date=line.date,
            weekday=tr.WEEKDAYS[line.date.weekday()],
            counted=line.counted,
            reason=line.reason_code,
            label=tr.line_label(line, used_up=used_up),
            total=line.total,
        )


def _ledger(explanation: Explanation) -> list[LedgerDay]:
    return [LedgerDay.of(line, used_up=used_up) for line, used_up in with_used_up(explanation)]


class PreviewedLimit(ResponseModel):
    """A limit of a hypothetical request."""

    kind: Literal["promise", "statutory"] = Field(examples=["promise"])
    policy: PolicyOut
    due_at: datetime | None = Field(description="Null while a pause is open")
    provisional: bool = Field(examples=[False], description="It leaves the years whose holidays are in the calendar")
    pauses: list[PauseOut] = Field(description="The pauses that apply to this limit")
    ignored_pauses: list[PauseOut] = Field(
        description="The pauses that do not apply: the policy does not name their reasons"
    )
    unit: Unit = Field(examples=["calendar_day"], description="Of `total` and `whole`: day, working day or second")
    whole: int = Field(examples=[15], description="The total at which the limit is used up")
    ledger: list[LedgerDay] = Field(description="Ends in `still_paused` if `due_at` is null")

    @classmethod
    def of(cls, limit: LimitExplanation) -> Self:
        """Return the response for a limit."""
        explanation = limit.explanation
        return cls(
            kind=limit.pinned.policy.clock_kind.value,
            policy=PolicyOut.of(limit),
            due_at=explanation.due_at,
            provisional=explanation.provisional,
            pauses=[PauseOut.of(pause) for pause in explanation.pauses],
            ignored_pauses=[PauseOut.of(pause) for pause in limit.ignored],
            unit=explanation.unit,
            whole=explanation.whole,
            ledger=_ledger(explanation),
        )


class PreviewOut(ResponseModel):
    """The limits of a hypothetical request under the rules that apply now."""

    service: ServiceOfTable
    catalogue_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    calendar_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])
    starts_at: datetime = Field(serialization_alias="from")
    promise: PreviewedLimit
    statutory: PreviewedLimit | None = Field(description="Null if no law sets a limit")

    @classmethod
    def of(cls, found: DeadlinePreview) -> Self:
        """Return the response for a preview."""
        return cls(
            service=ServiceOfTable.of(found.service.code, found.service),
            catalogue_version=found.rulebook.catalogue_version_id,
            calendar_version=found.rulebook.calendar_version_id,
            starts_at=found.request.starts_at,
            promise=PreviewedLimit.of(found.promise),
            statutory=None if found.statutory is None else PreviewedLimit.of(found.statutory),
        )


class ChangeOfDue(ResponseModel):
    """A move of a due date, with its cause."""

    at: datetime
    cause: str = Field(examples=["extend"], description="The kind of the event in the ticket's history")
    label: str = Field(examples=["Yasal süre uzatıldı"])
    actor: str = Field(examples=["desk"], description="The API client that acted, not a person")
    old: datetime = Field(serialization_alias="from")
    new: datetime = Field(serialization_alias="to")

    @classmethod
    def of(cls, change: DueChange) -> Self:
        """Return the response for a move of a due date."""
        return cls(
            at=change.event.at,
            cause=change.event.kind,
            label=tr.change_label(change.event),
            actor=change.by,
            old=change.old_due_at,
            new=change.new_due_at,
        )


class ExplainedClock(ResponseModel):
    """A limit of a ticket: its state, and the ledger that leads to its due date."""

    kind: Literal["promise", "statutory"] = Field(examples=["promise"])
    policy: PolicyOut
    calendar_version: UUID = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])
    state: str = Field(examples=["running"])
    started_at: datetime
    restarted_at: datetime | None = Field(description="The start of the count after a paid fee (law 4982)")
    internal_target_at: datetime | None = Field(
        description="After a paid fee: the due date as if the limit had only been paused, a safe target"
    )
    extended_at: datetime | None = Field(description="The instant of the extension (law 4982 art. 11)")
    extended_for: ExtensionGround | None = Field(examples=["other_institution"], description="The ground of the law")
    pay_by: datetime | None = Field(description="Unless the fee is paid by then, the request counts as withdrawn")
    due_at: datetime | None = Field(description="Null while it is paused; the ledger then ends in `still_paused`")
    computed_due_at: datetime | None = Field(
        description="The end of the ledger; differs from `due_at` if a person set that, or if the limit was met before "
        "the calendar changed"
    )
    overridden: bool = Field(examples=[False], description="A person set `due_at`; the ledger shows the computed date")
    override: ChangeOfDue | None = Field(description="The last move by hand")
    met_at: datetime | None
    by_interim_reply: bool = Field(
        examples=[False], description="Met by an interim reply (law 3071 art. 7); the final reply is still owed"
    )
    breached_at: datetime | None
    on_time: bool | None = Field(description="Null while it is open")
    provisional: bool = Field(examples=[False], description="It leaves the years whose holidays are in the calendar")
    pauses: list[PauseOut]
    unit: Unit = Field(examples=["calendar_day"], description="Of `total`, `used` and `whole`")
    used: int | None = Field(examples=[4], description="The total that counted until now, or until it was met")
    whole: int = Field(examples=[15], description="The total at which the limit is used up")
    ledger: list[LedgerDay]
    changes: list[ChangeOfDue] = Field(description="Every earlier due date of this cycle, oldest first")

    @classmethod
    def of(cls, explained: ClockExplanation, now: datetime) -> Self:
        """Return the response for a clock; its state is equal to that in the response for the ticket."""
        clock, explanation, shown = explained.clock, explained.limit.explanation, clock_out(explained.clock, now)
        alike = ("kind", "state", "started_at", "due_at", "met_at", "breached_at", "on_time", "overridden")
        return cls(
            **{name: getattr(shown, name) for name in alike},
            policy=PolicyOut.of(explained.limit),
            calendar_version=clock.calendar_version_id,
            restarted_at=clock.restarted_at,
            internal_target_at=explained.internal_target_at,
            extended_at=clock.extended_at,
            extended_for=explained.extended_for,
            pay_by=explained.pay_by,
            by_interim_reply=explained.by_interim_reply,
            computed_due_at=explanation.due_at,
            override=None if explained.override is None else ChangeOfDue.of(explained.override),
            provisional=explanation.provisional,
            pauses=[PauseOut.of(pause) for pause in explained.pauses],
            unit=explanation.unit,
            used=explained.used(now),
            whole=explanation.whole,
            ledger=_ledger(explanation),
            changes=[ChangeOfDue.of(change) for change in explained.changes],
        )


class DeadlineOut(ResponseModel):
    """The explanation of the due dates in one cycle of a ticket, without personal data."""

    number: str = Field(examples=["2600012349"])
    cycle: int = Field(examples=[1])
    cycles: int = Field(examples=[1], description="The number of cycles; each reopening starts one")
    service: ServiceOfTable
    catalogue_version: UUID = Field(
        examples=["01a0c3de-0000-7000-8000-000000000000"], description="The version under which the ticket was opened"
    )
    catalogue_loaded_at: datetime
    clocks: list[ExplainedClock]

    @classmethod
    def of(cls, explained: TicketExplanation) -> Self:
        """Return the response for a cycle of a ticket."""
        return cls(
            number=explained.ticket.number,
            cycle=explained.cycle,
            cycles=explained.ticket.cycle,
            service=ServiceOfTable.of(explained.service_code, explained.service),
            catalogue_version=explained.catalogue_version_id,
            catalogue_loaded_at=explained.catalogue_loaded_at,
            clocks=[ExplainedClock.of(one, explained.now) for one in explained.clocks],
        )

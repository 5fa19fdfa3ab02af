"""The shape of a municipality's YAML files: every field typed and bounded, no unknown field let through."""

from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from app.domain.terms import PauseReason, Regime
from app.sla.calendar import (
    CalendarError,
    ClockKind,
    DayKind,
    Segment,
    SpecialDay,
    check_segments,
    check_week,
    load_zone,
)
from app.sla.checkpoints import Chain, CheckpointKind
from app.sla.deadline import Basis, Roll
from app.sla.limit import Limit, LimitError
from app.sla.limit import Unit as LimitUnit
from app.standards.values import (
    OFFICE_HOURS,
    Channel,
    ClockStart,
    Deputy,
    Directorate,
    Document,
    DocumentCondition,
    ExternalBody,
    FeeRule,
    IntakeFact,
    Municipality,
    RegimeRules,
    StatutoryWhen,
)

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Words = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
Snake = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
Keyword = Annotated[str, StringConstraints(min_length=3, max_length=60)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)]


def _wall(printed: Any) -> Any:
    """`"12:00"` as a wall time; without quotes it is a number of minutes to YAML, which is refused and not guessed."""
    try:
        return None if printed is None else time.fromisoformat(printed)
    except (TypeError, ValueError):
        raise CalendarError("time_form", f"{printed!r} is no time such as 12:00") from None


def _segment(printed: Any) -> Any:
    """`"08:30-12:00"` as two wall times; `24:00` is the end of the date, written 00:00."""
    start, _, end = str(printed).replace(" ", "").partition("-")
    return _wall(start), time() if end == "24:00" else _wall(end)


def _in_order(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    check_segments(segments, "the day")
    return segments


Opening = Annotated[Segment, BeforeValidator(_segment)]
Openings = Annotated[tuple[Opening, ...], AfterValidator(_in_order)]


class StrictModel(BaseModel):
    """Base of all entries: unknown fields are faults, values don't change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitEntry(StrictModel):
    """A limit as `{amount: 15, unit: working_day}`."""

    amount: Annotated[int, Field(strict=True)]
    unit: LimitUnit

    @model_validator(mode="after")
    def _in_range(self) -> "LimitEntry":
        self.value()
        return self

    def value(self) -> Limit:
        """The limit; LimitError when it is nothing or beyond ten years."""
        return Limit(self.amount, self.unit)


class FeeEntry(StrictModel):
    """Law 4982: what a fee notice does to the limit."""

    effect: Literal["reset"]
    pay_within: LimitEntry
    on_lapse: Literal["withdrawn"]

    def value(self) -> FeeRule:
        """The rule."""
        return FeeRule(self.effect, self.pay_within.value(), self.on_lapse)


class RegimeEntry(StrictModel):
    """A statutory limit; a list of the municipality's lawyers, not of this program."""

    law: Words
    limit: LimitEntry
    roll: Roll = Roll.NEXT_WORKING_DAY
    interim_reply_satisfies: bool
    extended_to: LimitEntry | None = None
    fee: FeeEntry | None = None

    @model_validator(mode="after")
    def _extends(self) -> "RegimeEntry":
        longer = self.extended_to
        if longer and (longer.unit is not self.limit.unit or longer.amount <= self.limit.amount):
            raise LimitError("extension_not_longer", "an extended limit is longer than the first, in the same unit")
        return self

    def value(self, code: Regime) -> RegimeRules:
        """The regime of that code."""
        return RegimeRules(
            code=code,
            law=self.law,
            limit=self.limit.value(),
            roll=self.roll,
            interim_reply_satisfies=self.interim_reply_satisfies,
            extended_to=self.extended_to.value() if self.extended_to else None,
            fee=self.fee.value() if self.fee else None,
        )


class DocumentEntry(StrictModel):
    """A document of the published list and when it may be asked for."""

    code: Snake
    label: Words
    when: Annotated[tuple[DocumentCondition, ...], Field(min_length=1)]
    accepts: tuple[Snake, ...] = ()
    store_copy: bool = False

    def value(self) -> Document:
        """The document."""
        return Document(self.code, self.label, self.when, self.accepts, self.store_copy)


class StepEntry(StrictModel):
    """One checkpoint of a chain: `{kind: warning, level: 50, at: 50%}`."""

    kind: CheckpointKind
    level: int
    at: Words

    def value(self) -> dict[str, Any]:
        """The step as `Chain.from_json` reads it."""
        return self.model_dump(mode="json")


class ServiceEntry(StrictModel):
    """What the table can't say about one of its rows."""

    code: Kebab
    row: Annotated[int, Field(ge=0, le=9999)]
    table: Annotated[int, Field(ge=1)] | None = None
    printed: str | None = None
    limit: LimitEntry | None = None
    channels: tuple[Channel, ...] = ()
    clock_start: ClockStart
    basis: Basis = Basis.ROUND_THE_CLOCK
    hours: str = OFFICE_HOURS
    roll: Roll = Roll.NEXT_WORKING_DAY
    pausable: tuple[PauseReason, ...] = ()
    statutory: Regime | None = None
    statutory_when: StatutoryWhen = StatutoryWhen.ALWAYS
    statutory_by_subtype: dict[Snake, Regime] = {}
    documents: tuple[DocumentEntry, ...] = ()
    escalation: tuple[StepEntry, ...] | None = None
    accepts_new: bool = True
    closed_on: date | None = None
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    callback_required: bool
    quality_figure: bool = False
    requires: tuple[IntakeFact, ...] = ()
    refuses: tuple[IntakeFact, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> "ServiceEntry":
        if (self.limit is None) != (self.printed is None):
            raise ValueError("limit + printed: a row override needs both")
        if self.accepts_new is False and self.channels:
            raise ValueError("channels: a service that accepts nothing new is the default of no channel")
        if self.accepts_new is False and self.closed_on is None:
            raise ValueError("closed_on: a service that accepts nothing new says until when it did")
        return self

    @field_validator("escalation")
    @classmethod
    def _is_a_chain(cls, steps: tuple[StepEntry, ...] | None) -> tuple[StepEntry, ...] | None:
        if steps is not None:
            Chain.from_json(step.value() for step in steps).check_promise()
        return steps


class MunicipalityEntry(StrictModel):
    """How the municipality calls itself."""

    name: Words
    call_line: Words
    website: Words

    def value(self) -> Municipality:
        """The municipality."""
        return Municipality(self.name, self.call_line, self.website)


class StandardsFile(StrictModel):
    """standards.yaml"""

    municipality: MunicipalityEntry
    regimes: dict[Regime, RegimeEntry] = {}
    services: Annotated[tuple[ServiceEntry, ...], Field(min_length=1)]


class DeputyEntry(StrictModel):
    """Who stands in for the head of an office."""

    name: Words
    job_title: Words
    email: Email | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def value(self) -> Deputy:
        """The deputy."""
        return Deputy(self.name, self.job_title, self.email, self.valid_from, self.valid_to)


class OfficeEntry(StrictModel):
    """What the table can't say about an application office; `table` where several tables print their own."""

    level: Literal[1, 2]
    table: Annotated[int, Field(ge=1)] | None = None
    unit: Kebab | None = None
    role_mailbox: Email | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    deputies: tuple[DeputyEntry, ...] = ()


class OfficesFile(StrictModel):
    """offices.yaml"""

    offices: tuple[OfficeEntry, ...]


class DirectorateEntry(StrictModel):
    """A directorate."""

    code: Kebab
    name: Words
    email: Email | None
    keywords: tuple[Keyword, ...] = ()

    def value(self) -> Directorate:
        """The directorate."""
        return Directorate(self.code, self.name, self.keywords, self.email)


class ExternalBodyEntry(StrictModel):
    """A body outside the municipality."""

    code: Kebab
    name: Words
    phone_line: Words | None
    keywords: tuple[Keyword, ...] = ()

    def value(self) -> ExternalBody:
        """The body."""
        return ExternalBody(self.code, self.name, self.keywords, self.phone_line)


class UnitsFile(StrictModel):
    """units.yaml"""

    units: Annotated[tuple[DirectorateEntry, ...], Field(min_length=1)]
    external_bodies: tuple[ExternalBodyEntry, ...] = ()


class WeekEntry(StrictModel):
    """The opening times of a week; a day that is left out is closed."""

    monday: Openings = ()
    tuesday: Openings = ()
    wednesday: Openings = ()
    thursday: Openings = ()
    friday: Openings = ()
    saturday: Openings = ()
    sunday: Openings = ()

    @model_validator(mode="after")
    def _opens(self) -> "WeekEntry":
        check_week(self.value(), frozenset({0}))
        return self

    def value(self) -> tuple[tuple[Segment, ...], ...]:
        """Seven tuples of segments, Monday first."""
        return tuple(getattr(self, weekday) for weekday in _WEEKDAYS)


class HoursFile(StrictModel):
    """hours.yaml"""

    zone: str
    calendars: Annotated[dict[Kebab, WeekEntry], Field(min_length=1)]

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        load_zone(zone)
        return zone


class ClosureEntry(StrictModel):
    """A date that differs from its weekday by decision."""

    date: date
    name: Words
    kind: Literal[DayKind.LEAVE, DayKind.HALF_DAY, DayKind.WORKING]
    ends_at: Annotated[time | None, BeforeValidator(_wall)] = None
    counts_as_working: tuple[ClockKind, ...] = tuple(ClockKind)
    segments: Openings = ()

    @model_validator(mode="after")
    def _is_possible(self) -> "ClosureEntry":
        self.value()
        return self

    def value(self) -> SpecialDay:
        """The special day; CalendarError when its fields don't go together."""
        counts = frozenset(self.counts_as_working)
        return SpecialDay(self.kind, self.name, self.ends_at, counts, self.segments)


class ClosuresFile(StrictModel):
    """closures.yaml"""

    closures: tuple[ClosureEntry, ...] = ()

"""The models of a municipality's YAML files: every field is typed and bounded, unknown fields are refused."""

from datetime import date, time
from typing import Annotated, Literal

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

from app.core.schema import mailable
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
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(mailable)]


def _wall(printed: object) -> time | None:
    """Return `"12:00"` as a wall time; YAML reads it without quotes as a number of minutes, which is refused."""
    if printed is None:
        return None
    try:
        return time.fromisoformat(printed if isinstance(printed, str) else "")
    except ValueError:
        raise CalendarError("time_form", f"{printed!r} is no time such as 12:00") from None


def _segment(printed: object) -> tuple[time | None, time | None]:
    """Return `"08:30-12:00"` as two wall times; `24:00` is the end of the date, stored as 00:00."""
    start, _, end = str(printed).replace(" ", "").partition("-")
    return _wall(start), time() if end == "24:00" else _wall(end)


def _in_order(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    check_segments(segments, "the day")
    return segments


OpeningTime = Annotated[Segment, BeforeValidator(_segment)]
OpeningTimes = Annotated[tuple[OpeningTime, ...], AfterValidator(_in_order)]


class StrictModel(BaseModel):
    """The base of all entries: immutable, and unknown fields are faults."""

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
        """Return the limit. Raises LimitError if it is zero or longer than ten years."""
        return Limit(self.amount, self.unit)


class FeeEntry(StrictModel):
    """The effect of a fee notice on the limit (law 4982)."""

    effect: Literal["reset"]
    pay_within: LimitEntry
    on_lapse: Literal["withdrawn"]

    def value(self) -> FeeRule:
        """Return the fee rule."""
        return FeeRule(self.effect, self.pay_within.value(), self.on_lapse)


class RegimeEntry(StrictModel):
    """A statutory limit, as the municipality's lawyers list it."""

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
        """Return the rules of the regime of that code."""
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
    """A document of the published list and the conditions under which it may be requested."""

    code: Snake
    label: Words
    when: Annotated[tuple[DocumentCondition, ...], Field(min_length=1)]
    accepts: tuple[Snake, ...] = ()
    store_copy: bool = False

    def value(self) -> Document:
        """Return the document."""
        return Document(self.code, self.label, self.when, self.accepts, self.store_copy)


class StepEntry(StrictModel):
    """One checkpoint of a chain: `{kind: warning, level: 50, at: 50%}`."""

    kind: CheckpointKind
    level: int
    at: Words

    def value(self) -> dict[str, str | int]:
        """Return the step in the form that `Chain.from_json` reads."""
        return {"kind": self.kind.value, "level": self.level, "at": self.at}


class ServiceEntry(StrictModel):
    """The additions to one row of the table."""

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
    """The name and the contact of the municipality."""

    name: Words
    call_line: Words
    website: Words

    def value(self) -> Municipality:
        """Return the municipality."""
        return Municipality(self.name, self.call_line, self.website)


class StandardsFile(StrictModel):
    """The file standards.yaml."""

    municipality: MunicipalityEntry
    regimes: dict[Regime, RegimeEntry] = {}
    services: Annotated[tuple[ServiceEntry, ...], Field(min_length=1)]


class DeputyEntry(StrictModel):
    """The deputy of the head of an office."""

    name: Words
    job_title: Words
    email: Email | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def value(self) -> Deputy:
        """Return the deputy."""
        return Deputy(self.name, self.job_title, self.email, self.valid_from, self.valid_to)


class OfficeEntry(StrictModel):
    """The additions to an application office; `table` is needed if several tables print their own offices."""

    level: Literal[1, 2]
    table: Annotated[int, Field(ge=1)] | None = None
    unit: Kebab | None = None
    role_mailbox: Email | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    deputies: tuple[DeputyEntry, ...] = ()


class OfficesFile(StrictModel):
    """The file offices.yaml."""

    offices: tuple[OfficeEntry, ...]


class DirectorateEntry(StrictModel):
    """A directorate."""

    code: Kebab
    name: Words
    email: Email | None
    keywords: tuple[Keyword, ...] = ()

    def value(self) -> Directorate:
        """Return the directorate."""
        return Directorate(self.code, self.name, self.keywords, self.email)


class ExternalBodyEntry(StrictModel):
    """A body outside the municipality."""

    code: Kebab
    name: Words
    phone_line: Words | None
    keywords: tuple[Keyword, ...] = ()

    def value(self) -> ExternalBody:
        """Return the external body."""
        return ExternalBody(self.code, self.name, self.keywords, self.phone_line)


class UnitsFile(StrictModel):
    """The file units.yaml."""

    units: Annotated[tuple[DirectorateEntry, ...], Field(min_length=1)]
    external_bodies: tuple[ExternalBodyEntry, ...] = ()


class WeekEntry(StrictModel):
    """The opening times of a week; a day without an entry is closed."""

    monday: OpeningTimes = ()
    tuesday: OpeningTimes = ()
    wednesday: OpeningTimes = ()
    thursday: OpeningTimes = ()
    friday: OpeningTimes = ()
    saturday: OpeningTimes = ()
    sunday: OpeningTimes = ()

    @model_validator(mode="after")
    def _opens(self) -> "WeekEntry":
        check_week(self.value(), frozenset({0}))
        return self

    def value(self) -> tuple[tuple[Segment, ...], ...]:
        """Return seven tuples of segments, Monday first."""
        return tuple(getattr(self, weekday) for weekday in _WEEKDAYS)


class HoursFile(StrictModel):
    """The file hours.yaml."""

    zone: str
    calendars: Annotated[dict[Kebab, WeekEntry], Field(min_length=1)]

    @field_validator("zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        load_zone(zone)
        return zone


class ClosureEntry(StrictModel):
    """A date that differs from its weekday by decision of the municipality."""

    date: date
    name: Words
    kind: Literal[DayKind.LEAVE, DayKind.HALF_DAY, DayKind.WORKING]
    ends_at: Annotated[time | None, BeforeValidator(_wall)] = None
    counts_as_working: tuple[ClockKind, ...] = tuple(ClockKind)
    segments: OpeningTimes = ()

    @model_validator(mode="after")
    def _is_possible(self) -> "ClosureEntry":
        self.value()
        return self

    def value(self) -> SpecialDay:
        """Return the special day. Raises CalendarError if its fields contradict each other."""
        counts = frozenset(self.counts_as_working)
        return SpecialDay(self.kind, self.name, self.ends_at, counts, self.segments)


class ClosuresFile(StrictModel):
    """The file closures.yaml."""

    closures: tuple[ClosureEntry, ...] = ()

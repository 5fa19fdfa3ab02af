"""The schemas of the calendar."""

import datetime as dt
from datetime import datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.schema import LongText, RequestModel, ResponseModel, ShortText, validation_error
from app.sla.calendar import CalendarError, ClockKind, DayKind, SpecialDay
from app.standards.files import OpeningTimes

CalendarDate = Annotated[dt.date, Field(ge=dt.date(2006, 1, 1), le=dt.date(2099, 12, 31))]


class DayBody(RequestModel):
    """A date that differs from its weekday by decision of the municipality."""

    date: CalendarDate = Field(examples=["2026-05-25"])
    kind: Literal[DayKind.LEAVE, DayKind.HALF_DAY, DayKind.WORKING] = Field(
        examples=["leave"], description="leave: closed; half_day: closes early; working: open on a weekend"
    )
    name: ShortText = Field(examples=["İdari izin"])
    ends_at: time | None = Field(None, examples=["13:00"], description="Early closing time; local")
    counts_as_working: tuple[ClockKind, ...] = Field(
        tuple(ClockKind), max_length=2, description="Clocks for which the date still is a working day"
    )
    segments: OpeningTimes = Field((), max_length=10, examples=[["09:00-13:00"]], description="Only for kind working")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        self.value()
        return self

    def value(self) -> SpecialDay:
        """Return the special day; the code of its CalendarError is the error if its fields contradict each other."""
        counts = frozenset(self.counts_as_working)
        try:
            return SpecialDay(self.kind, self.name, self.ends_at, counts, self.segments)
        except CalendarError as error:
            raise validation_error(error.code) from None


class ChangeBody(RequestModel):
    """Dates to decide on, and decisions to revoke. A new decision replaces an earlier one on the same date."""

    days: list[DayBody] = Field(default_factory=list, max_length=100)
    revoke: list[CalendarDate] = Field(default_factory=list, max_length=100, examples=[["2026-05-26"]])

    @model_validator(mode="after")
    def _something_once(self) -> Self:
        dates = [*(day.date for day in self.days), *self.revoke]
        if not dates:
            raise validation_error("nothing_to_change")
        if len(set(dates)) < len(dates):
            raise validation_error("date_twice")
        return self


class ApplyBody(ChangeBody):
    """The change, its reason, and the version of the calendar on which it was previewed."""

    reason: LongText = Field(examples=["Cumhurbaşkanlığı genelgesi: 25-26 Mayıs idari izin"])
    version: UUID | None = Field(None, description="From the preview; an error if the calendar has changed since")
    force: bool = Field(False, description="Required for a past date")


class MovedOut(ResponseModel):
    """A clock whose due date moves."""

    number: str = Field(examples=["2600012349"])
    clock: str = Field(examples=["promise"])
    old_due_at: datetime
    new_due_at: datetime


class ChangePreviewOut(ResponseModel):
    """The effect of a change; nothing is stored."""

    version: UUID = Field(description="The calendar that applies now; send it with the change")
    open_clocks: int = Field(examples=[1250])
    moved: int = Field(examples=[310])
    earlier: int = Field(examples=[0], description="Moved clocks that would end earlier")
    overdue_at_once: int = Field(examples=[0], description="Moved clocks that would be overdue at once")
    first: list[MovedOut] = Field(description="The first moved clocks, by their present due date")


class AppliedOut(ResponseModel):
    """The new version, and the number of moved clocks."""

    version: UUID
    open_clocks: int = Field(examples=[1250])
    moved: int = Field(examples=[310])


class DayOut(ResponseModel):
    """A date that differs from its weekday."""

    date: dt.date
    kind: str = Field(examples=["holiday"])
    name: str = Field(examples=["Cumhuriyet Bayramı"])
    ends_at: time | None
    counts_as_working: list[str] = Field(examples=[["promise", "statutory"]])
    decided_by: str | None = Field(examples=["ops"], description="Null for a holiday and for closures.yaml")
    reason: str | None = Field(examples=["Genelge 2026/5"])


class YearOut(ResponseModel):
    """A year of holidays, and the person who compared it with the official gazette."""

    year: int = Field(examples=[2027])
    source: str = Field(examples=["holidays 0.109"])
    confirmed_at: datetime | None
    confirmed_by: str | None = Field(examples=["ops"])


class CalendarOut(ResponseModel):
    """The calendar that applies now, for a span of dates."""

    version: UUID
    created_at: datetime
    created_by: str = Field(examples=["ops"])
    reason: str = Field(examples=["Cumhurbaşkanlığı genelgesi: 25-26 Mayıs idari izin"])
    years: list[YearOut]
    days: list[DayOut]

"""Responses of the routes of reports."""

from typing import Literal, Self

from pydantic import AwareDatetime, Field

from app.core.schema import ResponseModel
from app.reports.figures import Compliance


class ComplianceRow(ResponseModel):
    """The clocks of one service, kind and printed limit that were due in the month."""

    service: str = Field(examples=["call-center"], description="The code that was pinned to the clocks")
    clock: Literal["promise", "statutory"] = Field(
        examples=["promise"], description="promise: published limit; statutory: limit of law"
    )
    limit: str = Field(examples=["15 GÜN"], description="The words that were pinned to the clocks when they started")
    due: int = Field(examples=[120], description="on_time + late + open_late + pending")
    on_time: int = Field(examples=[111], description="Met at or before the due instant")
    late: int = Field(examples=[5], description="Met after the due instant")
    open_late: int = Field(examples=[4], description="Past due and not met until now")
    pending: int = Field(examples=[0], description="No verdict yet; 0 once the month is over")
    cancelled: int = Field(examples=[3], description="Withdrawn or duplicate: no part of `due`")
    share_on_time: float | None = Field(
        examples=[92.5], description="Percent of those with a verdict, one decimal; null without any"
    )
    median_hours: float | None = Field(
        examples=[96.25], description="Median time from start to end of the met clocks, pauses included; null for none"
    )
    ninetieth_hours: float | None = Field(examples=[311.5], description="90th percentile of the same time")


class ComplianceOut(ResponseModel):
    """Compliance with published and statutory limits in a month."""

    month: str = Field(examples=["2026-05"])
    complete: bool = Field(examples=[True], description="false while the month goes on")
    as_of: AwareDatetime | None = Field(
        examples=[None], description="The instant of a report before the month was over; null after it"
    )
    unit: str | None = Field(examples=[None], description="The directorate it covers; null for all")
    rows: list[ComplianceRow]

    @classmethod
    def of(cls, report: Compliance) -> Self:
        """Return the response for a report."""
        return cls(
            month=str(report.month),
            complete=report.complete,
            as_of=report.as_of,
            unit=report.unit,
            rows=[ComplianceRow.model_validate(line) for line in report.lines],
        )

"""Saha Çalışmaları: requests recorded offline by field teams and sent later in batches, maybe twice."""

from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import Field, SkipValidation

from app.channels.schemas import ApplicantBody, CitizenRequestBody
from app.core.schema import ExternalId, Instant, RequestModel, ResponseModel
from app.standards.values import Channel
from app.tickets.intake import Intake, Person

MAX_ITEMS = 500

MAX_SKEW = timedelta(hours=24)
"""The most that a trusted device time may be ahead of ours."""

MAX_AGE = timedelta(hours=48)
"""The most that a trusted device time may lie in the past."""


class FieldItemBody(CitizenRequestBody):
    """One request that a field team recorded; the device creates `item_id`."""

    item_id: ExternalId = Field(examples=["tablet-07-000231"])
    captured_at: Instant = Field(examples=["2026-05-12T10:00:00+03:00"], description="Time of the device")
    resident: ApplicantBody | None = Field(None, description="Empty: anonymous")
    id_shown: bool = Field(False, description="The resident showed an identity document; it is never copied")

    def to_intake(self, digest: bytes) -> Intake:
        """Return the item as an intake, still with the device's own time."""
        return Intake(
            **self.common_fields(),
            channel=Channel.FIELD,
            digest=digest,
            occurred_at=self.captured_at,
            external_id=self.item_id,
            person=self.resident.to_person() if self.resident else Person(),
            documents=("id_card",) if self.id_shown else (),
        )


class FieldBatchBody(RequestModel):
    """Up to 500 items; each is validated by itself, and a bad one does not delay the others."""

    items: list[SkipValidation[FieldItemBody]] = Field(min_length=1, max_length=MAX_ITEMS)


class FieldItemOut(ResponseModel):
    """The result of one item: `accepted`, `repeated` (it was stored before) or `quarantined`."""

    index: int = Field(examples=[0])
    item_id: str | None = Field(None, examples=["tablet-07-000231"])
    result: str = Field(examples=["accepted"])
    number: str | None = Field(None, examples=["2600012349"])
    due_at: str | None = Field(None, examples=["2026-06-01T20:59:59.999999+00:00"])
    quarantine_id: str | None = Field(None, examples=["01a0c3de-0000-7000-8000-000000000000"])
    errors: list[dict[str, str]] | None = None


class FieldBatchOut(ResponseModel):
    """One result for each item, in their order."""

    items: list[FieldItemOut]
    accepted: int = Field(examples=[1])
    repeated: int = Field(examples=[0])
    quarantined: int = Field(examples=[0])


def correct_device_time(intake: Intake, now: datetime) -> Intake:
    """Return the intake with the device's time if it is trusted, else with `now` and a flag.

    A time is trusted if it is at most 24 hours ahead (it counts as now) and at most 48 hours old.
    """
    captured = intake.occurred_at
    if captured is None or captured - now > MAX_SKEW:
        return replace(intake, occurred_at=now, time_flag="device_clock_ahead")
    if now - captured > MAX_AGE:
        return replace(intake, occurred_at=now, time_flag="synchronised_late")
    return replace(intake, occurred_at=min(captured, now))

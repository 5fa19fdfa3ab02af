"""What probes and operators are answered."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.core.clock import Clock
from app.core.schema import ResponseModel
from app.operations.queries import Deliveries, Waiting
from app.operations.readiness import Check


class LiveOut(ResponseModel):
    """The process answers."""

    status: Literal["ok"] = Field("ok", examples=["ok"])


class ReadinessChecks(ResponseModel):
    """One answer for each thing behind the API."""

    database: Check = Field(examples=["ok"], description="PostgreSQL answers")
    migrations: Check = Field(examples=["ok"], description="It has the structure that this version needs")
    catalogue: Check = Field(examples=["ok"], description="A published table and a calendar are loaded")
    queue: Check = Field(examples=["ok"], description="Valkey answers; nothing is lost while it does not")


class ReadyOut(ResponseModel):
    """Requests can be taken; `degraded`: without Valkey, so that workers find their work by sweeping alone."""

    status: Literal["ready", "degraded"] = Field(examples=["ready"])
    checks: ReadinessChecks


class ClockStatus(ResponseModel):
    """The installation's clock; a speed other than 1 is a demonstration."""

    now: AwareDatetime = Field(examples=["2026-05-12T07:00:00Z"])
    speed: float = Field(examples=[1.0])


class CheckpointStatus(ResponseModel):
    """Timers: how many are set, and how late the oldest unfired one is."""

    armed: int = Field(examples=[4210])
    oldest_due_at: AwareDatetime | None = Field(examples=[None], description="Of those that should have fired")
    lag_seconds: float = Field(examples=[0.0], description="Real seconds since that instant; 0 where none is late")


class NoticeStatus(ResponseModel):
    """Notices on their way, and those that were given up."""

    undelivered: int = Field(examples=[3])
    oldest_age_seconds: float = Field(examples=[1.4], description="Real seconds since the oldest one was made")
    overdue_seconds: float = Field(examples=[0.0], description="Real seconds since a delivery should have been tried")
    failed: int = Field(examples=[0], description="Given up; a person has to look")


class QuarantineStatus(ResponseModel):
    """Messages that could not be understood and wait for a person."""

    messages: int = Field(examples=[1])
    oldest_received_at: AwareDatetime | None = Field(examples=["2026-05-12T06:41:09Z"])


class VersionStatus(ResponseModel):
    """What applies to new tickets."""

    catalogue: UUID | None = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    catalogue_loaded_at: AwareDatetime | None = Field(examples=["2026-05-12T06:00:00Z"])
    calendar: UUID | None = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])


class StatusOut(ResponseModel):
    """What waits and for how long, for a dashboard or an alert."""

    clock: ClockStatus
    checkpoints: CheckpointStatus
    notices: NoticeStatus
    quarantine: QuarantineStatus
    versions: VersionStatus

    @classmethod
    def of(cls, waiting: Waiting, *, clock: Clock, now: datetime, speed: float) -> Self:
        """The answer for what was read at `now`; stretches become real seconds by the clock."""

        def since(instant: datetime | None) -> float:
            return 0.0 if instant is None else round(max(0.0, clock.real_seconds(now - instant)), 3)

        return cls(
            clock=ClockStatus(now=now, speed=speed),
            checkpoints=CheckpointStatus(
                armed=waiting.armed_checkpoints,
                oldest_due_at=waiting.oldest_unfired,
                lag_seconds=since(waiting.oldest_unfired),
            ),
            notices=NoticeStatus(
                undelivered=waiting.undelivered_notices,
                oldest_age_seconds=since(waiting.oldest_undelivered),
                overdue_seconds=since(waiting.overdue_delivery),
                failed=waiting.failed_notices,
            ),
            quarantine=QuarantineStatus(
                messages=waiting.quarantined_messages, oldest_received_at=waiting.oldest_quarantined
            ),
            versions=VersionStatus(
                catalogue=waiting.catalogue_version,
                catalogue_loaded_at=waiting.catalogue_loaded_at,
                calendar=waiting.calendar_version,
            ),
        )


class DeliveryFigure(ResponseModel):
    """How many notices of one kind, by one medium, ended so."""

    medium: str = Field(examples=["email"])
    kind: str = Field(examples=["escalation_1"])
    state: str = Field(examples=["sent"])
    reason: str | None = Field(
        examples=[None], description="Why it was skipped, failed or waits; docs/delivery.md has the list"
    )
    count: int = Field(examples=[12])


class DeliveriesOut(ResponseModel):
    """Delivery within a span (by when notices were made), and what waits now, whenever it was made."""

    since: AwareDatetime = Field(examples=["2026-05-11T07:00:00Z"])
    until: AwareDatetime = Field(examples=["2026-05-12T07:00:00Z"])
    totals: dict[str, int] = Field(examples=[{"sent": 40, "skipped": 2}], description="State → notices")
    figures: list[DeliveryFigure]
    oldest_undelivered_seconds: float = Field(
        examples=[1.4], description="Real seconds since the oldest notice on its way was made; 0 where none is"
    )
    given_up: int = Field(examples=[0], description="Failed, and no other medium took over; a person has to look")
    unknown_receipts: int = Field(examples=[0], description="Delivery receipts about messages that nobody here knows")

    @classmethod
    def of(cls, found: Deliveries, *, since: datetime, until: datetime, clock: Clock, now: datetime) -> Self:
        """The answer for what was read at `now`."""
        totals: dict[str, int] = {}
        for one in found.counts:
            totals[one.state] = totals.get(one.state, 0) + one.count
        oldest = found.oldest_undelivered
        return cls(
            since=since,
            until=until,
            totals=totals,
            figures=[
                DeliveryFigure(medium=one.medium, kind=one.kind, state=one.state, reason=one.reason, count=one.count)
                for one in found.counts
            ],
            oldest_undelivered_seconds=0.0 if oldest is None else round(max(0.0, clock.real_seconds(now - oldest)), 3),
            given_up=found.given_up,
            unknown_receipts=found.unknown_receipts,
        )

"""Responses to probes and operators."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.core.clock import Clock
from app.core.schema import ResponseModel
from app.operations.queries import Backlog, DeliveryStatistics
from app.operations.readiness import Check


class LiveOut(ResponseModel):
    """The process replies."""

    status: Literal["ok"] = Field("ok", examples=["ok"])


class ReadinessChecks(ResponseModel):
    """The result of each check."""

    database: Check = Field(examples=["ok"], description="PostgreSQL replies")
    migrations: Check = Field(examples=["ok"], description="The database is at the revision of this version")
    catalogue: Check = Field(examples=["ok"], description="A published table and a calendar are loaded")
    queue: Check = Field(examples=["ok"], description="Valkey replies; nothing is lost while it does not")


class ReadyOut(ResponseModel):
    """The process can take requests; `degraded`: without Valkey, workers find their work by sweeps alone."""

    status: Literal["ready", "degraded"] = Field(examples=["ready"])
    checks: ReadinessChecks


class ClockStatus(ResponseModel):
    """The clock of the installation; a speed other than 1 is a demonstration."""

    now: AwareDatetime = Field(examples=["2026-05-12T07:00:00Z"])
    speed: float = Field(examples=[1.0])


class CheckpointStatus(ResponseModel):
    """The number of armed timers, and the delay of the oldest unfired one."""

    armed: int = Field(examples=[4210])
    oldest_due_at: AwareDatetime | None = Field(examples=[None], description="The oldest timer that should have fired")
    lag_seconds: float = Field(examples=[0.0], description="Real seconds since that instant; 0 if none is late")


class NoticeStatus(ResponseModel):
    """Undelivered notices, and those that no further attempt is made for."""

    undelivered: int = Field(examples=[3])
    oldest_age_seconds: float = Field(examples=[1.4], description="Real seconds since the oldest one was created")
    overdue_seconds: float = Field(examples=[0.0], description="Real seconds since the earliest missed attempt")
    failed: int = Field(examples=[0], description="Failed for good; a person has to act")


class QuarantineStatus(ResponseModel):
    """Messages that could not be parsed and wait for a person."""

    messages: int = Field(examples=[1])
    oldest_received_at: AwareDatetime | None = Field(examples=["2026-05-12T06:41:09Z"])


class VersionStatus(ResponseModel):
    """The versions that apply to new tickets."""

    catalogue: UUID | None = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    catalogue_loaded_at: AwareDatetime | None = Field(examples=["2026-05-12T06:00:00Z"])
    calendar: UUID | None = Field(examples=["01a0c3de-0000-7000-8000-000000000001"])


class StatusOut(ResponseModel):
    """The backlog and its age, for a dashboard or an alert."""

    clock: ClockStatus
    checkpoints: CheckpointStatus
    notices: NoticeStatus
    quarantine: QuarantineStatus
    versions: VersionStatus

    @classmethod
    def of(cls, backlog: Backlog, *, clock: Clock, now: datetime, speed: float) -> Self:
        """Return the response for the backlog at `now`; the clock converts ages to real seconds."""

        def since(instant: datetime | None) -> float:
            return 0.0 if instant is None else round(max(0.0, clock.real_seconds(now - instant)), 3)

        return cls(
            clock=ClockStatus(now=now, speed=speed),
            checkpoints=CheckpointStatus(
                armed=backlog.armed_checkpoints,
                oldest_due_at=backlog.oldest_unfired,
                lag_seconds=since(backlog.oldest_unfired),
            ),
            notices=NoticeStatus(
                undelivered=backlog.undelivered_notices,
                oldest_age_seconds=since(backlog.oldest_undelivered),
                overdue_seconds=since(backlog.overdue_delivery),
                failed=backlog.failed_notices,
            ),
            quarantine=QuarantineStatus(
                messages=backlog.quarantined_messages, oldest_received_at=backlog.oldest_quarantined
            ),
            versions=VersionStatus(
                catalogue=backlog.catalogue_version,
                catalogue_loaded_at=backlog.catalogue_loaded_at,
                calendar=backlog.calendar_version,
            ),
        )


class DeliveryFigure(ResponseModel):
    """The number of notices of one kind and medium in one state."""

    medium: str = Field(examples=["email"])
    kind: str = Field(examples=["escalation_1"])
    state: str = Field(examples=["sent"])
    reason: str | None = Field(examples=[None], description="Reason of the state; docs/delivery.md lists them")
    count: int = Field(examples=[12])


class DeliveriesOut(ResponseModel):
    """Deliveries of the notices created in a span, and the undelivered and failed notices of any time."""

    since: AwareDatetime = Field(examples=["2026-05-11T07:00:00Z"])
    until: AwareDatetime = Field(examples=["2026-05-12T07:00:00Z"])
    totals: dict[str, int] = Field(examples=[{"sent": 40, "skipped": 2}], description="State → notices")
    figures: list[DeliveryFigure]
    oldest_undelivered_seconds: float = Field(
        examples=[1.4], description="Real seconds since the oldest undelivered notice was created; 0 if there is none"
    )
    given_up: int = Field(examples=[0], description="Failed, without another medium; a person has to act")
    unknown_receipts: int = Field(examples=[0], description="Delivery receipts of unknown messages")

    @classmethod
    def of(
        cls, statistics: DeliveryStatistics, *, since: datetime, until: datetime, clock: Clock, now: datetime
    ) -> Self:
        """Return the response for the statistics at `now`."""
        totals: dict[str, int] = {}
        for one in statistics.counts:
            totals[one.state] = totals.get(one.state, 0) + one.count
        oldest = statistics.oldest_undelivered
        return cls(
            since=since,
            until=until,
            totals=totals,
            figures=[
                DeliveryFigure(medium=one.medium, kind=one.kind, state=one.state, reason=one.reason, count=one.count)
                for one in statistics.counts
            ],
            oldest_undelivered_seconds=0.0 if oldest is None else round(max(0.0, clock.real_seconds(now - oldest)), 3),
            given_up=statistics.abandoned,
            unknown_receipts=statistics.unknown_receipts,
        )

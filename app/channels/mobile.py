"""Mobil İletişim: a report from the municipality's app or web page, posted by its backend."""

from pydantic import Field

from app.channels.schemas import ApplicantBody, MatterBody
from app.core.schema import ExternalId, Instant
from app.standards.values import Channel
from app.tickets.request import Intake, Person


class ReportBody(MatterBody):
    """One report of the app; `report_id` is made on the phone, so that a retry is no second ticket."""

    report_id: ExternalId = Field(examples=["01900000-0000-7000-8000-000000000001"])
    reporter: ApplicantBody | None = Field(None, description="Empty: anonymous")
    reported_at: Instant | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])

    def to_intake(self, digest: bytes) -> Intake:
        """The intake of the report."""
        return Intake(
            **self.matter(),
            channel=Channel.MOBILE,
            digest=digest,
            occurred_at=self.reported_at,
            external_id=self.report_id,
            person=self.reporter.to_person() if self.reporter else Person(),
        )

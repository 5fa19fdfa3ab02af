"""Mobil İletişim: reports from the municipality's app or web page, posted by its backend."""

from pydantic import Field

from app.channels.schemas import ApplicantBody, CitizenRequestBody
from app.core.schema import ExternalId, Instant
from app.standards.values import Channel
from app.tickets.intake import Intake, Person


class ReportBody(CitizenRequestBody):
    """One report of the app; the phone creates `report_id`, so that a retry is no second ticket."""

    report_id: ExternalId = Field(examples=["01900000-0000-7000-8000-000000000001"])
    reporter: ApplicantBody | None = Field(None, description="Empty: anonymous")
    reported_at: Instant | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])

    def to_intake(self, digest: bytes) -> Intake:
        """Return the report as an intake."""
        return Intake(
            **self.common_fields(),
            channel=Channel.MOBILE,
            digest=digest,
            occurred_at=self.reported_at,
            external_id=self.report_id,
            person=self.reporter.to_person() if self.reporter else Person(),
        )

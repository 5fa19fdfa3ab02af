"""Çözüm Masası, Danışma and İkram Noktası: requests of visitors at a counter."""

from typing import Literal

from pydantic import Field

from app.channels.schemas import ApplicantBody, CitizenRequestBody
from app.core.schema import Code, ExternalId, Instant
from app.standards.values import Channel
from app.tickets.intake import Intake, Person


class VisitBody(CitizenRequestBody):
    """One visit that became a request; it names the documents shown and never has a copy of them."""

    visit_id: ExternalId = Field(examples=["Q-20260512-0042"])
    counter: Literal["solution-desk", "info-desk", "hospitality", "right-to-information"] = Field(
        "solution-desk", examples=["solution-desk"]
    )
    visitor: ApplicantBody | None = Field(None, description="Empty: anonymous")
    arrived_at: Instant | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])
    documents: list[Code] = Field(default=[], max_length=20, examples=[["id_card"]])
    identity_bound: bool = False
    wet_signature: bool = False
    formal: bool = False

    def to_intake(self, digest: bytes) -> Intake:
        """Return the visit as an intake."""
        return Intake(
            **self.common_fields(),
            channel=Channel.DESK,
            digest=digest,
            service=self.counter,
            occurred_at=self.arrived_at,
            external_id=self.visit_id,
            person=self.visitor.to_person() if self.visitor else Person(),
            documents=tuple(self.documents),
            identity_bound=self.identity_bound,
            wet_signature=self.wet_signature,
            formal=self.formal,
            right_to_information=self.counter == "right-to-information",
        )

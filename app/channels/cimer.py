"""CİMER: records of the national portal, mirrored here; the reply itself goes out through CİMER."""

from enum import StrEnum

from pydantic import Field

from app.channels.schemas import ApplicantBody
from app.core.schema import ExternalId, Instant, LongText, RequestModel, ShortText
from app.standards.values import Channel
from app.tickets.request import Intake, Kind, Person, Place

RECORD = "cimer_record"
"""The document that the published table asks for: the record itself."""


class CimerKind(StrEnum):
    """CİMER's own kinds of application."""

    REQUEST = "istek"
    COMPLAINT = "şikâyet"
    TIP_OFF = "ihbar"
    OPINION = "görüş-öneri"
    RIGHT_TO_INFORMATION = "bilgi edinme"
    THANKS = "teşekkür"


_KINDS = {
    CimerKind.REQUEST: Kind.REQUEST,
    CimerKind.COMPLAINT: Kind.COMPLAINT,
    CimerKind.TIP_OFF: Kind.TIP_OFF,
    CimerKind.OPINION: Kind.SUGGESTION,
    CimerKind.RIGHT_TO_INFORMATION: Kind.REQUEST,
    CimerKind.THANKS: Kind.THANKS,
}


class CimerBody(RequestModel):
    """One record; imported again under the same number it stays one ticket. Identity may be hidden by CİMER."""

    application_number: ExternalId = Field(examples=["2600004717"], description="Kept as text, whatever its form")
    application_date: Instant = Field(examples=["2026-05-12T10:00:00+03:00"], description="Date in CİMER")
    kind: CimerKind = Field(CimerKind.REQUEST, examples=["istek"])
    text: LongText = Field(examples=["Sokağımızdaki aydınlatma ve kaldırım sorununun giderilmesini talep ediyorum."])
    applicant: ApplicantBody | None = Field(None, description="Empty where CİMER hides the identity")
    neighbourhood: ShortText | None = Field(None, examples=["Menderes Mah."])

    def to_intake(self, digest: bytes) -> Intake:
        """The intake of the record."""
        return Intake(
            channel=Channel.CIMER,
            kind=_KINDS[self.kind],
            description=self.text,
            digest=digest,
            occurred_at=self.application_date,
            external_id=self.application_number,
            person=self.applicant.to_person() if self.applicant else Person(),
            place=Place(neighbourhood=self.neighbourhood),
            documents=(RECORD,),
            right_to_information=self.kind is CimerKind.RIGHT_TO_INFORMATION,
        )

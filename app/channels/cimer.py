"""CİMER: records of the national portal, mirrored here; CİMER itself delivers the answer."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.channels.schemas import ApplicantBody
from app.core.schema import ExternalId, Instant, LongText, RequestModel, ShortText
from app.core.turkish import tr_key
from app.standards.values import Channel
from app.tickets.intake import Intake, Kind, Person, Place

RECORD = "cimer_record"
"""Code of the document that the published table requires, which is the record itself."""


class CimerKind(StrEnum):
    """The kind of an application in CİMER's words."""

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


_SEPARATORS = re.compile(r"[\W_]+")


def _key(written: str) -> str:
    return _SEPARATORS.sub(" ", tr_key(written)).strip()


_BY_KEY = {_key(kind.value): kind for kind in CimerKind} | {
    "talep": CimerKind.REQUEST,
    "gorus": CimerKind.OPINION,
    "oneri": CimerKind.OPINION,
    "gorus ve oneri": CimerKind.OPINION,
    "yonetime katil": CimerKind.OPINION,
    "bilgi edinme basvurusu": CimerKind.RIGHT_TO_INFORMATION,
}
"""Folded spelling → kind. `Yönetime katıl` invites opinions about public affairs."""


def _folded_kind(written: object) -> object:
    """Return the kind of any known spelling; leave the rest to the validation, which names what is allowed."""
    return _BY_KEY.get(_key(written), written) if isinstance(written, str) else written


class CimerBody(RequestModel):
    """One record; a record repeated under its number stays one ticket. CİMER may hide the identity."""

    application_number: ExternalId = Field(examples=["2600004717"], description="Stored as text, in any form")
    application_date: Instant = Field(examples=["2026-05-12T10:00:00+03:00"], description="Date in CİMER")
    kind: Annotated[CimerKind, BeforeValidator(_folded_kind)] = Field(
        CimerKind.REQUEST, examples=["istek"], description="Any spelling: `Şikayet`, `GÖRÜŞ/ÖNERİ`, `Yönetime Katıl`"
    )
    text: LongText = Field(examples=["Sokağımızdaki aydınlatma ve kaldırım sorununun giderilmesini talep ediyorum."])
    applicant: ApplicantBody | None = Field(None, description="Empty if CİMER hides the identity")
    neighbourhood: ShortText | None = Field(None, examples=["Menderes Mah."])

    def to_intake(self, digest: bytes) -> Intake:
        """Return the record as an intake."""
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

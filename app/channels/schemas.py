"""What callers send to the doors and what they get back; the parts that all channels share."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field, ValidationInfo, field_validator, model_validator

from app.core.schema import (
    Code,
    ExternalId,
    Instant,
    Latitude,
    Longitude,
    LongText,
    RequestModel,
    ResponseModel,
    ShortText,
    validation_error,
)
from app.core.wording import Language
from app.people.identity import PhoneKind, parse_national_id, parse_phone
from app.people.schemas import EmailText, NationalIdText, PhoneText
from app.standards.values import Channel
from app.tickets.request import ApplicantRole, ContactBy, Intake, Kind, Person, Place


class PlaceBody(RequestModel):
    """Where the matter lies; it is not the applicant's address."""

    latitude: Latitude | None = Field(None, examples=[41.0434])
    longitude: Longitude | None = Field(None, examples=[28.8763])
    neighbourhood: ShortText | None = Field(None, examples=["Oruçreis Mah."])
    note: LongText | None = Field(None, examples=["Pazar yerinin karşısındaki kaldırım"])

    @model_validator(mode="after")
    def _coordinates_whole(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise validation_error("coordinates")
        return self

    def to_place(self) -> Place:
        """The place as an intake has it."""
        return Place(self.latitude, self.longitude, self.neighbourhood, self.note)


class ApplicantBody(RequestModel):
    """Who applies. An anonymous applicant carries nothing personal; any other has a name or a phone."""

    role: ApplicantRole = Field(ApplicantRole.SELF, examples=["self"])
    name: ShortText | None = Field(None, examples=["Örnek Vatandaş"])
    phone: PhoneText | None = None
    national_id: NationalIdText | None = None
    address: LongText | None = Field(None, examples=["Örnek Mah. Örnek Sok. No: 1 Esenler"])
    email: EmailText | None = None
    hide_identity: bool = Field(False, description="Units do not see who applied (CİMER: kimliğim gizli kalsın)")
    language: Language = Field("tr", examples=["tr"], description="In which notices to the applicant are written")
    contact_by: ContactBy | None = Field(
        None,
        examples=["sms"],
        description="How the applicant wishes to be told. Empty: by SMS to a mobile phone, else by e-mail. `app`: the "
        "mobile app shows it, for what came through the app; also to anonymous applicants",
    )

    @field_validator("contact_by")
    @classmethod
    def _can_be_told(cls, wish: ContactBy | None, known: ValidationInfo) -> ContactBy | None:
        phone = known.data.get("phone")
        if wish is ContactBy.SMS and (phone is None or parse_phone(phone).kind is not PhoneKind.MOBILE):
            raise validation_error("sms_needs_mobile")
        if wish is ContactBy.EMAIL and known.data.get("email") is None:
            raise validation_error("email_needed")
        return wish

    @model_validator(mode="after")
    def _whole(self) -> Self:
        personal = (self.name, self.phone, self.national_id, self.address, self.email)
        if self.role is ApplicantRole.ANONYMOUS and any(value is not None for value in personal):
            raise validation_error("anonymous_with_identity")
        if self.role is not ApplicantRole.ANONYMOUS and self.name is None and self.phone is None:
            raise validation_error("identity_needed")
        return self

    def to_person(self) -> Person:
        """The person as an intake has it."""
        return Person(
            role=self.role,
            name=self.name,
            phone=parse_phone(self.phone) if self.phone else None,
            national_id=parse_national_id(self.national_id) if self.national_id else None,
            address=self.address,
            email=self.email,
            identity_hidden=self.hide_identity,
            language=self.language,
            contact_by=self.contact_by,
        )


class MatterBody(RequestModel):
    """What every channel can say about the matter itself."""

    kind: Kind = Field(Kind.REQUEST, examples=["request"])
    description: LongText = Field(examples=["Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum."])
    place: PlaceBody | None = None
    about_first_office: bool = Field(
        False, description="The matter concerns the first application office itself: escalations skip it"
    )

    def matter(self) -> dict[str, Any]:
        """These fields as an intake has them."""
        return {
            "kind": self.kind,
            "description": self.description,
            "place": self.place.to_place() if self.place else Place(),
            "about_first_office": self.about_first_office,
        }


class TicketBody(MatterBody):
    """A request in canonical form, from any channel."""

    channel: Channel = Field(examples=["call-center"])
    service: Code | None = Field(None, examples=["call-center"], description="Empty: the channel's default service")
    occurred_at: Instant | None = Field(
        None, examples=["2026-05-12T10:00:00+03:00"], description="The citizen's own time on the channel"
    )
    external_id: ExternalId | None = Field(None, examples=["CALL-20260512-000017"])
    applicant: ApplicantBody | None = Field(None, description="Empty: anonymous")
    documents: list[Code] = Field(
        default=[], max_length=20, description="Codes of published documents that were shown or handed in"
    )
    identity_bound: bool = Field(False, description="The matter needs the applicant's identity document")
    wet_signature: bool = Field(False, description="The matter needs a signature by hand (or its legal equal)")
    formal: bool = Field(False, description="It is a formal petition (law 3071)")
    right_to_information: bool = Field(False, description="Law 4982 (bilgi edinme) governs the request")

    def to_intake(self, digest: bytes) -> Intake:
        """The intake of this body; `digest` is the keyed hash of the message as it came."""
        return Intake(
            **self.matter(),
            channel=self.channel,
            digest=digest,
            service=self.service,
            occurred_at=self.occurred_at,
            external_id=self.external_id,
            person=self.applicant.to_person() if self.applicant else Person(),
            documents=tuple(self.documents),
            identity_bound=self.identity_bound,
            wet_signature=self.wet_signature,
            formal=self.formal,
            right_to_information=self.right_to_information,
        )


class ReceiptClock(ResponseModel):
    """One limit that runs: the published promise or the limit of law."""

    kind: str = Field(examples=["promise"])
    limit: str = Field(examples=["15 GÜN"], description="As printed in the published table")
    state: str = Field(examples=["running"])
    started_at: str = Field(examples=["2026-05-12T07:00:00+00:00"])
    due_at: str = Field(examples=["2026-06-01T20:59:59.999999+00:00"])


class MissingDocument(ResponseModel):
    """A document that the published table asks for and that did not come."""

    code: str = Field(examples=["power_of_attorney"])
    label: str = Field(examples=["Vekâletname"])


class FollowUp(ResponseModel):
    """How the citizen can follow the ticket."""

    tracking_url: str = Field(examples=["http://127.0.0.1:8000/v1/tracking"])
    call_line: str = Field(examples=["444 00 73"])


class Receipt(ResponseModel):
    """The answer to an accepted request; the same request again gets exactly the same answer."""

    number: str = Field(examples=["2600012349"])
    dictation: str = Field(examples=["26 0001 2349"], description="The number in groups, for reading aloud")
    status: str = Field(examples=["received"])
    status_label: str = Field(examples=["Alındı"])
    kind: str = Field(examples=["request"])
    service: str = Field(examples=["call-center"])
    service_name: str = Field(examples=["Halkla İlişkiler - ESTİM (Çağrı Merkezi)"])
    received_at: str = Field(examples=["2026-05-12T07:00:00+00:00"])
    allowed_actions: list[str] = Field(examples=[["register", "refer"]])
    clocks: list[ReceiptClock]
    missing_documents: list[MissingDocument]
    suggested_unit: str | None = Field(None, examples=["public-works"])
    suggested_external: str | None = Field(None, examples=["İSKİ"], description="Outside the municipality's duties")
    follow_up: FollowUp


class QuarantinedMessage(ResponseModel):
    """A message that was not understood; its content is shown to keys that may read personal data only."""

    id: UUID
    channel: str = Field(examples=["sms"])
    door: str = Field(examples=["sms/messages"])
    received_at: datetime
    problems: list[dict[str, Any]] = Field(examples=[[{"pointer": "/sender", "code": "phone", "facts": {}}]])
    body: str | None = Field(None, examples=[None], description="The message as it came, unmasked, or null")


class QuarantinePage(ResponseModel):
    """A page of quarantined messages, newest first."""

    items: list[QuarantinedMessage]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class RetryBody(RequestModel):
    """Try a kept message again, as it is or in a corrected form."""

    corrected: dict[str, Any] | None = Field(
        None, examples=[{"message_id": "SM0123456789", "sender": "+905320000000", "text": "Çöpler alınmadı"}]
    )


class DiscardBody(RequestModel):
    """Put a kept message aside for good; it stays stored with the reason."""

    reason: ShortText = Field(examples=["Reklam mesajı"])

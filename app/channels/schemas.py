"""Request and response bodies that all channels share, and those of the quarantine."""

from datetime import datetime
from typing import Any, Self, TypedDict
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
from app.tickets.intake import ApplicantRole, ContactBy, Intake, Kind, Person, Place


class PlaceBody(RequestModel):
    """The place of the matter, which is not the applicant's address."""

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
        """Return the place as a value of the intake."""
        return Place(self.latitude, self.longitude, self.neighbourhood, self.note)


class ApplicantBody(RequestModel):
    """The applicant. An anonymous applicant has no personal field; any other has a name or a phone."""

    role: ApplicantRole = Field(ApplicantRole.SELF, examples=["self"])
    name: ShortText | None = Field(None, examples=["Örnek Vatandaş"])
    phone: PhoneText | None = None
    national_id: NationalIdText | None = None
    address: LongText | None = Field(None, examples=["Örnek Mah. Örnek Sok. No: 1 Esenler"])
    email: EmailText | None = None
    hide_identity: bool = Field(False, description="Hide the applicant from units (CİMER: kimliğim gizli kalsın)")
    language: Language = Field("tr", examples=["tr"], description="Language of the notices to the applicant")
    contact_by: ContactBy | None = Field(
        None,
        examples=["sms"],
        description="Medium of the notices to the applicant. Empty: SMS to a mobile phone, else e-mail. `app`: the "
        "mobile app shows them, only for requests that came through the app, also to anonymous applicants",
    )

    @field_validator("contact_by")
    @classmethod
    def _reachable(cls, wish: ContactBy | None, known: ValidationInfo) -> ContactBy | None:
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
        """Return the applicant as a value of the intake."""
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


class CommonFields(TypedDict):
    """The fields of an `Intake` that every channel's message about a matter sets."""

    kind: Kind
    description: str
    place: Place
    about_first_office: bool


class CitizenRequestBody(RequestModel):
    """The fields about the matter that most channels share."""

    kind: Kind = Field(Kind.REQUEST, examples=["request"])
    description: LongText = Field(examples=["Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum."])
    place: PlaceBody | None = None
    about_first_office: bool = Field(
        False, description="The matter concerns the first application office itself; escalations skip that office"
    )

    def common_fields(self) -> CommonFields:
        """Return these fields as arguments of `Intake`."""
        return {
            "kind": self.kind,
            "description": self.description,
            "place": self.place.to_place() if self.place else Place(),
            "about_first_office": self.about_first_office,
        }


class TicketBody(CitizenRequestBody):
    """A request in canonical form, from any channel."""

    channel: Channel = Field(examples=["call-center"])
    service: Code | None = Field(None, examples=["call-center"], description="Empty: the channel's default service")
    occurred_at: Instant | None = Field(
        None, examples=["2026-05-12T10:00:00+03:00"], description="The citizen's own time on the channel"
    )
    external_id: ExternalId | None = Field(None, examples=["CALL-20260512-000017"])
    applicant: ApplicantBody | None = Field(None, description="Empty: anonymous")
    documents: list[Code] = Field(
        default=[], max_length=20, description="Codes of published documents that the applicant showed or handed in"
    )
    identity_bound: bool = Field(False, description="The matter needs the applicant's identity document")
    wet_signature: bool = Field(False, description="The matter needs a signature by hand (or its legal equal)")
    formal: bool = Field(False, description="It is a formal petition (law 3071)")
    right_to_information: bool = Field(False, description="Law 4982 (bilgi edinme) governs the request")

    def to_intake(self, digest: bytes) -> Intake:
        """Return the request as an intake; `digest` is the keyed hash of its canonical JSON."""
        return Intake(
            **self.common_fields(),
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
    """One running limit: the published promise or the limit of law."""

    kind: str = Field(examples=["promise"])
    limit: str = Field(examples=["15 GÜN"], description="As printed in the published table")
    state: str = Field(examples=["running"])
    started_at: str = Field(examples=["2026-05-12T07:00:00+00:00"])
    due_at: str = Field(examples=["2026-06-01T20:59:59.999999+00:00"])


class MissingDocument(ResponseModel):
    """A document that the published table requires and that is missing."""

    code: str = Field(examples=["power_of_attorney"])
    label: str = Field(examples=["Vekâletname"])


class FollowUp(ResponseModel):
    """The means by which the citizen can follow the ticket."""

    tracking_url: str = Field(examples=["http://127.0.0.1:8000/v1/tracking"])
    call_line: str = Field(examples=["444 00 73"])


class Receipt(ResponseModel):
    """The response to an accepted request; a repeated request gets exactly the same response."""

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
    suggested_external: str | None = Field(
        None, examples=["İSKİ"], description="Body outside the municipality that is responsible"
    )
    follow_up: FollowUp


class QuarantinedMessageOut(ResponseModel):
    """A message in quarantine; its content is returned only to keys with `personal-data:read`."""

    id: UUID
    channel: str = Field(examples=["sms"])
    door: str = Field(examples=["sms/messages"])
    received_at: datetime
    problems: list[dict[str, Any]] = Field(examples=[[{"pointer": "/sender", "code": "phone", "facts": {}}]])
    body: str | None = Field(
        None, examples=[None], description="The message as received, unmasked; null without `personal-data:read`"
    )


class QuarantinePage(ResponseModel):
    """A page of quarantined messages, newest first."""

    items: list[QuarantinedMessageOut]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class RetryBody(RequestModel):
    """Retry a quarantined message, unchanged or in a corrected form."""

    corrected: dict[str, Any] | None = Field(
        None, examples=[{"message_id": "SM0123456789", "sender": "+905320000000", "text": "Çöpler alınmadı"}]
    )


class DiscardBody(RequestModel):
    """Discard a quarantined message; it stays stored with the reason."""

    reason: ShortText = Field(examples=["Reklam mesajı"])

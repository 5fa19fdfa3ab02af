"""The request bodies of a ticket's commands, and the responses about tickets."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.core.schema import Code, Instant, LongText, RequestModel, ResponseModel, ShortText, validation_error
from app.domain.terms import ExtensionGround, Outcome, PauseReason, Remedy


class NoteBody(RequestModel):
    """An optional note on the command; it is stored encrypted."""

    note: LongText | None = Field(None, examples=["Vatandaşla görüşüldü."])


class ReasonBody(RequestModel):
    """The reason that a command requires; it is stored encrypted."""

    reason: LongText = Field(examples=["Görev alanımıza girmemektedir; Temizlik İşleri Müdürlüğüne sevki uygundur."])


class TextBody(RequestModel):
    """A text to the applicant, or a comment on the ticket; it is stored encrypted."""

    text: LongText = Field(examples=["Başvurunuz incelenmektedir; keşif 18.05.2026 tarihinde yapılacaktır."])


class ReferBody(NoteBody):
    """The directorate that gets the ticket."""

    unit: Code = Field(examples=["public-works"], description="A code of `GET /v1/catalogue/units`")


class DocumentsBody(RequestModel):
    """Codes of documents of the published list."""

    documents: list[Code] = Field(min_length=1, max_length=20, examples=[["power_of_attorney"]])


class UnlistedDocument(RequestModel):
    """A document that the published table does not list for the service."""

    code: Code = Field(examples=["title_deed"])
    label: ShortText = Field(examples=["Tapu senedi örneği"], description="The name that the applicant reads")


class RequestDocumentsBody(RequestModel):
    """The requested documents: published ones by their codes, others only with a reason."""

    documents: list[Code] = Field(default=[], max_length=20, examples=[["power_of_attorney"]])
    unlisted: list[UnlistedDocument] = Field(
        default=[], max_length=10, examples=[[]], description="Not on the published table; needs `override_reason`"
    )
    override_reason: LongText | None = Field(
        None, examples=[None], description="Why an unlisted document is needed; the application office reads it"
    )

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not self.documents and not self.unlisted:
            raise validation_error("no_document")
        return self


class PauseBody(NoteBody):
    """The reason to wait."""

    reason: PauseReason = Field(examples=["awaiting_citizen"])


class ServiceBody(ReasonBody):
    """The service of the published table to which the request belongs, and the reason."""

    service: Code = Field(examples=["right-to-information"], description="A code of `GET /v1/catalogue`")


class ExtensionBody(NoteBody):
    """The ground of the longer limit (law 4982 art. 11)."""

    ground: ExtensionGround = Field(examples=["other_institution"])
    consulted: ShortText | None = Field(
        None,
        examples=["Çevre Bakanlığı"],
        description="The consulted unit or institution; the applicant reads it",
    )


class FeeBody(NoteBody):
    """The cost of access that the applicant has to pay (law 4982)."""

    amount: Decimal = Field(gt=0, le=1_000_000, max_digits=9, decimal_places=2, examples=["125.50"])


class PaymentBody(RequestModel):
    """The instant of the payment; now, if it is missing."""

    paid_at: Instant | None = Field(None, examples=["2026-05-20T10:00:00+03:00"])


class DueBody(ReasonBody):
    """The due date of the promise that a person sets, and the reason."""

    due_at: Instant = Field(examples=["2026-06-15T23:59:59+03:00"])


class CallbackBody(NoteBody):
    """One callback with the result, and the citizen's mark from 1 to 5 if they gave one."""

    reached: bool = Field(examples=[True])
    score: int | None = Field(None, ge=1, le=5, examples=[5])


class DuplicateBody(RequestModel):
    """The ticket about the same matter."""

    duplicate_of: ShortText = Field(examples=["2600012349"])


class ResolutionBody(RequestModel):
    """The outcome of the request. A refusal needs its reason and the remedy (2577 art. 7, Constitution art. 40)."""

    outcome: Outcome = Field(examples=["positive"])
    reply: LongText | None = Field(None, examples=["Kaldırım 14.05.2026 tarihinde onarılmıştır."])
    reason: LongText | None = Field(None, examples=["Talep edilen alan özel mülkiyettedir."])
    remedy: Remedy | None = Field(
        None, description="administrative_court: 60 days (2577); information_board: 15 days (4982)"
    )
    forwarded_to: ShortText | None = Field(
        None, examples=["İSKİ"], description="The institution, required with `forwarded_out`"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.outcome in {Outcome.WITHDRAWN, Outcome.DUPLICATE}:
            raise validation_error("wrong_outcome")
        if self.outcome is Outcome.NEGATIVE and (self.reason is None or self.remedy is None):
            raise validation_error("reason_needed")
        if self.outcome is Outcome.NOT_EXAMINED and self.reason is None:
            raise validation_error("reason_needed")
        if self.outcome is Outcome.FORWARDED_OUT and self.forwarded_to is None:
            raise validation_error("forwarded_to_needed")
        return self

    @property
    def words(self) -> str:
        """Return reply and reason as one text, in the order of the letter."""
        return "\n".join(part for part in (self.reply, self.reason) if part)


class ClockOut(ResponseModel):
    """A limit of the present cycle: the published promise or the limit of law."""

    kind: str = Field(examples=["promise"])
    limit: str = Field(examples=["15 GÜN"], description="As printed in the published table")
    state: str = Field(examples=["running"])
    started_at: datetime
    due_at: datetime | None = Field(description="Null while the clock is paused")
    met_at: datetime | None
    breached_at: datetime | None
    on_time: bool | None = Field(description="Null while it is open")
    extended: bool = Field(examples=[False], description="The limit was extended (law 4982 art. 11)")
    overridden: bool = Field(examples=[False], description="A person set the due date; it is not computed any more")


class ApplicantOut(ResponseModel):
    """The applicant, masked unless the key may read personal data."""

    role: str = Field(examples=["self"])
    masked: bool = Field(examples=[True])
    name: str | None = Field(None, examples=["Ö**** V*******"])
    phone: str | None = Field(None, examples=["+90 532 *** ** 00"])
    national_id: str | None = Field(None, examples=["*******0146"])
    address: str | None = Field(None, examples=["***"])
    email: str | None = Field(None, examples=["o***@***"])
    language: str | None = Field(None, examples=["tr"], description="Language of notices, or null if hidden")
    contact_by: str | None = Field(None, examples=["sms"], description="Their wish for notices, or null")


class PlaceOut(ResponseModel):
    """The place of the matter."""

    latitude: float | None = Field(examples=[41.0434])
    longitude: float | None = Field(examples=[28.8763])
    neighbourhood: str | None = Field(examples=["Oruçreis"])
    note: str | None = Field(examples=["Pazar yerinin karşısı"])


class DocumentOut(ResponseModel):
    """A required document, and when it was provided."""

    code: str = Field(examples=["id_card"])
    label: str = Field(examples=["T.C. Kimlik Belgesi veya yerine geçer belge"])
    provided_at: datetime | None


class TicketSummary(ResponseModel):
    """A ticket in a list, without personal data."""

    number: str = Field(examples=["2600012349"])
    status: str = Field(examples=["in_progress"])
    status_label: str = Field(examples=["İşlemde"])
    outcome: str | None = Field(examples=["positive"])
    kind: str = Field(examples=["request"])
    channel: str = Field(examples=["call-center"])
    service: str = Field(examples=["call-center"])
    unit: str | None = Field(examples=["public-works"])
    suggested_unit: str | None = Field(examples=["public-works"])
    neighbourhood: str | None = Field(examples=["Oruçreis"])
    cycle: int = Field(examples=[1])
    received_at: datetime
    overdue: bool = Field(examples=[False])
    clocks: list[ClockOut]


class TicketPage(ResponseModel):
    """A page of tickets, newest first."""

    items: list[TicketSummary]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class TicketOut(TicketSummary):
    """One ticket, with the commands that are allowed now."""

    allowed_actions: list[str] = Field(examples=[["accept", "return"]])
    external_id: str | None = Field(examples=["CALL-20260512-000017"])
    description: str = Field(examples=["Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum."])
    reply: str | None = Field(examples=["Kaldırım 14.05.2026 tarihinde onarılmıştır."])
    applicant: ApplicantOut
    place: PlaceOut
    documents: list[DocumentOut]
    occurred_at: datetime
    time_flag: str | None = Field(
        examples=[None], description="Why the channel's own time was not used, e.g. device_clock_ahead"
    )
    referred_at: datetime | None
    interim_reply_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    duplicate_of: UUID | None


class EventOut(ResponseModel):
    """One event of a ticket's history."""

    seq: int = Field(examples=[1])
    kind: str = Field(examples=["received"])
    label: str = Field(examples=["Başvuru alındı"])
    at: datetime
    actor: str = Field(examples=["call-centre"])
    data: dict[str, Any] = Field(examples=[{"unit": "public-works"}])
    note: str | None = Field(examples=["Vatandaşla görüşüldü."])
    hash: str = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="SHA-256 of this event and the previous hash, in hex",
    )


class TimelineOut(ResponseModel):
    """The history of a ticket, oldest first; `chain_holds` is true if its chain of hashes is intact."""

    number: str = Field(examples=["2600012349"])
    chain_holds: bool = Field(examples=[True])
    items: list[EventOut]


class TrackingBody(RequestModel):
    """The number of the ticket and the last four digits of the phone."""

    number: ShortText = Field(examples=["26 0001 2349"])
    phone_last_four: str = Field(pattern=r"^[0-9]{4}$", examples=["0000"])


class TrackingOut(ResponseModel):
    """The status of the ticket, with a message for the citizen."""

    number: str = Field(examples=["2600012349"])
    status: str = Field(examples=["in_progress"])
    status_label: str = Field(examples=["İşlemde"])
    service_name: str = Field(examples=["Halkla İlişkiler - ESTİM (Çağrı Merkezi)"])
    unit_name: str | None = Field(examples=["Fen İşleri Müdürlüğü"])
    received_at: datetime
    due_at: datetime | None
    outcome: str | None = Field(examples=[None])
    message: str = Field(examples=["Başvurunuz işlemdedir. En geç 01.06.2026 tarihinde sonuçlandırılacaktır."])

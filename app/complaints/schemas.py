"""Bodies and responses of the routes of complaints."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from app.channels.schemas import ApplicantBody
from app.complaints.values import ComplaintRequest
from app.core.schema import LongText, RequestModel, ResponseModel, ShortText, validation_error
from app.domain.terms import ComplaintGround, Outcome, Remedy
from app.tickets.schemas import ApplicantOut, NoteBody, ResolutionBody


class ComplaintBody(RequestModel):
    """A complaint under one of the three printed grounds, to the first or directly to the second office."""

    channel: Literal["mobile", "call-center", "desk"] = Field(examples=["desk"], description="Channel that took it")
    ground: ComplaintGround = Field(examples=["deadline_missed"])
    office: Literal[1, 2] = Field(1, examples=[1], description="1: İlk, 2: İkinci Müracaat Yeri; either may come first")
    ticket: ShortText | None = Field(
        None, examples=["2600012349"], description="The application it is about; needed for `deadline_missed`"
    )
    applicant: ApplicantBody = Field(description="Not anonymous: an answer is owed")
    description: LongText = Field(examples=["Süresi geçtiği hâlde başvurum sonuçlandırılmadı."])

    def to_request(self, digest: bytes) -> ComplaintRequest:
        """Return the request to file the complaint; `digest` is the keyed hash of the body."""
        return ComplaintRequest(
            channel=self.channel,
            ground=self.ground,
            office=self.office,
            ticket=self.ticket,
            person=self.applicant.to_person(),
            description=self.description,
            digest=digest,
        )


class AnswerBody(RequestModel):
    """The office's answer; a refusal gives its reason in the text, and the remedy."""

    outcome: Literal[Outcome.POSITIVE, Outcome.PARTIAL, Outcome.NEGATIVE] = Field(
        examples=["positive"], description="positive, partial: justified; negative: not justified"
    )
    text: LongText = Field(
        examples=["Şikâyetiniz haklı bulunmuş, başvurunuz 12.06.2026 tarihinde sonuçlandırılmıştır."]
    )
    remedy: Remedy | None = Field(None, description="Needed with `negative` (Constitution art. 40)")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.outcome is Outcome.NEGATIVE and self.remedy is None:
            raise validation_error("reason_needed")
        return self

    def resolution(self) -> ResolutionBody:
        """Return the body that resolves the ticket which carries the complaint."""
        if self.outcome is Outcome.NEGATIVE:
            return ResolutionBody(outcome=self.outcome, reason=self.text, remedy=self.remedy)
        return ResolutionBody(outcome=self.outcome, reply=self.text)


class WithdrawalBody(NoteBody):
    """The applicant's reason for the withdrawal, if given."""


class OwingOfficeOut(ResponseModel):
    """The application office that owes the answer."""

    level: int = Field(examples=[1])
    place: str = Field(examples=["Halkla İlişkiler Müdürlüğü"])
    phone: str = Field(examples=["444 00 73/1010"])


class ComplaintReceipt(ResponseModel):
    """The receipt of a complaint; a repeated request gets exactly the same one."""

    number: str = Field(examples=["S260001238"])
    dictation: str = Field(examples=["S 26 000 1238"], description="The number in groups, for reading aloud")
    state: str = Field(examples=["filed"])
    state_label: str = Field(examples=["Alındı"])
    ground: str = Field(examples=["deadline_missed"])
    ground_label: str = Field(examples=["Eksiksiz belge ile başvuruya rağmen hizmetin süresinde tamamlanmaması"])
    office: OwingOfficeOut
    ticket: str | None = Field(examples=["2600012349"])
    filed_at: str = Field(examples=["2026-06-02T07:00:00+00:00"])
    answer_by: str = Field(examples=["2026-07-02T20:59:59.999999+00:00"], description="Law 3071 art. 7")


class ComplaintSummary(ResponseModel):
    """A complaint in a list, without personal data."""

    number: str = Field(examples=["S260001238"])
    state: Literal["filed", "acknowledged", "answered", "withdrawn"] = Field(examples=["filed"])
    state_label: str = Field(examples=["Alındı"])
    allowed_actions: list[str] = Field(examples=[["acknowledge", "answer", "withdraw"]])
    ground: ComplaintGround = Field(examples=["deadline_missed"])
    ground_label: str = Field(examples=["Eksiksiz belge ile başvuruya rağmen hizmetin süresinde tamamlanmaması"])
    office: OwingOfficeOut
    ticket: str | None = Field(examples=["2600012349"])
    channel: str = Field(examples=["desk"])
    filed_at: datetime
    answer_by: datetime
    on_time: bool | None = Field(description="Null while it is open and in time")
    acknowledged_at: datetime | None
    answered_at: datetime | None
    outcome: str | None = Field(examples=["positive"])


class ComplaintPage(ResponseModel):
    """A page of complaints, newest first."""

    items: list[ComplaintSummary]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class ComplaintOut(ComplaintSummary):
    """A complaint in full; personal data are masked unless the key may read them."""

    applicant: ApplicantOut
    description: str = Field(examples=["Süresi geçtiği hâlde başvurum sonuçlandırılmadı."])
    answer: str | None = Field(examples=["Şikâyetiniz haklı bulunmuştur."])

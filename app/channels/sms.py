"""SMS: one incoming message becomes one request; gateways translate their own formats to this one."""

from pydantic import Field

from app.core.schema import ExternalId, Instant, LongText, RequestModel
from app.people.identity import parse_phone
from app.people.schemas import PhoneText
from app.standards.values import Channel
from app.tickets.intake import ApplicantRole, Intake, Kind, Person


class SmsBody(RequestModel):
    """One SMS; a message delivered three times under the same `message_id` is one ticket (C8)."""

    message_id: ExternalId = Field(examples=["SM0123456789"])
    sender: PhoneText = Field(examples=["+905320000000"])
    text: LongText = Field(examples=["Oruçreis Mahallesi 12. sokakta çöpler iki gündür alınmadı"])
    received_at: Instant | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])

    def to_intake(self, digest: bytes) -> Intake:
        """Return the message as an intake."""
        return Intake(
            channel=Channel.SMS,
            kind=Kind.REQUEST,
            description=self.text,
            digest=digest,
            occurred_at=self.received_at,
            external_id=self.message_id,
            person=Person(role=ApplicantRole.SELF, phone=parse_phone(self.sender)),
        )

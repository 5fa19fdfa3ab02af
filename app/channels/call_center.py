"""Çağrı Merkezi: calls, posted by the agent's screen or the telephone system afterwards."""

from pydantic import Field

from app.channels.schemas import CitizenRequestBody
from app.core.schema import ExternalId, Instant, ShortText
from app.core.wording import Language
from app.people.identity import parse_caller
from app.people.schemas import CallerText, NationalIdText
from app.standards.values import Channel
from app.tickets.intake import ApplicantRole, Intake, Person


class CallBody(CitizenRequestBody):
    """One call that became a request. A hidden number (`anonymous`, empty) without a name makes it anonymous."""

    call_id: ExternalId = Field(examples=["a1b2c3d4-0001"], description="The telephone system's id of the call")
    caller: CallerText = Field("", examples=["0532 000 00 00"], description="As the telephone system shows it")
    caller_name: ShortText | None = Field(None, examples=["Örnek Vatandaş"])
    national_id: NationalIdText | None = None
    language: Language = Field("tr", examples=["tr"], description="Language of the notices to the caller")
    called_at: Instant | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])
    wet_signature: bool = Field(False, description="The matter needs a signature; no limit runs until it is given")

    def to_intake(self, digest: bytes) -> Intake:
        """Return the call as an intake."""
        phone = parse_caller(self.caller)
        known = phone is not None or self.caller_name is not None
        person = Person(
            role=ApplicantRole.SELF if known else ApplicantRole.ANONYMOUS,
            name=self.caller_name,
            phone=phone,
            national_id=self.national_id if known else None,
            language=self.language,
        )
        return Intake(
            **self.common_fields(),
            channel=Channel.CALL_CENTER,
            digest=digest,
            occurred_at=self.called_at,
            external_id=self.call_id,
            person=person,
            wet_signature=self.wet_signature,
        )

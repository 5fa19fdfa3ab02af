"""What every channel boils down to: one `Intake` value, whatever the message looked like."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.wording import Language
from app.people.identity import Phone
from app.standards.values import Channel, PastChannel


class Kind(StrEnum):
    """What the citizen wants (talep, şikâyet, öneri, temenni, ihbar, teşekkür)."""

    REQUEST = "request"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    WISH = "wish"
    TIP_OFF = "tip_off"
    THANKS = "thanks"

    @property
    def label_tr(self) -> str:
        """The Turkish name of the kind."""
        return KIND_LABELS[self]


KIND_LABELS = {
    Kind.REQUEST: "Talep",
    Kind.COMPLAINT: "Şikâyet",
    Kind.SUGGESTION: "Öneri",
    Kind.WISH: "Temenni",
    Kind.TIP_OFF: "İhbar",
    Kind.THANKS: "Teşekkür",
}


class ApplicantRole(StrEnum):
    """In whose name the applicant acts; anonymous applicants carry no personal field."""

    SELF = "self"
    ATTORNEY = "attorney"
    GUARDIAN = "guardian"
    ANONYMOUS = "anonymous"


class ContactBy(StrEnum):
    """How an applicant wishes to be told; the app shows notices on the device that the report came from."""

    APP = "app"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Person:
    """The applicant as the channel knows them; `identity_hidden` keeps units from seeing who it is (CİMER ihbar).

    `language` is the one that notices to them are written in, `contact_by` their wish where they have one.
    """

    role: ApplicantRole = ApplicantRole.ANONYMOUS
    name: str | None = None
    phone: Phone | None = None
    national_id: str | None = None
    address: str | None = None
    email: str | None = None
    identity_hidden: bool = False
    language: Language = "tr"
    contact_by: ContactBy | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the matter lies: WGS 84 degrees, the neighbourhood in the caller's words, and free text."""

    latitude: float | None = None
    longitude: float | None = None
    neighbourhood: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """One citizen request, understood.

    `occurred_at` is the citizen's own event time on the channel (call time, receipt of the SMS, device capture, CİMER
    date; UTC), None where only our receipt is known; `external_id` the channel's id of the message. The flags say
    which conditional documents of the published table are due, and whether law 4982 (bilgi edinme) governs the
    request. `digest` is the keyed hash of the message as it came, by which a repeated request is told from another
    one under the same id.
    """

    channel: Channel | PastChannel
    kind: Kind
    description: str
    digest: bytes
    service: str | None = None
    occurred_at: datetime | None = None
    external_id: str | None = None
    person: Person = field(default_factory=Person)
    place: Place = field(default_factory=Place)
    documents: tuple[str, ...] = ()
    identity_bound: bool = False
    wet_signature: bool = False
    formal: bool = False
    right_to_information: bool = False
    about_first_office: bool = False
    time_flag: str | None = None

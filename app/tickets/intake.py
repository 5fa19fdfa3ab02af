"""A citizen request as one `Intake` value, the same for every channel."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.core.wording import Language
from app.people.identity import Phone
from app.standards.values import Channel, PastChannel


class Kind(StrEnum):
    """The kind of a request (talep, şikâyet, öneri, temenni, ihbar, teşekkür)."""

    REQUEST = "request"
    COMPLAINT = "complaint"
    SUGGESTION = "suggestion"
    WISH = "wish"
    TIP_OFF = "tip_off"
    THANKS = "thanks"

    @property
    def label_tr(self) -> str:
        """Return the Turkish name of the kind."""
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
    """The role in which the applicant acts; an anonymous applicant has no personal field."""

    SELF = "self"
    ATTORNEY = "attorney"
    GUARDIAN = "guardian"
    ANONYMOUS = "anonymous"


class ContactBy(StrEnum):
    """The medium that an applicant wishes; the app shows notices on the device that sent the report."""

    APP = "app"
    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Person:
    """The applicant as the channel knows them; `identity_hidden` hides who it is from units (CİMER ihbar).

    `language` is the language of notices to them, `contact_by` the medium that they wish, if any.
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
    """The place of the matter: WGS 84 degrees, the neighbourhood in the caller's words, and free text."""

    latitude: float | None = None
    longitude: float | None = None
    neighbourhood: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """One citizen request, parsed.

    `occurred_at` is the citizen's own event time in UTC: call time, receipt of the SMS, device capture or CİMER date.
    It is None if only the receipt is known. `external_id` is the channel's id of the message. The flags decide
    which conditional documents of the published table are required, and whether law 4982 (bilgi edinme) applies.
    `digest` is the keyed hash of the message as received; it distinguishes a repeated request from another one under
    the same id.
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

"""The medium by which an applicant is notified, and the facts that every notice to an applicant contains."""

from datetime import datetime
from typing import TypedDict

from app.core.wording import Language
from app.notices.kinds import Medium
from app.people.identity import PhoneKind, parse_stored_phone
from app.people.model import Applicant
from app.people.vault import Vault
from app.standards.values import Channel
from app.tickets.intake import ContactBy, Person


class CitizenFacts(TypedDict):
    """The arguments that all classes of `CitizenPayload` share."""

    number: str
    applicant_named: bool
    received_at: datetime
    language: Language


def preferred_medium(
    *, channel: str, identity_hidden: bool, phone_kind: PhoneKind | None, has_email: bool, contact_by: str | None
) -> Medium | None:
    """Return the applicant's wish, else SMS to a mobile phone, else e-mail; None if no medium reaches them.

    An applicant with a hidden identity gets no notice. CİMER notifies its applicants itself.
    """
    if identity_hidden or channel == Channel.CIMER:
        return None
    if contact_by == ContactBy.APP:
        return Medium.WEBHOOK
    if phone_kind is PhoneKind.MOBILE and contact_by != ContactBy.EMAIL:
        return Medium.SMS
    return Medium.EMAIL if has_email else None


def preferred_medium_of_person(person: Person, channel: str) -> Medium | None:
    """Return the `preferred_medium` of a person whose request is not stored yet."""
    return preferred_medium(
        channel=channel,
        identity_hidden=person.identity_hidden,
        phone_kind=person.phone.kind if person.phone else None,
        has_email=person.email is not None,
        contact_by=person.contact_by,
    )


def preferred_medium_of_applicant(applicant: Applicant, channel: str, vault: Vault) -> Medium | None:
    """Return the `preferred_medium` of a stored applicant; opens the phone number only."""
    phone_kind = None
    if applicant.phone is not None:
        stored = vault.open(applicant.phone, table="applicant", column="phone", row_id=applicant.id)
        phone_kind = parse_stored_phone(stored).kind
    return preferred_medium(
        channel=channel,
        identity_hidden=applicant.identity_hidden,
        phone_kind=phone_kind,
        has_email=applicant.email is not None,
        contact_by=applicant.contact_by,
    )


def wants_unavailable_app(person: Person, channel: str) -> bool:
    """Return whether the person wishes notices in the app without having applied through it.

    The app shows notices on the device that sent the request; it does not know other applicants.
    """
    return person.contact_by is ContactBy.APP and channel != Channel.MOBILE

"""The facts of each kind of notice, as typed values.

A missing fact is a type error in the code that creates the notice, not a gap in a letter. No payload contains personal
data: the texts name a person by references (see `references`). Instants are aware; the texts show them in
Europe/Istanbul. `None` means that the fact does not exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import AwareDatetime, ConfigDict

from app.core.wording import Language
from app.domain.terms import ComplaintGround, ExtensionGround, Outcome, Regime, Remedy

WithdrawalCause = Literal["own_wish", "fee_unpaid"]
"""Reason for which an application was withdrawn."""

MAX_REMINDERS = 5
"""Maximum number of reminders about one escalation; after them people have to act."""

MIN_DIGEST_LINES, MAX_DIGEST_LINES = 2, 200
"""Size of a digest: a single notice is sent as itself, and no one reads more than 200 lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts:
    """Application office (Müracaat Yeri) as the published table of that day prints it."""

    place: str
    official: str
    title: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Facts of one notice."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenPayload(Payload):
    """Facts of a notice to the applicant of the ticket `number`, in the applicant's `language`.

    `applicant_named` is True if the salutation can use a name.
    """

    number: str
    applicant_named: bool
    received_at: AwareDatetime
    language: Language = "tr"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPayload(CitizenPayload):
    """Receipt of an application; `promise_due` is None if no limit runs (thanks, or documents still missing)."""

    service_name: str
    limit_text: str
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDocumentsPayload(CitizenPayload):
    """Missing documents, at least one; `legal_basis` is None if the published table requires them.

    `unlisted` are those that the table does not list; with one of them the text claims no basis for the whole list.
    `signatory` signs the letter; without one the records system names the person.
    """

    documents: tuple[str, ...]
    complete_by: date | None
    legal_basis: Regime | None = None
    unlisted: tuple[str, ...] = ()
    signatory: OfficeFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPayload(CitizenPayload):
    """Referral of the application to a directorate; `unit_name` is its full name (`Fen İşleri Müdürlüğü`)."""

    unit_name: str
    referred_at: AwareDatetime
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayload(Payload):
    """Facts for an office of the municipality about the open application `number`.

    `limit_text` is the printed limit, letter for letter, and `promise_due` the instant at which it ends (the breach,
    once it is past). `raised_at` is the instant of the notice. `subject_label` names the matter in one or two words,
    without personal data. `under_a_day` makes the text show hour and minute. If no promise runs because documents are
    missing, `promised` is False, and limit and end are those of the law.
    """

    number: str
    subject_label: str
    neighbourhood: str | None
    service_name: str
    limit_text: str
    received_at: AwareDatetime
    promise_due: AwareDatetime
    raised_at: AwareDatetime
    unit_name: str | None
    referred_at: AwareDatetime | None
    under_a_day: bool = False
    promised: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningPayload(CasePayload):
    """Warning before the promise ends; `internal_target` is the day by which the unit should have acted."""

    internal_target: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPayload(CasePayload):
    """Breach of the promise, for both application offices."""

    office: OfficeFacts
    last_action: str | None
    last_action_at: AwareDatetime | None
    statutory_regime: Regime | None
    statutory_due: AwareDatetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation2Payload(EscalationPayload):
    """Letter to the second office.

    `signatory` signs for the first office and is None if the application is about that office. `level_1_number` and
    `level_1_at` name the earlier notice of level 1, if there was one. `legal_risk` marks a level raised because the
    statutory limit is near, possibly before the promise ended.
    """

    applicant_named: bool
    signatory: OfficeFacts | None
    level_1_number: str | None
    level_1_at: AwareDatetime | None
    legal_risk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionPayload(CitizenPayload):
    """Outcome of the application.

    `replied` means that the office wrote a reply: the note of the ticket's event number `event_seq`, or the present
    reply if there is no number. Every refusal must name a `remedy` (Constitution art. 40). `survey` asks for
    a mark from 1 to 5, only by media whose replies are read. `signatory` signs the letter; without one the records
    system names the person.
    """

    unit_name: str | None
    outcome: Outcome
    replied: bool
    remedy: Remedy | None
    first_office: OfficeFacts
    second_office: OfficeFacts
    forwarded_to: str | None = None
    duplicate_of: str | None = None
    survey: bool = False
    event_seq: int | None = None
    signatory: OfficeFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionPayload(CitizenPayload):
    """Extension to the longer limit of law 4982 art. 11: its ground, and the new end in `new_due`.

    `consulted` names the unit or institution that has to be asked, if there is one; `signatory` signs the letter.
    """

    ground: ExtensionGround
    extended_at: AwareDatetime
    new_due: AwareDatetime
    consulted: str | None = None
    signatory: OfficeFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePayload(CitizenPayload):
    """Cost of access (law 4982) in liras, and the last instant to pay it; the limit is interrupted meanwhile."""

    amount: Decimal
    notified_at: AwareDatetime
    pay_by: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalPayload(CitizenPayload):
    """End of the application without an answer: withdrawn by the applicant, or its fee not paid by `pay_by`."""

    cause: WithdrawalCause
    withdrawn_at: AwareDatetime
    pay_by: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterimReplyPayload(CitizenPayload):
    """Interim reply about the state of the matter (law 3071 art. 7), while the final reply is owed.

    The office's words are the note of the ticket's event number `event_seq`. `legal_basis` is the law whose limit the
    interim reply satisfies, if it satisfies one.
    """

    event_seq: int
    replied_at: AwareDatetime
    unit_name: str | None
    legal_basis: Regime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPayload(CasePayload):
    """Reminder number `reminder` of a notice that an office or unit has not acknowledged.

    `notice_number` and `notice_at` name the first notice, `level` the level that it raised (0: a warning). Without an
    `office` the reader is the unit. `complaint` is True if `number` is a citizen's complaint to the office.
    """

    notice_number: str
    notice_at: AwareDatetime
    level: int
    reminder: int
    office: OfficeFacts | None
    statutory_due: AwareDatetime | None
    complaint: bool = False

    def __post_init__(self) -> None:
        """Raise `ValueError` if the number of the reminder is out of range."""
        if not 1 <= self.reminder <= MAX_REMINDERS:
            raise ValueError(f"reminders are counted from 1 to {MAX_REMINDERS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedOutPayload(CitizenPayload):
    """Forwarding of the application to the competent institution (law 3071 art. 5, law 4982 art. 7).

    The office's words about it, if it wrote any, are the note of the ticket's event number `event_seq`.
    """

    institution: str
    forwarded_at: AwareDatetime
    legal_basis: Regime | None
    event_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePayload(CitizenPayload):
    """Merge with an earlier application about the same matter, number `duplicate_of`."""

    duplicate_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachedPayload(CitizenPayload):
    """Failure to reach the applicant by phone with the result, after `attempts` calls."""

    attempts: int
    last_attempt_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReceiptPayload(CitizenPayload):
    """Receipt of a complaint under one of the three grounds of the published table; `number` is the complaint's own.

    `ticket_number` is the application that it is about, if there is one. `office` has to answer by `answer_by`.
    """

    ground: ComplaintGround
    ticket_number: str | None
    office: OfficeFacts
    answer_by: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedDocumentsPayload(Payload):
    """Request for documents beyond the published list, which is a ground of complaint.

    The reason is the note of the ticket's event number `event_seq`.
    """

    number: str
    service_name: str
    unit_name: str | None
    requested_at: AwareDatetime
    documents: tuple[str, ...]
    event_seq: int
    office: OfficeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintPayload(Payload):
    """Complaint to an application office under one of the three printed grounds; `number` is the complaint's own.

    `ticket_number` is the application that it is about, if there is one. The office has to answer by `answer_by`.
    """

    number: str
    ground: ComplaintGround
    ticket_number: str | None
    received_at: AwareDatetime
    answer_by: AwareDatetime
    office: OfficeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDuePayload(ComplaintPayload):
    """Warning that the limit to answer a complaint ends: to the office that owes the answer, at the end to the second.

    `owed_by` is the place of the office that the complaint was made to. `legal_risk` marks the notice to the second
    office three working days before the limit of the law ends.
    """

    raised_at: AwareDatetime
    owed_by: str
    legal_risk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One application in a digest; `days_late` is negative while its limit runs, 0 on its last day.

    `notice_number` is the notice that the line represents, if it has a number.
    """

    number: str
    service_name: str
    unit_name: str | None
    due: AwareDatetime
    days_late: int
    notice_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPayload(Payload):
    """Several notices to one office or unit in one mail, most delayed first; `more` counts those left out.

    Without an `office` the reader is the unit `unit_name`. `of` creates a digest with its lines in order.
    """

    as_of: AwareDatetime
    office: OfficeFacts | None
    unit_name: str | None
    lines: tuple[DigestLine, ...]
    more: int = 0

    def __post_init__(self) -> None:
        """Raise `ValueError` if the number of lines is out of range."""
        if not MIN_DIGEST_LINES <= len(self.lines) <= MAX_DIGEST_LINES or self.more < 0:
            raise ValueError(f"a digest has {MIN_DIGEST_LINES} to {MAX_DIGEST_LINES} lines")

    @classmethod
    def of(
        cls, lines: Iterable[DigestLine], *, as_of: datetime, office: OfficeFacts | None, unit_name: str | None = None
    ) -> Self:
        """Return a digest of the lines, most delayed first; lines beyond `MAX_DIGEST_LINES` are only counted."""
        ordered = sorted(lines, key=lambda line: (line.due, line.number))
        shown = tuple(ordered[:MAX_DIGEST_LINES])
        return cls(as_of=as_of, office=office, unit_name=unit_name, lines=shown, more=len(ordered) - len(shown))

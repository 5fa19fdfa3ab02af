"""The facts of each kind of notice, as typed values.

A forgotten fact is a type error where the notice is composed, not a hole in a letter. No payload holds personal data:
the texts name a person through references (see `references`). Instants are aware; the texts show them in
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
"""Why an application counts as given up."""

MOST_REMINDERS = 5
"""After so many the silence is a matter for persons, not for more mails."""

LEAST_DIGEST_LINES, MOST_DIGEST_LINES = 2, 200
"""One notice goes out as itself; what is beyond two hundred lines nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeFacts:
    """An application office (Müracaat Yeri) as the published table of that day prints it."""

    place: str
    official: str
    title: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The facts of one notice."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class CitizenPayload(Payload):
    """A notice to the applicant about the ticket `number`, in the applicant's `language`.

    `applicant_named` says whether a name may be used in the salutation.
    """

    number: str
    applicant_named: bool
    received_at: AwareDatetime
    language: Language = "tr"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPayload(CitizenPayload):
    """Receipt: `promise_due` is None where no limit runs (thanks, or documents still missing)."""

    service_name: str
    limit_text: str
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingDocumentsPayload(CitizenPayload):
    """Missing documents: at least one label; `legal_basis` None means the published table asks for them.

    `unlisted` are those of them that the table does not list: where there is one, no basis is claimed for them all.
    `signatory` signs the letter; without one the records system names the person.
    """

    documents: tuple[str, ...]
    complete_by: date | None
    legal_basis: Regime | None = None
    unlisted: tuple[str, ...] = ()
    signatory: OfficeFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPayload(CitizenPayload):
    """The application was sent to a directorate; `unit_name` is its full name (`Fen İşleri Müdürlüğü`)."""

    unit_name: str
    referred_at: AwareDatetime
    promise_due: AwareDatetime | None
    under_a_day: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayload(Payload):
    """What an office of the municipality is told about the running application `number`.

    `limit_text` is the printed limit, letter for letter; `promise_due` the instant at which it ends (the
    breach, once it is past); `raised_at` the instant of the notice; `subject_label` the matter in one or
    two words, without personal data; `under_a_day` makes limits show hour and minute. Where no
    promise runs (documents are missing) `promised` is False, and limit and end are those of the law.
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
    """The promise will end soon; `internal_target` is the day by which the unit should have acted."""

    internal_target: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationPayload(CasePayload):
    """The promise ended unkept: what both application offices are told."""

    office: OfficeFacts
    last_action: str | None
    last_action_at: AwareDatetime | None
    statutory_regime: Regime | None
    statutory_due: AwareDatetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation2Payload(EscalationPayload):
    """The letter to the second office.

    `signatory` signs for the first office and is None where the application is about that office;
    `level_1_number` and `level_1_at` name the notice that went before, where one did. `legal_risk` marks a
    level raised because the statutory limit is near, possibly before the promise ended.
    """

    applicant_named: bool
    signatory: OfficeFacts | None
    level_1_number: str | None
    level_1_at: AwareDatetime | None
    legal_risk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionPayload(CitizenPayload):
    """How the application ended.

    `replied` says that the office wrote a reply: the note of the ticket's event number `event_seq`, without which it
    is the reply that the ticket has at present. `remedy` is owed with every
    refusal (Constitution art. 40); `survey` asks for a mark from 1 to 5, only where somebody reads the
    answer; `signatory` signs the letter, and without one the records system names the person.
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
    """The longer limit of law 4982 art. 11 was taken: for which of its grounds, and until when in all.

    `consulted` names the unit or institution that has to be asked, where there is one; `signatory` signs the letter.
    """

    ground: ExtensionGround
    extended_at: AwareDatetime
    new_due: AwareDatetime
    consulted: str | None = None
    signatory: OfficeFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePayload(CitizenPayload):
    """The cost of access (law 4982) in liras, and the last instant to pay it; the limit is interrupted meanwhile."""

    amount: Decimal
    notified_at: AwareDatetime
    pay_by: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalPayload(CitizenPayload):
    """The application ended without an answer: given up by the applicant, or its fee was not paid by `pay_by`."""

    cause: WithdrawalCause
    withdrawn_at: AwareDatetime
    pay_by: AwareDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterimReplyPayload(CitizenPayload):
    """How the matter stands (law 3071 art. 7), while the final reply is owed.

    The office's words are the note of the ticket's event number `event_seq`; `legal_basis` is the law whose limit the
    interim reply satisfies, where one does.
    """

    event_seq: int
    replied_at: AwareDatetime
    unit_name: str | None
    legal_basis: Regime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPayload(CasePayload):
    """A notice to an office or unit was not acknowledged: the `reminder`-th time that it is told so.

    `notice_number` and `notice_at` name the first notice, `level` the level that it raised (0: a warning). Without an
    `office` the reader is the unit. `complaint` says that `number` is a citizen's complaint to the office.
    """

    notice_number: str
    notice_at: AwareDatetime
    level: int
    reminder: int
    office: OfficeFacts | None
    statutory_due: AwareDatetime | None
    complaint: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a reminder that nobody may send."""
        if not 1 <= self.reminder <= MOST_REMINDERS:
            raise ValueError(f"reminders are counted from 1 to {MOST_REMINDERS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedOutPayload(CitizenPayload):
    """The matter is another institution's, to which it was sent on (law 3071 art. 5, law 4982 art. 7).

    The office's words about it, where it wrote any, are the note of the ticket's event number `event_seq`.
    """

    institution: str
    forwarded_at: AwareDatetime
    legal_basis: Regime | None
    event_seq: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicatePayload(CitizenPayload):
    """The same matter is another application already, under the number `duplicate_of`."""

    duplicate_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreachedPayload(CitizenPayload):
    """The applicant was called with the result `attempts` times and never reached."""

    attempts: int
    last_attempt_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintReceiptPayload(CitizenPayload):
    """A complaint under one of the three grounds that the published table prints; `number` is the complaint's own.

    `ticket_number` is the application that it is about, where there is one; `office` the one that answers by
    `answer_by`.
    """

    ground: ComplaintGround
    ticket_number: str | None
    office: OfficeFacts
    answer_by: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedDocumentsPayload(Payload):
    """Documents beyond the published list were asked for, which is a ground of complaint.

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
    """An application office is told of a complaint under one of the three printed grounds, `number` by its own number.

    `ticket_number` is the application that it is about, where there is one; it has to be answered by `answer_by`.
    """

    number: str
    ground: ComplaintGround
    ticket_number: str | None
    received_at: AwareDatetime
    answer_by: AwareDatetime
    office: OfficeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintDuePayload(ComplaintPayload):
    """The time to answer a complaint runs out: told to the office that owes the answer, at the end to the second.

    `owed_by` is the place of the office that the complaint was made to; `legal_risk` marks what the second office is
    told three working days before the limit of law ends.
    """

    raised_at: AwareDatetime
    owed_by: str
    legal_risk: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """One application in a digest; `days_late` is negative while its limit still runs, 0 on its last day.

    `notice_number` is the notice that the line stands for, where it has one.
    """

    number: str
    service_name: str
    unit_name: str | None
    due: AwareDatetime
    days_late: int
    notice_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestPayload(Payload):
    """Several notices to one office or unit in one mail, most delayed first; `more` counts what found no room.

    Without an `office` the reader is the unit `unit_name`. Made by `of`, which brings the lines into order.
    """

    as_of: AwareDatetime
    office: OfficeFacts | None
    unit_name: str | None
    lines: tuple[DigestLine, ...]
    more: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for what is no digest."""
        if not LEAST_DIGEST_LINES <= len(self.lines) <= MOST_DIGEST_LINES or self.more < 0:
            raise ValueError(f"a digest has {LEAST_DIGEST_LINES} to {MOST_DIGEST_LINES} lines")

    @classmethod
    def of(
        cls, lines: Iterable[DigestLine], *, as_of: datetime, office: OfficeFacts | None, unit_name: str | None = None
    ) -> Self:
        """A digest of the lines: most delayed first, nearly due after; what is over the most lines is only counted."""
        ordered = sorted(lines, key=lambda line: (line.due, line.number))
        kept = tuple(ordered[:MOST_DIGEST_LINES])
        return cls(as_of=as_of, office=office, unit_name=unit_name, lines=kept, more=len(ordered) - len(kept))

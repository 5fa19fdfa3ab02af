"""Time limits, and their parser for the words of a published table. Pure: standard library only.

The parser never guesses: a person has to settle an uncertain limit, and gets the reason.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class SlaError(ValueError):
    """Base of the errors of the time core; `code` is stable, the message is for the log.

    SlaError
    ├── LimitError      amount or unit out of range
    ├── CalendarError   an invalid calendar (calendar.py)
    ├── DeadlineError   no due date can be given (deadline.py)
    └── ChainError      a chain of checkpoints out of order (checkpoints.py)
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class LimitError(SlaError):
    """A limit of zero, or longer than ten years."""


class Unit(StrEnum):
    """The unit of a limit. GÜN is a calendar day, İŞ GÜNÜ a working day, ANINDA is immediate."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"
    CALENDAR_DAY = "calendar_day"
    WORKING_DAY = "working_day"
    WEEK = "week"
    MONTH = "month"
    IMMEDIATE = "immediate"


SECONDS: Final = {Unit.SECOND: 1, Unit.MINUTE: 60, Unit.HOUR: 3600, Unit.IMMEDIATE: 0}
DAY_SECONDS: Final = 86_400

# ten years of each unit; a year has at most 261 working days from Monday to Friday
TEN_YEARS: Final = {
    Unit.SECOND: 3_653 * DAY_SECONDS,
    Unit.MINUTE: 3_653 * 24 * 60,
    Unit.HOUR: 3_653 * 24,
    Unit.CALENDAR_DAY: 3_653,
    Unit.WORKING_DAY: 2_610,
    Unit.WEEK: 521,
    Unit.MONTH: 120,
}

WORDS_TR: Final = {
    Unit.SECOND: "saniye",
    Unit.MINUTE: "dakika",
    Unit.HOUR: "saat",
    Unit.CALENDAR_DAY: "gün",
    Unit.WORKING_DAY: "iş günü",
    Unit.WEEK: "hafta",
    Unit.MONTH: "ay",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of a unit: at least 1 and at most ten years; the amount of `immediate` is 0.

    Raises LimitError (`amount_too_small`, `amount_too_large`, `immediate_has_no_amount`).
    """

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit is Unit.IMMEDIATE:
            if self.amount != 0:
                raise LimitError("immediate_has_no_amount", f"immediate takes no amount, got {self.amount}")
            return
        if self.amount < 1:
            raise LimitError("amount_too_small", f"a limit is at least 1 {self.unit}, got {self.amount}")
        if self.amount > TEN_YEARS[self.unit]:
            raise LimitError("amount_too_large", f"{self.amount} {self.unit} is beyond ten years")

    @property
    def seconds(self) -> int | None:
        """Return the length in seconds; None for a limit that counts dates."""
        per_unit = SECONDS.get(self.unit)
        return None if per_unit is None else self.amount * per_unit

    @property
    def under_a_day(self) -> bool:
        """Return whether the limit is shorter than 24 hours: such clocks get the short chain and no quiet hours."""
        seconds = self.seconds
        return seconds is not None and seconds < DAY_SECONDS

    def describe_tr(self) -> str:
        """Return the limit in Turkish as notices print it: `15 gün`, `15 iş günü`, `10 dakika`, `anında`."""
        if self.unit is Unit.IMMEDIATE:
            return "anında"
        return f"{self.amount} {WORDS_TR[self.unit]}"


# code → (Turkish, English): the reason why a printed limit needs a person
REVIEW_REASONS: Final = {
    "empty": ("Süre hücresi boş.", "The limit cell is empty."),
    "ambiguous_unit": (
        "Birim kısaltması belirsiz: dakika mı, gün mü, saat mi anlaşılmıyor.",
        "The abbreviated unit is ambiguous.",
    ),
    "range": (
        "Tek bir süre değil, bir aralık yazılmış.",
        "A range is printed instead of one limit.",
    ),
    "sum": (
        "Birden çok süre toplanmış; hangisinin ne zaman geçerli olduğu belli değil.",
        "Several limits are added up; which one holds when is not said.",
    ),
    "bound": (
        "Kesin bir süre değil, alt ya da üst sınır yazılmış.",
        "A bound is printed instead of a definite limit.",
    ),
    "depends": (
        "Süre başka bir koşula bağlanmış.",
        "The limit depends on something else.",
    ),
    "variable": (
        "Sürenin değiştiği yazılmış; belirli bir süre yok.",
        "The limit is said to vary; none is given.",
    ),
    "not_whole": (
        "Süre tam sayı değil.",
        "The amount is not a whole number.",
    ),
    "out_of_range": (
        "Süre sıfır ya da on yıldan uzun.",
        "The amount is zero or beyond ten years.",
    ),
    "no_unit": ("Sayının birimi yazılmamış.", "The number has no unit."),
    "no_number": ("Birimin sayısı yazılmamış.", "The unit has no number."),
    "note_changes_limit": (
        "Parantez içindeki açıklama süreyi değiştirebilir.",
        "The words in parentheses may change the limit.",
    ),
    "unreadable": ("Süre okunamadı.", "The limit can't be read."),
}


@dataclass(frozen=True, slots=True)
class NeedsReview:
    """A printed limit that a person has to settle: the literal text and a stable code of `REVIEW_REASONS`."""

    text: str
    code: str

    @property
    def reason(self) -> str:
        """Return the reason as a short Turkish sentence for the municipality."""
        return REVIEW_REASONS[self.code][0]

    @property
    def reason_en(self) -> str:
        """Return the reason in English."""
        return REVIEW_REASONS[self.code][1]


@dataclass(frozen=True, slots=True)
class ParsedLimit:
    """A printed cell: its limit, or the reason why it needs a person, and the note in parentheses."""

    limit: Limit | NeedsReview
    note: str = ""


# the printed units, folded: `fold("İŞ GÜNÜ") == "is gunu"`
UNITS: Final = {
    **dict.fromkeys(("saniye", "san", "sn"), Unit.SECOND),
    **dict.fromkeys(("dakika", "dak", "dk"), Unit.MINUTE),
    **dict.fromkeys(("saat", "sa"), Unit.HOUR),
    **dict.fromkeys(("gun", "takvim gunu"), Unit.CALENDAR_DAY),
    **dict.fromkeys(("is gunu", "isgunu", "is gun", "isgun"), Unit.WORKING_DAY),
    "hafta": Unit.WEEK,
    "ay": Unit.MONTH,
}
AT_ONCE: Final = frozenset({"aninda", "ayni anda"})

PLAIN: Final = re.compile(r"(?:en gec )?([0-9]{1,12}) ?([a-z][a-z ]*?)\.?(?: (?:icinde|icerisinde))?\.?")
WITH_NOTE: Final = re.compile(r"([^()]*[^()\s][^()]*)\(([^()]*)\)[\s.]*")
# a note with a time, a number or a kind of day may be a second limit or redefine the first
NOTE_OF_TIME: Final = re.compile(r"[0-9]|\b(?:saniye|dakika|dk\b|saat|gun|hafta|ay\b|yil|mesai|isgun|takvim)")

# the first match gives the reason
SUSPICIONS: Final = (
    (re.compile(r"[0-9]+ ?[dgshmy]\.?"), "ambiguous_unit"),
    (re.compile(r".*\+.*"), "sum"),
    (re.compile(r".*\b(?:gore|bagli|halinde|durumuna)\b.*"), "depends"),
    (re.compile(r".*\bdegis.*"), "variable"),
    (re.compile(r".*[0-9] ?[a-z. ]*(?:[-‐-―/~]|\bila\b|\bile\b|\bveya\b|\bya da\b) ?[0-9].*"), "range"),
    (re.compile(r".*\b(?:az|fazla|cok|kadar|en gec|en cok|yaklasik|ortalama|azami|asgari)\b.*"), "bound"),
    (re.compile(r".*(?:[0-9][.,][0-9]|[½¼¾]|\byarim\b|\bbucuk\b).*"), "not_whole"),
    (re.compile(r"[0-9]+"), "no_unit"),
    (re.compile(rf"(?:{'|'.join(UNITS)})"), "no_number"),
)

LOWER_TR: Final = str.maketrans({"I": "ı", "İ": "i"})
ASCII: Final = str.maketrans("ıçğöşüâîû", "icgosuaiu")
LONGEST: Final = 300


def fold(text: str) -> str:
    """Return a comparison key: Turkish lower case, ASCII letters, single spaces, no invisible characters.

    Python's `lower()` turns İ into two code points and loses ı; a decomposed İ (NFD) is composed first.
    """
    visible = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    return " ".join(visible.translate(LOWER_TR).lower().translate(ASCII).split())


def parse_limit(text: str) -> Limit | NeedsReview:
    """Return the limit that a text such as `15 İŞ GÜNÜ` prints, or the reason why it needs a person.

    A note in parentheses is allowed if it names no time. Never raises. The accepted forms are those of the
    service-standards tables of municipalities.
    """
    return parse_limit_cell(text).limit


def parse_limit_cell(text: str) -> ParsedLimit:
    """Return the printed limit, as `parse_limit` does, with the literal note in parentheses after it."""
    if len(text) > LONGEST:
        return ParsedLimit(NeedsReview(text, "unreadable"))
    with_note = WITH_NOTE.fullmatch(text)
    if with_note is None:
        return ParsedLimit(_read(fold(text), text))
    note = " ".join(with_note[2].split())
    limit = _read(fold(with_note[1]), text)
    if isinstance(limit, Limit) and NOTE_OF_TIME.search(fold(note)):
        return ParsedLimit(NeedsReview(text, "note_changes_limit"), note)
    return ParsedLimit(limit, note)


def _read(folded: str, text: str) -> Limit | NeedsReview:
    if not folded:
        return NeedsReview(text, "empty")
    if folded.rstrip(".") in AT_ONCE:
        return Limit(0, Unit.IMMEDIATE)
    plain = PLAIN.fullmatch(folded)
    unit = UNITS.get(plain[2]) if plain else None
    if plain and unit:
        try:
            return Limit(int(plain[1]), unit)
        except LimitError:
            return NeedsReview(text, "out_of_range")
    suspicions = (code for pattern, code in SUSPICIONS if pattern.fullmatch(folded))
    return NeedsReview(text, next(suspicions, "unreadable"))

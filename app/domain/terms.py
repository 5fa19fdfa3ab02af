"""The closed lists of the law and of the published table, each once.

The values are stored, sent and printed as they are: a change of one needs a migration.
"""

from enum import StrEnum


class Outcome(StrEnum):
    """The ways in which a ticket ends; `planned` (Programa Alındı) is not one: it is an interim reply."""

    POSITIVE = "positive"
    PARTIAL = "partial"
    NEGATIVE = "negative"
    FORWARDED_OUT = "forwarded_out"
    NOT_EXAMINED = "not_examined"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


class Remedy(StrEnum):
    """The body before which a refusal can be challenged: law 2577 art. 7 (60 days), the board of law 4982 (15 days)."""

    ADMINISTRATIVE_COURT = "administrative_court"
    INFORMATION_BOARD = "information_board"


class Regime(StrEnum):
    """The law whose limit runs beside the promise: 3071 (petitions) or 4982 (right to information)."""

    LAW_3071 = "law_3071"
    LAW_4982 = "law_4982"


class ExtensionGround(StrEnum):
    """The grounds on which law 4982 art. 11 allows the longer limit."""

    OTHER_UNIT = "other_unit"
    OTHER_INSTITUTION = "other_institution"
    SEVERAL_INSTITUTIONS = "several_institutions"


class ComplaintGround(StrEnum):
    """The three grounds of complaint in the closing sentence of the published table."""

    EXTRA_DOCUMENT_REQUESTED = "extra_document_requested"
    DEADLINE_MISSED = "deadline_missed"
    SERVICE_NOT_LISTED = "service_not_listed"


class PauseReason(StrEnum):
    """The reasons for which a promise may be paused; the limit of law never is."""

    AWAITING_CITIZEN = "awaiting_citizen"
    AWAITING_EXTERNAL = "awaiting_external"
    FORCE_MAJEURE = "force_majeure"

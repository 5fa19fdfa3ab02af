"""Records of BİMER: the meaning of the cells, and the rules for which records are imported."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BeforeValidator, ValidationError, ValidationInfo

from app.core.clock import ISTANBUL
from app.core.errors import FieldError, Invalid
from app.core.field_errors import field_errors
from app.core.schema import ExternalId, LongText, RequestModel, ShortText, validation_error
from app.core.turkish import tr_key
from app.domain.terms import Outcome
from app.imports.instants import RecordedTime, first_of_day, parse_recorded_time
from app.people.identity import parse_phone
from app.people.schemas import PhoneText
from app.sla.calendar_years import FIRST_YEAR
from app.standards.values import Directorate, PastChannel, Service
from app.tickets.intake import ApplicantRole, Intake, Kind, Person

COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "record_no": ("Başvuru No", "Kayıt No"),
        "received_at": ("Başvuru Tarihi",),
        "answered_at": ("Cevap Tarihi",),
        "kind": ("Başvuru Türü",),
        "applicant_name": ("Adı Soyadı",),
        "phone": ("Tel No", "Telefon"),
        "address": ("Adres",),
        "description": ("Başvuru Metni",),
        "reply": ("Cevap Metni", "Cevap"),
        "outcome": ("Sonuç",),
        "unit": ("Birim",),
    }
)
"""Column → the headings that name it beside its own name."""

REQUIRED_COLUMNS: Final = ("record_no", "received_at", "answered_at", "description")

_FIRST_DAY = date(FIRST_YEAR, 1, 1)


class BimerKind(NamedTuple):
    """The kind of a request; `right_to_information` if law 4982 (bilgi edinme) applies."""

    kind: Kind
    right_to_information: bool = False


_KINDS: Mapping[str, BimerKind] = {
    "istek": BimerKind(Kind.REQUEST),
    "talep": BimerKind(Kind.REQUEST),
    "şikâyet": BimerKind(Kind.COMPLAINT),
    "ihbar": BimerKind(Kind.TIP_OFF),
    "öneri": BimerKind(Kind.SUGGESTION),
    "görüş-öneri": BimerKind(Kind.SUGGESTION),
    "temenni": BimerKind(Kind.WISH),
    "bilgi edinme": BimerKind(Kind.REQUEST, right_to_information=True),
    "teşekkür": BimerKind(Kind.THANKS),
}
_OUTCOMES: Mapping[str, Outcome] = {
    "olumlu": Outcome.POSITIVE,
    "kısmen olumlu": Outcome.PARTIAL,
    "olumsuz": Outcome.NEGATIVE,
    "dış kuruma iletildi": Outcome.FORWARDED_OUT,
    "işleme alınmadı": Outcome.NOT_EXAMINED,
}


def _choice(words: Mapping[str, Any]) -> Any:
    """Return a validator that maps one of these words to its value, whatever the case and the accents."""
    by_key = {tr_key(word): value for word, value in words.items()}

    def read(value: str) -> Any:
        if (key := tr_key(value)) not in by_key:
            raise validation_error("choice", allowed=list(words))
        return by_key[key]

    return BeforeValidator(read)


def _recorded_time(*, last: bool) -> Any:
    def read(value: str) -> RecordedTime:
        try:
            return parse_recorded_time(value, last=last)
        except ValueError:
            raise validation_error("local_date") from None

    return BeforeValidator(read)


UnitCodes = Mapping[str, str]
"""Code or name of a directorate, folded by `tr_key` → its code."""


def unit_codes(units: Sequence[Directorate]) -> UnitCodes:
    """Return the codes of the directorates by every word that may name them in a record."""
    return {tr_key(word): unit.code for unit in units for word in (unit.code, unit.name)}


def _unit(value: str, info: ValidationInfo) -> str:
    units: UnitCodes = (info.context or {})["units"]
    if (key := tr_key(value)) not in units:
        raise validation_error("unknown_unit", allowed=sorted(set(units.values())))
    return units[key]


class BimerRecord(RequestModel):
    """The parsed cells of one record; empty ones are None.

    An ambiguous local time is the first instant for a request and the last for an answer. The repeated hour at the end
    of summer time therefore never puts an answer before its request.
    """

    record_no: ExternalId
    received_at: Annotated[RecordedTime, _recorded_time(last=False)]
    answered_at: Annotated[RecordedTime | None, _recorded_time(last=True)] = None
    kind: Annotated[BimerKind, _choice(_KINDS)] = BimerKind(Kind.REQUEST)
    applicant_name: ShortText | None = None
    phone: PhoneText | None = None
    address: LongText | None = None
    description: LongText
    reply: LongText | None = None
    outcome: Annotated[Outcome | None, _choice(_OUTCOMES)] = None
    unit: Annotated[ShortText | None, BeforeValidator(_unit)] = None

    @property
    def received(self) -> datetime:
        """Return the instant of the request; a date without a time counts from its first instant."""
        return self.received_at.instant

    @property
    def answered(self) -> datetime:
        """Return the instant of the answer, not before the request if the record has only its date."""
        answered = self.answered_at
        if answered is None:
            raise ValueError("not answered")
        if answered.whole_day and answered.instant == first_of_day(self.received):
            return self.received
        return answered.instant

    def to_intake(self, digest: bytes, service: Service) -> Intake:
        """Return the record as an intake; the record itself is the document that the published table requires."""
        named = self.applicant_name is not None or self.phone is not None
        return Intake(
            channel=PastChannel.BIMER,
            kind=self.kind.kind,
            description=self.description,
            digest=digest,
            service=service.code,
            occurred_at=self.received,
            external_id=self.record_no,
            person=Person(
                role=ApplicantRole.SELF if named else ApplicantRole.ANONYMOUS,
                name=self.applicant_name,
                phone=parse_phone(self.phone) if self.phone else None,
                address=self.address,
            ),
            documents=tuple(document.code for document in service.documents_for(frozenset())),
            right_to_information=self.kind.right_to_information,
        )


def read_record(values: Mapping[str, str], *, units: UnitCodes, closed_on: date, now: datetime) -> BimerRecord:
    """Parse the cells of one line; raise `Invalid` naming columns and reasons, never a value.

    A request is rejected if it is after `closed_on` (local date, inclusive), before BİMER began, or in the future.
    It is also rejected if it is not answered or answered too early, or if it has an address without an applicant.
    """
    try:
        record = BimerRecord.model_validate(values, context={"units": units})
    except ValidationError as error:
        raise Invalid(field_errors(error.errors(include_input=False, include_url=False))) from None
    errors = [*_check_receipt(record, closed_on, now), *_check_answer(record, now)]
    if record.address is not None and record.applicant_name is None and record.phone is None:
        errors.append(FieldError("/applicant_name", "identity_needed"))
    if errors:
        raise Invalid(errors)
    return record


def _check_receipt(record: BimerRecord, closed_on: date, now: datetime) -> list[FieldError]:
    day = record.received.astimezone(ISTANBUL).date()
    if record.received > now:
        return [FieldError("/received_at", "in_future")]
    if day > closed_on:
        return [FieldError("/received_at", "after_closing", {"closed_on": f"{closed_on:%d.%m.%Y}"})]
    if day < _FIRST_DAY:
        return [FieldError("/received_at", "too_old", {"earliest": f"{_FIRST_DAY:%d.%m.%Y}"})]
    return []


def _check_answer(record: BimerRecord, now: datetime) -> list[FieldError]:
    if record.answered_at is None:
        return [FieldError("/answered_at", "not_answered")]
    if record.answered > now:
        return [FieldError("/answered_at", "in_future")]
    if record.answered < record.received:
        return [FieldError("/answered_at", "answered_before_received")]
    return []

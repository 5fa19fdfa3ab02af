"""Field types of personal data in requests: validated, never repeated in a response."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.schema import ShortText, mailable, validation_error
from app.people.identity import IdentityError, parse_caller, parse_national_id, parse_phone


def _phone(value: str) -> str:
    try:
        parse_phone(value)
    except IdentityError:
        raise validation_error("phone") from None
    return value


def _caller(value: str) -> str:
    try:
        parse_caller(value)
    except IdentityError:
        raise validation_error("phone") from None
    return value


def _national_id(value: str) -> str:
    try:
        parse_national_id(value)
    except IdentityError:
        raise validation_error("national_id") from None
    return value


PhoneText = Annotated[str, Field(max_length=40, examples=["0532 000 00 00"]), AfterValidator(_phone)]
"""A phone number in any Turkish spelling, with `/1010` or `dahili 1010` as extension."""

CallerText = Annotated[str, Field(max_length=40), AfterValidator(_caller)]
"""A caller's number as a telephone system shows it; empty or `anonymous` if it is hidden."""

NationalIdText = Annotated[str, Field(max_length=20, examples=["10000000146"]), AfterValidator(_national_id)]
"""A T.C. identity number (or a foreigner's, 99…), 11 digits with its checksum."""

EmailText = Annotated[ShortText, AfterValidator(mailable), Field(examples=["ornek.vatandas@example.org"])]
"""An e-mail address that mail can be sent to; its value is the ASCII form."""

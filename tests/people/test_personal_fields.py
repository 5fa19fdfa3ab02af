"""Personal fields of requests: accepted spellings, and rejections that do not repeat the value."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.field_errors import field_errors
from app.core.problem import problem_fields
from app.core.schema import RequestModel
from app.people.schemas import CallerText, EmailText, NationalIdText, PhoneText


class Person(RequestModel):
    """One field of each kind."""

    phone: PhoneText | None = None
    caller: CallerText | None = None
    national_id: NationalIdText | None = None
    email: EmailText | None = None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "0532 000 00 00"),
        ("phone", "444 00 73/1010"),
        ("phone", "+90 532 000 00 00"),
        ("caller", "905320000000"),
        ("caller", ""),
        ("caller", "anonymous"),
        ("caller", "Anonymous "),
        ("national_id", "10000000146"),
        ("email", "ornek.vatandas@example.org"),
        ("email", "ornek+estim@posta.xn--rnek-4qa.org"),
        ("email", "o@mail.esenler.bel.tr"),
    ],
)
def test_usual_spellings_are_accepted(field: str, value: str) -> None:
    assert getattr(Person.model_validate({field: value}), field) == value.strip()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("phone", "0533 111 22", "phone"),
        ("phone", "153", "phone"),
        ("phone", "", "phone"),
        ("phone", "anonymous", "phone"),
        ("phone", "0533 111 22 33" + "0" * 40, "too_long"),
        ("caller", "0533 111", "phone"),
        ("national_id", "01234567890", "national_id"),
        ("national_id", "10000000147", "national_id"),
        ("national_id", "1000000014", "national_id"),
        ("national_id", "1" * 40, "too_long"),
        ("email", "ornek", "email"),
        ("email", "örnek+estim@example.org", "email"),
        ("email", "ornek(evli)@example.org", "email"),
        ("email", "ornek@", "email"),
        ("email", "@example.org", "email"),
        ("email", "ornek@example", "email"),
        ("email", "ornek@example.", "email"),
        ("email", "ornek@.example.org", "email"),
        ("email", "ornek@example..org", "email"),
        ("email", "a@b@example.org", "email"),
        ("email", "Örnek <ornek@example.org>", "email"),
        ("email", "ornek@example.org,b@example.org", "email"),
        ("email", "ornek@example.org\nBcc: b@example.org", "control_character"),
    ],
)
def test_an_invalid_value_is_rejected_without_echo(field: str, value: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Person.model_validate({field: value})
    found = field_errors(refused.value.errors())

    assert [(error.pointer, error.code) for error in found] == [(f"/{field}", code)]
    assert not value or value not in str(refused.value)
    assert not value or value not in json.dumps(problem_fields(found, "tr"), ensure_ascii=False)


@pytest.mark.parametrize("value", [5320000000, 10000000146, True, [], {"e164": "+905320000000"}])
def test_numbers_are_sent_as_text(value: Any) -> None:
    """A JSON number loses the leading zero of a phone number."""
    for field in ("phone", "national_id"):
        with pytest.raises(ValidationError) as refused:
            Person.model_validate({field: value})
        assert [error.code for error in field_errors(refused.value.errors())] == ["text"]

"""Error responses: stable codes and pointers, sentences in the caller's language, and no echo of the input."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI, Query
from httpx import ASGITransport, AsyncClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from app.core import errors, wording
from app.core.errors import EstimError, FieldError, Invalid, StaleVersion, TooMany, Unauthenticated, WrongState
from app.core.field_errors import field_errors
from app.core.problem import MEDIA_TYPE, STATUS, install_problem_handlers, problem_body, problem_fields
from app.core.schema import Code, Instant, RequestModel, ShortText, validation_error
from app.people.schemas import EmailText, NationalIdText, PhoneText
from tests.tables import failing

SECRET = "0532-sır"


class Role(StrEnum):
    """Some choices."""

    SELF = "self"
    GUARDIAN = "guardian"


class Inner(RequestModel):
    """A nested object."""

    name: ShortText


class Sample(RequestModel):
    """Every type that request schemas use."""

    text: ShortText | None = None
    code: Code | None = None
    at: Instant | None = None
    role: Role | None = None
    channel: Literal["sms", "field", "desk"] | None = None
    count: Annotated[int, Field(ge=1, le=100)] | None = None
    ratio: Annotated[float, Field(ge=-90, le=90)] | None = None
    flag: bool | None = None
    items: Annotated[list[Inner], Field(min_length=1, max_length=2)] | None = None
    inner: Inner | None = None
    facts: dict[str, str] | None = None
    phone: PhoneText | None = None
    national_id: NationalIdText | None = None
    email: EmailText | None = None


def refusals(sent: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as refused:
        Sample.model_validate(sent)
    return field_errors(refused.value.errors())


@pytest.mark.parametrize(
    ("sent", "pointer", "code", "sentence"),
    [
        ({"inner": {}}, "/inner/name", "missing", "Bu alan zorunludur."),
        ({SECRET[:4]: 1}, "/0532", "unknown_field", "Böyle bir alan yok."),
        ({"text": 5}, "/text", "text", "Metin olmalıdır."),
        ({"text": SECRET * 99}, "/text", "too_long", "En fazla 200 karakter olabilir."),
        ({"text": " "}, "/text", "too_short", "En az 1 karakter olmalıdır."),
        ({"text": f"{SECRET}\x00"}, "/text", "control_character", "Denetim karakteri veya bozuk Unicode içeremez."),
        ({"text": f"{SECRET}\ud800"}, "/text", "control_character", "Denetim karakteri veya bozuk Unicode içeremez."),
        ({"code": SECRET}, "/code", "characters", "İzin verilmeyen bir karakter içeriyor."),
        ({"role": SECRET}, "/role", "choice", "Şunlardan biri olmalıdır: self, guardian."),
        ({"channel": SECRET}, "/channel", "choice", "Şunlardan biri olmalıdır: sms, field, desk."),
        ({"count": SECRET}, "/count", "integer", "Tam sayı olmalıdır."),
        ({"count": 1.5}, "/count", "integer", "Tam sayı olmalıdır."),
        ({"count": None, "flag": SECRET}, "/flag", "boolean", "true veya false olmalıdır."),
        ({"flag": {}}, "/flag", "boolean", "true veya false olmalıdır."),
        ({"count": []}, "/count", "integer", "Tam sayı olmalıdır."),
        ({"count": "9" * 5000}, "/count", "integer", "Tam sayı olmalıdır."),
        ({"count": 0}, "/count", "minimum", "En az 1 olmalıdır."),
        ({"count": 101}, "/count", "maximum", "En fazla 100 olmalıdır."),
        ({"ratio": SECRET}, "/ratio", "number", "Sayı olmalıdır."),
        ({"ratio": float("nan")}, "/ratio", "number", "Sayı olmalıdır."),
        ({"ratio": float("-inf")}, "/ratio", "number", "Sayı olmalıdır."),
        ({"ratio": {}}, "/ratio", "number", "Sayı olmalıdır."),
        ({"items": {}}, "/items", "list", "Bir liste olmalıdır."),
        ({"items": []}, "/items", "too_few_items", "En az 1 öğe olmalıdır."),
        ({"items": [{"name": "a"}] * 3}, "/items", "too_many_items", "En fazla 2 öğe olabilir."),
        ({"items": [{"name": "a"}, SECRET]}, "/items/1", "object", "Bir JSON nesnesi olmalıdır."),
        ({"inner": SECRET}, "/inner", "object", "Bir JSON nesnesi olmalıdır."),
        ({"facts": SECRET}, "/facts", "object", "Bir JSON nesnesi olmalıdır."),
        (
            {"at": SECRET},
            "/at",
            "date_time",
            "ISO 8601 tarih-saat olmalıdır, örneğin 2026-05-12T10:00:00+03:00.",
        ),
        ({"at": "2026-13-45T00:00:00Z"}, "/at", "date_time", None),
        ({"at": "2026-05-12T10:00:00"}, "/at", "zone", None),
        ({"at": "1999-05-12T10:00:00Z"}, "/at", "too_old", "2000-01-01 tarihinden önce olamaz."),
        ({"at": "9999-12-31T23:59:59-12:00"}, "/at", "too_late", "2100-01-01 tarihinden önce olmalıdır."),
        ({"phone": SECRET}, "/phone", "phone", None),
        ({"national_id": SECRET}, "/national_id", "national_id", None),
        ({"email": SECRET}, "/email", "email", "Geçerli bir e-posta adresi değil."),
        ([SECRET], "", "object", "Bir JSON nesnesi olmalıdır."),
        (SECRET, "", "object", "Bir JSON nesnesi olmalıdır."),
    ],
)
def test_a_refusal_names_the_field_and_the_rule_but_not_the_value(
    sent: Any, pointer: str, code: str, sentence: str | None
) -> None:
    found = refusals(sent)
    bodies = [problem_fields(found, "tr"), problem_fields(found, "en")]

    assert [(error.pointer, error.code) for error in found] == [(pointer, code)]
    assert sentence is None or bodies[0][0]["detail"] == sentence
    assert SECRET not in json.dumps(bodies, ensure_ascii=False)
    assert SECRET not in repr(found)


def test_all_refused_fields_are_named_at_once() -> None:
    found = refusals({"count": 0, "role": "x", "items": [{}, {"name": ""}]})

    assert [error.pointer for error in found] == ["/role", "/count", "/items/0/name", "/items/1/name"]


def test_a_rule_of_ours_keeps_its_code_where_pydantic_has_one_of_that_name() -> None:
    """pydantic's `too_long` is about lists, ours about text."""
    refusal = validation_error("too_long", max=5)
    error = {"type": refusal.type, "loc": ("text",), "ctx": refusal.context}

    assert field_errors([error]) == [FieldError("/text", "too_long", {"max": 5})]


def test_a_pointer_escapes_what_pointers_need_escaped() -> None:
    """RFC 6901: ~ is ~0, / is ~1."""
    assert refusals({"a/b~c": 1})[0].pointer == "/a~1b~0c"


@pytest.mark.parametrize("name", ["x" * 100_000, "\ud800", "a\ud83d", "\x00", "", "\r\nX: y"])
def test_names_that_a_caller_made_up_stay_short_and_encodable(name: str) -> None:
    bodies = json.dumps(problem_fields(refusals({name: 1}), "tr"), ensure_ascii=False)

    assert len(bodies.encode()) < 400


def fields(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(list(Sample.model_fields)) | st.text(), values)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | fields(v)))
def test_any_input_becomes_a_model_or_errors_that_can_be_encoded(sent: Any) -> None:
    found = []
    try:
        Sample.model_validate(sent)
    except ValidationError as refused:
        found = field_errors(refused.errors())

    assert json.dumps([problem_fields(found, "tr"), problem_fields(found, "en")], ensure_ascii=False).encode()


def _facts_for(code: str) -> dict[str, Any]:
    sentence = wording.PROBLEM_DETAILS[code]
    facts: dict[str, Any] = dict.fromkeys(re.findall(r"{(\w+)}", sentence.tr), "x")
    if code == "wrong_state":
        facts["allowed_actions"] = ["refer"]
    return facts


def _kinds(base: type[EstimError]) -> Iterator[type[EstimError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_every_error_of_the_tree_has_words_and_a_status() -> None:
    kinds = [kind for kind in _kinds(EstimError) if kind.__module__ == errors.__name__]

    assert len(kinds) >= 10
    assert {kind.code for kind in kinds} <= set(STATUS)


def test_every_code_makes_a_whole_problem_in_both_languages() -> None:
    def check(code: str) -> None:
        error = EstimError(**_facts_for(code))
        error.code = code  # type: ignore[misc]
        turkish, english = (
            problem_body(error, language=lang, instance="/v1/x", request_id="r") for lang in ("tr", "en")
        )
        assert (turkish["code"], english["code"]) == (code, code)
        assert turkish["type"] == f"urn:estim:problem:{code}"
        assert turkish["status"] == STATUS[code]
        assert turkish["title"] != english["title"]
        assert turkish["detail"] != english["detail"]

    assert failing(STATUS, check) == []


def test_a_wrong_state_names_the_allowed_commands() -> None:
    error = WrongState(state="closed", allowed_actions=["reopen", "comment"])
    body = problem_body(error, language="tr", instance="/v1/tickets/1/refer", request_id="r")

    assert body["detail"] == "Başvuru 'closed' durumunda. Yapılabilecekler: reopen, comment."
    assert body["allowed_actions"] == ["reopen", "comment"]


class Thing(RequestModel):
    """Request body of the sample service."""

    phone: PhoneText


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/things")
    async def take(thing: Thing, limit: Annotated[int, Query(ge=1)] = 1) -> dict[str, int]:
        return {"length": len(thing.phone) * limit}

    @app.get("/away/{kind}")
    async def away(kind: str) -> None:
        known: dict[str, EstimError] = {
            "key": Unauthenticated(),
            "many": TooMany(retry_after=30),
            "stale": StaleVersion(etag='"7"'),
            "fields": Invalid([FieldError("/service", "unknown_service", {"allowed": ["field", "mobile"]})]),
        }
        raise known[kind]

    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://estim.test") as ready:
        yield ready


async def test_a_refused_body_is_answered_as_problem_json_in_turkish(client: AsyncClient) -> None:
    response = await client.post("/things", json={"phone": SECRET})

    assert response.status_code == 422
    assert response.headers["content-type"] == MEDIA_TYPE
    assert response.headers["content-language"] == "tr"
    assert response.headers["vary"] == "Accept-Language"
    assert response.json()["errors"] == [
        {
            "pointer": "/phone",
            "code": "phone",
            "detail": "Geçerli bir telefon numarası değil; 0532 000 00 00 gibi olmalıdır.",
        }
    ]
    assert SECRET not in response.text


async def test_english_is_spoken_to_who_prefers_it(client: AsyncClient) -> None:
    response = await client.post("/things", json={}, headers={"Accept-Language": "en"})

    assert response.headers["content-language"] == "en"
    assert response.json()["errors"] == [{"pointer": "/phone", "code": "missing", "detail": "This field is required."}]


async def test_a_query_parameter_is_named_by_its_name(client: AsyncClient) -> None:
    response = await client.post("/things?limit=0", json={"phone": "0532 000 00 00"})

    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("/limit", "minimum")]


@pytest.mark.parametrize("body", [b"{", b"", b'{"phone": 0532}', b"\xff\xfe", b'{"phone": "\xc3("}'])
async def test_a_body_that_is_no_json_is_rejected(client: AsyncClient, body: bytes) -> None:
    response = await client.post("/things", content=body, headers={"Content-Type": "application/json"})

    assert response.status_code in {400, 422}
    assert [error["pointer"] for error in response.json()["errors"]] == [""]


async def test_a_wrong_address_and_a_wrong_method_are_problems_too(client: AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    wrong = await client.delete("/things")

    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert wrong.json()["detail"] == "İzin verilenler: POST."


async def test_headers_say_how_a_client_can_react(client: AsyncClient) -> None:
    assert (await client.get("/away/key")).headers["www-authenticate"] == "Bearer"
    assert (await client.get("/away/many")).headers["retry-after"] == "30"
    assert (await client.get("/away/stale")).json()["etag"] == '"7"'
    assert (await client.get("/away/fields")).json()["errors"][0]["detail"] == (
        "Katalogda böyle bir hizmet yok; olanlar: field, mobile."
    )


async def test_a_surprise_is_answered_without_its_message(client: AsyncClient) -> None:
    response = await client.get(f"/away/{SECRET}")

    assert response.status_code == 500
    assert response.json()["code"] == "internal"
    assert SECRET not in response.json()["detail"]

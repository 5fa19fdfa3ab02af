"""Broken or hostile requests: each gets a specific error response, none a 500."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from app.people.vault import Vault
from app.tickets.model import Ticket
from config.settings import Settings
from tests.channels import bodies
from tests.channels.conftest import Shared
from tests.installation import SettableClock, opened_app, opened_client

TICKETS = "/v1/tickets"
SMS = "/v1/channels/sms/messages"
JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1024 * 1024


def refusal(response: Response, status: int, code: str) -> list[tuple[str, str]]:
    """Assert that `response` is a complete problem+json; return the pointer and code of each field error."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["type"], problem["code"]) == (f"urn:estim:problem:{code}", code)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return [(error["pointer"], error["code"]) for error in problem.get("errors", []) if error["detail"]]


async def post(client: AsyncClient, url: str, raw: bytes | Iterable[bytes], **headers: str) -> Response:
    return await client.post(url, content=raw, headers=JSON | headers)


def canonical(**other: Any) -> bytes:
    r"""The canonical form with some fields replaced; lone surrogates travel as `\ud800`."""
    return json.dumps(bodies.ticket(**other)).encode()


UNREADABLE = {
    "broken": b'{"a":',
    "spaces": b"  ",
    "two documents": b"{}{}",
    "trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "NUL bytes": b"\x00\x00",
    "raw control character in a string": b'{"a":"\x01"}',
    "number of 5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "100,000 open brackets": b"[" * 100_000,
    "100,000 open objects": b'{"a":' * 100_000,
    "50,000 closed brackets": b"[" * 50_000 + b"]" * 50_000,
}


@pytest.mark.parametrize("url", bodies.MESSAGES)
@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_that_is_no_json_is_rejected(shared: Shared, url: str, raw: bytes) -> None:
    """Everything that the JSON parser rejects, such as depth or the size of a number, is the sender's error."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "json")]


@pytest.mark.parametrize("url", bodies.MESSAGES)
@pytest.mark.parametrize("raw", [b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xc4\xb1\xfe"}'])
async def test_a_body_that_is_not_utf8_is_rejected_with_the_reason(shared: Shared, url: str, raw: bytes) -> None:
    """Some Turkish systems still send windows-1254; the response names the error."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "utf8")]


@pytest.mark.parametrize("url", bodies.MESSAGES)
@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"5", b"true", b"[{}]", b"NaN"])
async def test_a_body_that_is_no_object_is_refused(shared: Shared, url: str, raw: bytes) -> None:
    """Arrays and bare values instead of an object."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "object")]


@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_a_missing_body_is_refused(shared: Shared, url: str) -> None:
    """With and without a content type."""
    assert refusal(await post(shared.client, url, b""), 422, "invalid") == [("", "missing")]
    assert refusal(await shared.client.post(url), 422, "invalid") == [("", "missing")]


@pytest.mark.parametrize("url", bodies.MESSAGES)
@pytest.mark.parametrize("name", ["unknown", "ek alan", "a\x00b", "\x07", "a/b~c", "x" * 5000, "😀"])
async def test_an_unknown_field_is_named(shared: Shared, url: str, name: str) -> None:
    """Its name is returned cut and escaped; NUL in it does not reach the database."""
    response = await post(shared.client, url, json.dumps(bodies.MESSAGES[url] | {name: 1}).encode())
    escaped = name[:60].replace("~", "~0").replace("/", "~1")
    assert refusal(response, 422, "invalid") == [(f"/{escaped}", "unknown_field")]


@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_lone_surrogates_in_field_names_are_refused(shared: Shared, url: str) -> None:
    """JSON can represent them, UTF-8 can't."""
    response = await post(shared.client, url, json.dumps(bodies.MESSAGES[url] | {"\ud800": 1}).encode())
    assert refusal(response, 422, "invalid") == [("", "control_character")]


TEXTS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "/description": lambda text: {"description": text},
    "/external_id": lambda text: {"external_id": text},
    "/applicant/name": lambda text: {"applicant": {"name": text}},
    "/applicant/address": lambda text: {"applicant": {"name": "Örnek", "address": text}},
    "/applicant/email": lambda text: {"applicant": {"name": "Örnek", "email": text}},
    "/place/note": lambda text: {"place": {"note": text}},
    "/place/neighbourhood": lambda text: {"place": {"neighbourhood": text}},
}


@pytest.mark.parametrize("pointer", TEXTS)
@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "a\x1bb", "a\x7fb", "a\x85b", "a\ud800b", "\udfff"])
async def test_control_characters_are_refused(shared: Shared, pointer: str, text: str) -> None:
    """PostgreSQL would reject NUL, UTF-8 a lone surrogate; the others would appear in letters."""
    response = await post(shared.client, TICKETS, canonical(**TEXTS[pointer](text)))
    assert refusal(response, 422, "invalid") == [(pointer, "control_character")]


FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"description": ""}, "/description", "too_short"),
    ({"description": " \n\t\u00a0\u2003 "}, "/description", "too_short"),
    ({"description": "a" * 4001}, "/description", "too_long"),
    ({"description": ["a"]}, "/description", "text"),
    ({"description": {"a": 1}}, "/description", "text"),
    ({"description": 5}, "/description", "text"),
    ({"description": None}, "/description", "text"),
    ({"kind": "rant"}, "/kind", "choice"),
    ({"kind": []}, "/kind", "choice"),
    ({"channel": "fax"}, "/channel", "choice"),
    ({"channel": "\ud800"}, "/channel", "control_character"),
    ({"service": "no-such-service"}, "/service", "unknown_service"),
    ({"service": "bimer"}, "/service", "service_closed"),
    ({"service": "a b"}, "/service", "characters"),
    ({"external_id": ""}, "/external_id", "too_short"),
    ({"external_id": "  "}, "/external_id", "too_short"),
    ({"external_id": "a" * 201}, "/external_id", "too_long"),
    ({"external_id": "a\nb"}, "/external_id", "control_character"),
    ({"external_id": 5}, "/external_id", "text"),
    ({"applicant": []}, "/applicant", "object"),
    ({"applicant": "x"}, "/applicant", "object"),
    ({"applicant": {}}, "/applicant", "identity_needed"),
    ({"applicant": {"role": "anonymous", "name": "Örnek"}}, "/applicant", "anonymous_with_identity"),
    ({"applicant": {"name": "a\nb"}}, "/applicant/name", "control_character"),
    ({"applicant": {"phone": "5"}}, "/applicant/phone", "phone"),
    ({"applicant": {"phone": "153"}}, "/applicant/phone", "phone"),
    ({"applicant": {"phone": "5" * 41}}, "/applicant/phone", "too_long"),
    ({"applicant": {"name": "Örnek", "national_id": "12345678901"}}, "/applicant/national_id", "national_id"),
    ({"applicant": {"name": "Örnek", "national_id": 10000000146}}, "/applicant/national_id", "text"),
    ({"applicant": {"name": "Örnek", "email": "x"}}, "/applicant/email", "email"),
    ({"applicant": {"name": "Örnek", "email": "a@b.c\r\nBcc: d@e.f"}}, "/applicant/email", "control_character"),
    ({"place": [1]}, "/place", "object"),
    ({"place": {"latitude": 41}}, "/place", "coordinates"),
    ({"place": {"latitude": 90.001, "longitude": 0}}, "/place/latitude", "maximum"),
    ({"place": {"latitude": 0, "longitude": -180.5}}, "/place/longitude", "minimum"),
    ({"place": {"latitude": 1e308, "longitude": 0}}, "/place/latitude", "maximum"),
    ({"place": {"latitude": 10**400, "longitude": 0}}, "/place/latitude", "number"),
    ({"place": {"latitude": float("nan"), "longitude": 0}}, "/place/latitude", "number"),
    ({"place": {"latitude": 0, "longitude": float("inf")}}, "/place/longitude", "number"),
    ({"place": {"latitude": [], "longitude": 0}}, "/place/latitude", "number"),
    ({"documents": {}}, "/documents", "list"),
    ({"documents": "id_card"}, "/documents", "list"),
    ({"documents": ["a"] * 21}, "/documents", "too_many_items"),
    ({"documents": [["a"]]}, "/documents/0", "text"),
    ({"documents": ["no_such_document"]}, "/documents/0", "unknown_document"),
    ({"formal": 2}, "/formal", "boolean"),
    ({"formal": "maybe"}, "/formal", "boolean"),
    ({"occurred_at": "2026-05-12T10:00:00"}, "/occurred_at", "zone"),
    ({"occurred_at": "2026-05-12"}, "/occurred_at", "zone"),
    ({"occurred_at": 1778569200}, "/occurred_at", "date_time"),
    ({"occurred_at": 1778569200.5}, "/occurred_at", "date_time"),
    ({"occurred_at": "1778569200"}, "/occurred_at", "date_time"),
    ({"occurred_at": "1778569200.5"}, "/occurred_at", "date_time"),
    ({"occurred_at": "-1"}, "/occurred_at", "date_time"),
    ({"occurred_at": ""}, "/occurred_at", "date_time"),
    ({"occurred_at": True}, "/occurred_at", "date_time"),
    ({"occurred_at": {}}, "/occurred_at", "date_time"),
    ({"occurred_at": "2026-02-30T10:00:00+03:00"}, "/occurred_at", "date_time"),
    ({"occurred_at": "12.05.2026 10:00"}, "/occurred_at", "date_time"),
    ({"occurred_at": "10000-01-01T00:00:00Z"}, "/occurred_at", "date_time"),
    ({"occurred_at": "0001-01-01T00:00:00+03:00"}, "/occurred_at", "too_old"),
    ({"occurred_at": "1999-12-31T23:59:59Z"}, "/occurred_at", "too_old"),
    ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "/occurred_at", "too_late"),
    ({"occurred_at": "2026-05-12T10:05:01+03:00"}, "/occurred_at", "in_future"),
]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"), FIELDS, ids=[f"{c}{p}-{i}" for i, (_, p, c) in enumerate(FIELDS)]
)
async def test_a_wrong_field_is_named_with_what_is_allowed(
    shared: Shared, fields: dict[str, Any], pointer: str, code: str
) -> None:
    """One wrong field causes one error with its pointer, and nothing is stored."""
    before = (await shared.client.get(TICKETS, params={"limit": 1})).json()["items"]
    assert refusal(await post(shared.client, TICKETS, canonical(**fields)), 422, "invalid") == [(pointer, code)]
    assert (await shared.client.get(TICKETS, params={"limit": 1})).json()["items"] == before


async def test_every_wrong_field_is_named_at_once(shared: Shared) -> None:
    """The caller can correct all of them at once."""
    raw = canonical(description="", kind="rant", place={"latitude": 91, "longitude": 0}, unknown=1)
    assert set(refusal(await post(shared.client, TICKETS, raw), 422, "invalid")) == {
        ("/description", "too_short"),
        ("/kind", "choice"),
        ("/place/latitude", "maximum"),
        ("/unknown", "unknown_field"),
    }


async def test_the_last_of_repeated_members_counts(shared: Shared) -> None:
    """All common JSON parsers do so; the response shows which value counted."""
    raw = b'{"channel":"sms","channel":"call-center","description":"a","kind":"wish","kind":"complaint"}'
    response = await post(shared.client, TICKETS, raw)
    assert (response.status_code, response.json()["service"], response.json()["kind"]) == (
        201,
        "call-center",
        "complaint",
    )


@pytest.mark.parametrize(
    "text",
    [
        "😀👩‍👩‍👧 🇹🇷 çukur",
        "مرحبا بالعالم",
        "שלום \u200f(sağdan sola)\u200e",
        "ı İ ğ Ğ ş Ş — “tırnak”",
        "e\u0301 birleşik",
        "𝕳 \U0010ffff",
        "satır\nsonu\tsekme",
        "'; DROP TABLE ticket; --",
        "<script>alert(1)</script> {{7*7}} ⟦applicant.phone⟧ ${jndi:x}",
        "😀" * 4000,
    ],
)
async def test_any_printable_text_is_stored_unchanged(shared: Shared, text: str) -> None:
    """4,000 characters are 4,000 code points, regardless of their bytes."""
    response = await post(
        shared.client, TICKETS, json.dumps(bodies.ticket(description=text), ensure_ascii=False).encode()
    )
    assert response.status_code == 201
    container = shared.app.state.container
    assert await stored_description(container, container.vault, response.json()["number"]) == text


async def stored_description(container: Any, vault: Vault, number: str) -> str:
    """Return the opened description of a ticket."""
    async with container.database.reading() as session:
        ticket = (await session.execute(select(Ticket).where(Ticket.number == number))).scalar_one()
        return vault.open(ticket.description, table="ticket", column="description", row_id=ticket.id)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/json; charset=windows-1254",
        "application/jsonp",
        "",
        "\xff",
    ],
)
@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_another_content_type_is_refused(shared: Shared, url: str, content_type: str) -> None:
    """Only JSON in UTF-8 is accepted."""
    raw = json.dumps(bodies.MESSAGES[url]).encode()
    response = await shared.client.post(url, content=raw, headers={b"Content-Type": content_type.encode("latin-1")})
    assert refusal(response, 415, "unsupported_media_type") == []


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json; charset="UTF-8"'])
async def test_the_content_type_may_be_spelled_differently(shared: Shared, content_type: str) -> None:
    """Media types are case-insensitive."""
    response = await shared.client.post(TICKETS, content=canonical(), headers={"Content-Type": content_type})
    assert response.status_code == 201


@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_a_body_over_a_mebibyte_is_refused(shared: Shared, url: str) -> None:
    """Its announced length is enough to reject it; a body of exactly a mebibyte is read."""
    assert refusal(await post(shared.client, url, b" " * (MEBIBYTE + 1)), 413, "too_large") == []
    raw = json.dumps(bodies.MESSAGES[url]).encode()
    assert (await post(shared.client, url, raw + b" " * (MEBIBYTE - len(raw)))).is_success


async def test_a_body_of_unknown_length_is_refused_when_it_grows_too_large(shared: Shared) -> None:
    """Without an announced length (chunked), reading stops at the maximum."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MEBIBYTE:
            sent += 65_536
            yield b" " * 65_536

    response = await shared.client.post(TICKETS, content=endless(), headers=JSON)
    assert refusal(response, 413, "too_large") == []
    assert sent <= 2 * MEBIBYTE


@pytest.mark.parametrize("length", ["9" * 20, "9" * 5000])
async def test_an_absurd_content_length_is_refused(shared: Shared, length: str) -> None:
    """A number with more digits than Python converts still means too many bytes."""
    assert refusal(await post(shared.client, TICKETS, b"{}", **{"Content-Length": length}), 413, "too_large") == []


async def test_a_body_that_does_not_arrive_in_time_is_rejected(settings: Settings, clock: SettableClock) -> None:
    """A client that sends one byte and then stalls does not occupy the server."""
    hurried = settings.model_copy(update={"body_timeout_seconds": 0.05})

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with opened_app(hurried, clock) as app, opened_client(app) as client:
        response = await client.post(TICKETS, content=stalling(), headers=JSON)
    assert refusal(response, 408, "too_slow") == []


@pytest.mark.parametrize(
    "key",
    [b"", b'""', b"a b", b'"', b'a"b', "ğ".encode(), b"\x7f", b"x" * 256],
)
async def test_an_idempotency_key_is_visible_ascii(shared: Shared, key: bytes) -> None:
    """With or without quotation marks, as the draft standard allows."""
    headers = {b"Idempotency-Key": key, b"Content-Type": b"application/json"}
    response = await shared.client.post(TICKETS, content=canonical(), headers=headers)
    assert {pointer for pointer, _ in refusal(response, 422, "invalid")} == {"/Idempotency-Key"}


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/channels/fax/pages", 404, "not_found"),
        ("GET", "/v1//tickets", 404, "not_found"),
        ("DELETE", TICKETS, 405, "method_not_allowed"),
        ("PUT", TICKETS, 405, "method_not_allowed"),
        ("TRACE", TICKETS, 405, "method_not_allowed"),
        ("GET", SMS, 405, "method_not_allowed"),
    ],
)
async def test_a_wrong_address_or_method_is_a_problem_too(
    shared: Shared, method: str, url: str, status: int, code: str
) -> None:
    """No response is plain text."""
    assert refusal(await shared.client.request(method, url), status, code) == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=" + "9" * 30,
        "limit=%F0",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 301,
    ],
)
async def test_wrong_paging_is_refused(shared: Shared, query: str) -> None:
    """Invented cursors and oversized pages are errors."""
    response = await shared.client.get(f"/v1/channels/quarantine?{query}")
    assert {pointer for pointer, _ in refusal(response, 422, "invalid")} == {"/" + query.partition("=")[0]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "x"},
        {"X-API-Key": "estim_live_" + "a" * 46},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
    ],
)
@pytest.mark.parametrize("url", bodies.MESSAGES)
async def test_every_path_requires_a_valid_key(shared: Shared, url: str, headers: dict[str, str]) -> None:
    """A valid message is rejected for its key before it is validated."""
    async with opened_client(shared.app) as client:
        response = await client.post(url, json=bodies.MESSAGES[url], headers=headers)
    assert refusal(response, 401, "unauthenticated") == []
    assert response.headers["www-authenticate"] == "Bearer"

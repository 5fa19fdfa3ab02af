"""What a broken or ill-meant client can send: each gets its own clear refusal, none gets an error of ours."""

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


def refusal(answer: Response, status: int, code: str) -> list[tuple[str, str]]:
    """Assert that `answer` is a whole problem+json; the pointer and code of each of its field errors."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["type"], problem["code"]) == (f"urn:estim:problem:{code}", code)
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]
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


@pytest.mark.parametrize("url", bodies.DOORS)
@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_that_is_no_json_is_refused_as_a_whole(shared: Shared, url: str, raw: bytes) -> None:
    """Whatever breaks the reader of JSON, also its depth or the size of a number, is the sender's error."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "json")]


@pytest.mark.parametrize("url", bodies.DOORS)
@pytest.mark.parametrize("raw", [b'{"a":"\xff"}', b'{"a":"\xc3"}', b'{"a":"\xc4\xb1\xfe"}'])
async def test_a_body_that_is_not_utf8_is_told_so(shared: Shared, url: str, raw: bytes) -> None:
    """Turkish systems still send windows-1254: the answer says what is wrong with it."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "utf8")]


@pytest.mark.parametrize("url", bodies.DOORS)
@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"5", b"true", b"[{}]", b"NaN"])
async def test_a_body_that_is_no_object_is_refused(shared: Shared, url: str, raw: bytes) -> None:
    """Arrays and bare values where an object belongs."""
    assert refusal(await post(shared.client, url, raw), 422, "invalid") == [("", "object")]


@pytest.mark.parametrize("url", bodies.DOORS)
async def test_a_missing_body_is_refused(shared: Shared, url: str) -> None:
    """With and without a content type."""
    assert refusal(await post(shared.client, url, b""), 422, "invalid") == [("", "missing")]
    assert refusal(await shared.client.post(url), 422, "invalid") == [("", "missing")]


@pytest.mark.parametrize("url", bodies.DOORS)
@pytest.mark.parametrize("name", ["unknown", "ek alan", "a\x00b", "\x07", "a/b~c", "x" * 5000, "😀"])
async def test_an_unknown_field_is_named(shared: Shared, url: str, name: str) -> None:
    """Its name comes back cut and escaped; NUL in it does not reach the database."""
    answer = await post(shared.client, url, json.dumps(bodies.DOORS[url] | {name: 1}).encode())
    escaped = name[:60].replace("~", "~0").replace("/", "~1")
    assert refusal(answer, 422, "invalid") == [(f"/{escaped}", "unknown_field")]


@pytest.mark.parametrize("url", bodies.DOORS)
async def test_lone_surrogates_in_field_names_are_refused(shared: Shared, url: str) -> None:
    """JSON can spell them, UTF-8 can't."""
    answer = await post(shared.client, url, json.dumps(bodies.DOORS[url] | {"\ud800": 1}).encode())
    assert refusal(answer, 422, "invalid") == [("", "control_character")]


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
    """NUL would be refused by PostgreSQL, a lone surrogate by UTF-8, the others would stand in letters."""
    answer = await post(shared.client, TICKETS, canonical(**TEXTS[pointer](text)))
    assert refusal(answer, 422, "invalid") == [(pointer, "control_character")]


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
    """One wrong field, one error with its pointer; nothing is stored."""
    before = (await shared.client.get(TICKETS, params={"limit": 1})).json()["items"]
    assert refusal(await post(shared.client, TICKETS, canonical(**fields)), 422, "invalid") == [(pointer, code)]
    assert (await shared.client.get(TICKETS, params={"limit": 1})).json()["items"] == before


async def test_every_wrong_field_is_named_at_once(shared: Shared) -> None:
    """A caller mends all of them in one go."""
    raw = canonical(description="", kind="rant", place={"latitude": 91, "longitude": 0}, unknown=1)
    assert set(refusal(await post(shared.client, TICKETS, raw), 422, "invalid")) == {
        ("/description", "too_short"),
        ("/kind", "choice"),
        ("/place/latitude", "maximum"),
        ("/unknown", "unknown_field"),
    }


async def test_of_a_repeated_member_the_last_counts(shared: Shared) -> None:
    """As every reader of JSON in use does; the answer shows which one it was."""
    raw = b'{"channel":"sms","channel":"call-center","description":"a","kind":"wish","kind":"complaint"}'
    answer = await post(shared.client, TICKETS, raw)
    assert (answer.status_code, answer.json()["service"], answer.json()["kind"]) == (201, "call-center", "complaint")


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
async def test_any_printable_text_is_taken_and_kept_letter_for_letter(shared: Shared, text: str) -> None:
    """4,000 characters are 4,000 code points, whatever their bytes."""
    answer = await post(
        shared.client, TICKETS, json.dumps(bodies.ticket(description=text), ensure_ascii=False).encode()
    )
    assert answer.status_code == 201
    container = shared.app.state.container
    assert await stored_description(container, container.vault, answer.json()["number"]) == text


async def stored_description(container: Any, vault: Vault, number: str) -> str:
    """The description of a ticket, opened."""
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
@pytest.mark.parametrize("url", bodies.DOORS)
async def test_another_content_type_is_refused(shared: Shared, url: str, content_type: str) -> None:
    """JSON in UTF-8 is the one language of the doors."""
    raw = json.dumps(bodies.DOORS[url]).encode()
    answer = await shared.client.post(url, content=raw, headers={b"Content-Type": content_type.encode("latin-1")})
    assert refusal(answer, 415, "unsupported_media_type") == []


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", 'application/json; charset="UTF-8"'])
async def test_the_content_type_may_be_spelled_differently(shared: Shared, content_type: str) -> None:
    """Media types know no case."""
    answer = await shared.client.post(TICKETS, content=canonical(), headers={"Content-Type": content_type})
    assert answer.status_code == 201


@pytest.mark.parametrize("url", bodies.DOORS)
async def test_a_body_over_a_mebibyte_is_refused(shared: Shared, url: str) -> None:
    """By its announced length, before a byte of it is read; one byte less is read."""
    assert refusal(await post(shared.client, url, b" " * (MEBIBYTE + 1)), 413, "too_large") == []
    raw = json.dumps(bodies.DOORS[url]).encode()
    assert (await post(shared.client, url, raw + b" " * (MEBIBYTE - len(raw)))).is_success


async def test_a_body_of_unknown_length_is_refused_when_it_grows_too_large(shared: Shared) -> None:
    """Chunked: no length is announced; reading stops at the limit."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * MEBIBYTE:
            sent += 65_536
            yield b" " * 65_536

    answer = await shared.client.post(TICKETS, content=endless(), headers=JSON)
    assert refusal(answer, 413, "too_large") == []
    assert sent <= 2 * MEBIBYTE


@pytest.mark.parametrize("length", ["9" * 20, "9" * 5000])
async def test_an_absurd_content_length_is_refused(shared: Shared, length: str) -> None:
    """More digits than Python turns into a number are still just too many bytes."""
    assert refusal(await post(shared.client, TICKETS, b"{}", **{"Content-Length": length}), 413, "too_large") == []


async def test_a_body_that_does_not_arrive_in_time_is_given_up(settings: Settings, clock: SettableClock) -> None:
    """A client that sends a byte and then nothing holds no place."""
    hurried = settings.model_copy(update={"body_timeout_seconds": 0.05})

    async def stalling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with opened_app(hurried, clock) as app, opened_client(app) as client:
        answer = await client.post(TICKETS, content=stalling(), headers=JSON)
    assert refusal(answer, 408, "too_slow") == []


@pytest.mark.parametrize(
    "key",
    [b"", b'""', b"a b", b'"', b'a"b', "ğ".encode(), b"\x7f", b"x" * 256],
)
async def test_an_idempotency_key_is_visible_ascii(shared: Shared, key: bytes) -> None:
    """Quoted (as the draft standard has it) or not."""
    headers = {b"Idempotency-Key": key, b"Content-Type": b"application/json"}
    answer = await shared.client.post(TICKETS, content=canonical(), headers=headers)
    assert {pointer for pointer, _ in refusal(answer, 422, "invalid")} == {"/Idempotency-Key"}


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
    """No plain-text answer anywhere."""
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
    """Cursors are ours alone, and pages have a limit."""
    answer = await shared.client.get(f"/v1/channels/quarantine?{query}")
    assert {pointer for pointer, _ in refusal(answer, 422, "invalid")} == {"/" + query.partition("=")[0]}


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
@pytest.mark.parametrize("url", bodies.DOORS)
async def test_nobody_enters_without_a_valid_key(shared: Shared, url: str, headers: dict[str, str]) -> None:
    """A valid message is refused for its key before anything else is said of it."""
    async with opened_client(shared.app) as client:
        answer = await client.post(url, json=bodies.DOORS[url], headers=headers)
    assert refusal(answer, 401, "unauthenticated") == []
    assert answer.headers["www-authenticate"] == "Bearer"

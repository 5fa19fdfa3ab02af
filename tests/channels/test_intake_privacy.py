"""Database and logs after requests through every channel: no readable personal data."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import Connection, inspect, literal_column, select, text
from sqlalchemy import table as sql_table

from app.notices.model import Notice
from app.people.model import Applicant
from tests.channels import bodies
from tests.installation import VALID_NATIONAL_ID
from tests.log_capture import configured_logging

ClientAs = Callable[..., Awaitable[AsyncClient]]

NAME = "Örneksoy Gizlioğlu"
PHONE_DIGITS = "5327654321"
STREET = "Kimsesizbilmez Sokak 17"
EMAIL = "gizlioglu@example.org"
MATTER = "Annemin şeker hastalığı yüzünden rampaya gerek var"
NOTE = "Mavikapılı evin karşısı"
SAID_PLACE = "Bilinmezbahçe tarafı"

SECRETS = [
    "Örneksoy",
    "Gizlioğlu",
    PHONE_DIGITS,
    "532 765 43 21",
    VALID_NATIONAL_ID,
    "Kimsesizbilmez",
    "gizlioglu",
    "şeker hastalığı",
    "Mavikapılı",
    "Bilinmezbahçe",
]
"""Parts of the citizen's data; none of them may be found."""

PERSON = {
    "name": NAME,
    "phone": "0532 765 43 21",
    "national_id": VALID_NATIONAL_ID,
    "address": STREET,
    "email": EMAIL,
}
PLACE = {"latitude": 41.04, "longitude": 28.87, "neighbourhood": SAID_PLACE, "note": NOTE}


def messages() -> dict[str, list[dict[str, Any]]]:
    """Return accepted and rejected messages for each path, all with personal data."""
    matter = {"description": MATTER, "place": PLACE}
    item = bodies.field_item("p-7", resident=PERSON, **matter)
    application = bodies.application("p-6", text=MATTER, applicant=PERSON, neighbourhood=SAID_PLACE)
    return {
        "/v1/tickets": [bodies.ticket(external_id="p-1", applicant=PERSON, **matter)],
        "/v1/channels/call-center/calls": [
            call := bodies.call("p-2", caller="05327654321", caller_name=NAME, national_id=VALID_NATIONAL_ID, **matter),
            call | {"call_id": "p-2b", "kind": PHONE_DIGITS},
        ],
        "/v1/channels/sms/messages": [
            sms := bodies.sms("p-3", sender="+905327654321", text=MATTER),
            sms | {"message_id": "p-3b", "sender": "+90532765432", NAME: NAME},
        ],
        "/v1/channels/mobile/reports": [
            report := bodies.report("p-4", reporter=PERSON, **matter),
            report | {"report_id": "p-4b", "reporter": PERSON | {NAME: 1, "phone": "0532 765 43"}},
        ],
        "/v1/channels/desk/visits": [
            visit := bodies.visit("p-5", visitor=PERSON | {"role": "attorney"}, identity_bound=True, **matter),
            visit | {"visit_id": "p-5b", "documents": [NAME]},
            visit | {"visit_id": "p-5c", "documents": ["dr-" + PHONE_DIGITS]},
        ],
        "/v1/channels/cimer/applications": [
            application,
            application | {"application_date": MATTER},
            application | {"text": MATTER + ", ek bilgi: " + NAME},
        ],
        "/v1/channels/field/batches": [
            {"items": [item, item | {"item_id": "p-7b", "captured_at": NAME}, item | {"description": MATTER * 2}]},
            {"items": NAME, NAME: [item]},
        ],
    }


class CapturedLogs(logging.Handler):
    """A handler that stores every log line of the process, with all attributes of its record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Store the line and the attributes of its record."""
        self.lines.append(f"{record.__dict__!r} {self.format(record)}")


@pytest.fixture(params=["console", "json"])
def logs(request: pytest.FixtureRequest) -> Iterator[CapturedLogs]:
    """The logs during the test, down to debug, of the standard library and of structlog."""
    root, handler = logging.getLogger(), CapturedLogs()
    with configured_logging(level="debug", style=request.param):
        handler.setFormatter(root.handlers[0].formatter)
        root.handlers = [handler]
        yield handler


async def dump(app: FastAPI) -> dict[str, str]:
    """Return every column of every table as one text; bytes are decoded as text."""

    def tables(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    dumped: dict[str, str] = {}
    async with app.state.container.database.reading() as session:
        connection = await session.connection()
        for table in await connection.run_sync(tables):
            content = await connection.execute(select(literal_column("*")).select_from(sql_table(table)))
            for row in content.mappings():
                for column, value in row.items():
                    dumped[f"{table}.{column}"] = dumped.get(f"{table}.{column}", "") + shown(value)
    return dumped


def shown(value: Any) -> str:
    """Return a value as text: JSON without escapes, bytes decoded as UTF-8."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") + "\n"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str) + "\n"
    return f"{value}\n"


def found(texts: dict[str, str] | list[str]) -> list[tuple[str, str]]:
    """Return the secrets that are found, each with its place."""
    named = texts.items() if isinstance(texts, dict) else ((line[:200], line) for line in texts)
    return [(secret, name) for name, content in named for secret in SECRETS if secret.lower() in content.lower()]


async def send_all_messages(client: AsyncClient) -> list[int]:
    """Send all messages, each twice; return the statuses."""
    sent = [(url, body) for url, variants in messages().items() for body in [*variants, *variants]]
    return [(await client.post(url, json=body)).status_code for url, body in sent]


async def test_the_database_contains_personal_data_only_sealed(app: FastAPI, client_as: ClientAs) -> None:
    """C12: a person's data are stored as ciphertext or not at all, in accepted, rejected and repeated messages."""
    client = await client_as("developer")
    statuses = await send_all_messages(client)
    assert {200, 201, 409, 422} == set(statuses)
    dumped = await dump(app)
    assert {"applicant.name", "ticket.description", "inbound_message.body", "notice.payload"} <= set(dumped)
    assert "p-1" in dumped["ticket.external_id"]
    assert found(dumped) == []


async def test_equal_words_have_different_ciphertexts(app: FastAPI, client_as: ClientAs) -> None:
    """Two rows do not reveal that one citizen wrote both."""
    client = await client_as("developer")
    for i in range(3):
        await client.post("/v1/tickets", json=bodies.ticket(external_id=f"c-{i}", applicant=PERSON))
    async with app.state.container.database.reading() as session:
        applicants = list(await session.scalars(select(Applicant)))
    for column in ("name", "phone", "national_id", "address", "email"):
        assert len({getattr(applicant, column) for applicant in applicants}) == 3


async def test_a_notice_contains_references_instead_of_personal_data(app: FastAPI, client_as: ClientAs) -> None:
    """The payload of a notice is immutable and can't be erased, so it has no personal data."""
    client = await client_as("developer")
    await send_all_messages(client)
    async with app.state.container.database.reading() as session:
        payloads = list(await session.scalars(select(Notice.payload)))
    assert payloads
    assert found([json.dumps(payload, ensure_ascii=False) for payload in payloads]) == []


async def test_logs_contain_no_personal_data(client_as: ClientAs, logs: CapturedLogs) -> None:
    """Including debug level and libraries, for accepted and rejected messages."""
    client = await client_as("developer")
    logging.getLogger("tests").info("listening")
    await send_all_messages(client)
    assert any("listening" in line for line in logs.lines)
    assert found(logs.lines) == []
    assert not any(str(client.headers["x-api-key"]) in line for line in logs.lines)


def answer_errors(client: AsyncClient) -> None:
    """Let `client` receive the API's response to an unexpected error instead of the error."""
    assert isinstance(client._transport, ASGITransport)
    client._transport.raise_app_exceptions = False


async def test_unexpected_errors_are_logged_without_personal_data(
    app: FastAPI, client_as: ClientAs, logs: CapturedLogs
) -> None:
    """A violated constraint: the values of the statement appear neither in the response nor in the logs."""
    client = await client_as("developer")
    async with app.state.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE applicant ADD CONSTRAINT broken CHECK (role = 'anonymous')"))
    answer_errors(client)
    response = await client.post("/v1/tickets", json=messages()["/v1/tickets"][0])
    assert (response.status_code, response.json()["code"]) == (500, "internal")
    assert found([response.text]) == []
    assert any("unexpected_error" in line for line in logs.lines)
    assert found(logs.lines) == []


async def test_a_row_that_the_database_rejects_fails_only_its_own_request(app: FastAPI, client_as: ClientAs) -> None:
    """The requests share a transaction; the failed batch is written again one by one."""
    client = await client_as("developer")
    async with app.state.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE ticket ADD CONSTRAINT broken CHECK (external_id <> 'n-7')"))
    answer_errors(client)
    responses = await asyncio.gather(
        *(client.post("/v1/tickets", json=bodies.ticket(external_id=f"n-{i}")) for i in range(20))
    )
    assert [i for i, response in enumerate(responses) if response.status_code != 201] == [7]

"""What the database and the logs know of a citizen after every door was used: nothing that can be read."""

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
"""Pieces of what the citizen said, of which none may be found."""

PERSON = {
    "name": NAME,
    "phone": "0532 765 43 21",
    "national_id": VALID_NATIONAL_ID,
    "address": STREET,
    "email": EMAIL,
}
PLACE = {"latitude": 41.04, "longitude": 28.87, "neighbourhood": SAID_PLACE, "note": NOTE}


def messages() -> dict[str, list[dict[str, Any]]]:
    """For each door a message that is taken and one that is refused, with everything personal in both."""
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


class Heard(logging.Handler):
    """Everything that any logger of the process says: as the programs write it, and all that the record carries."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line and what it was made from."""
        self.lines.append(f"{record.__dict__!r} {self.format(record)}")


@pytest.fixture(params=["console", "json"])
def heard(request: pytest.FixtureRequest) -> Iterator[Heard]:
    """What is logged while the test runs, down to debug, from the standard library and from structlog."""
    root, handler = logging.getLogger(), Heard()
    with configured_logging(level="debug", style=request.param):
        handler.setFormatter(root.handlers[0].formatter)
        root.handlers = [handler]
        yield handler


async def dump(app: FastAPI) -> dict[str, str]:
    """Every column of every table as one text; bytes are shown as the text that they might be."""

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
    """A value as text: JSON with and without escapes, bytes as UTF-8 where they are."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") + "\n"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str) + "\n"
    return f"{value}\n"


def found(texts: dict[str, str] | list[str]) -> list[tuple[str, str]]:
    """Which secrets stand where."""
    named = texts.items() if isinstance(texts, dict) else ((line[:200], line) for line in texts)
    return [(secret, name) for name, content in named for secret in SECRETS if secret.lower() in content.lower()]


async def use_every_door(client: AsyncClient) -> list[int]:
    """Send all messages, each twice; the statuses."""
    sent = [(url, body) for url, variants in messages().items() for body in [*variants, *variants]]
    return [(await client.post(url, json=body)).status_code for url, body in sent]


async def test_nothing_that_a_citizen_said_can_be_read_in_the_database(app: FastAPI, client_as: ClientAs) -> None:
    """Taken, refused or repeated: C12. What a person said stands as ciphertext or not at all."""
    client = await client_as("developer")
    statuses = await use_every_door(client)
    assert {200, 201, 409, 422} == set(statuses)
    dumped = await dump(app)
    assert {"applicant.name", "ticket.description", "inbound_message.body", "notice.payload"} <= set(dumped)
    assert "p-1" in dumped["ticket.external_id"]
    assert found(dumped) == []


async def test_the_same_words_are_never_the_same_ciphertext(app: FastAPI, client_as: ClientAs) -> None:
    """Who reads two rows can't tell that one citizen wrote both."""
    client = await client_as("developer")
    for i in range(3):
        await client.post("/v1/tickets", json=bodies.ticket(external_id=f"c-{i}", applicant=PERSON))
    async with app.state.container.database.reading() as session:
        applicants = list(await session.scalars(select(Applicant)))
    for column in ("name", "phone", "national_id", "address", "email"):
        assert len({getattr(applicant, column) for applicant in applicants}) == 3


async def test_a_notice_says_references_where_a_person_stands(app: FastAPI, client_as: ClientAs) -> None:
    """The snapshot of an immutable notice can't be erased later, so it never holds a person."""
    client = await client_as("developer")
    await use_every_door(client)
    async with app.state.container.database.reading() as session:
        payloads = list(await session.scalars(select(Notice.payload)))
    assert payloads
    assert found([json.dumps(payload, ensure_ascii=False) for payload in payloads]) == []


async def test_the_logs_know_nothing_of_citizens(client_as: ClientAs, heard: Heard) -> None:
    """Also at debug, also from libraries, for taken and for refused messages."""
    client = await client_as("developer")
    logging.getLogger("tests").info("listening")
    await use_every_door(client)
    assert any("listening" in line for line in heard.lines)
    assert found(heard.lines) == []
    assert not any(str(client.headers["x-api-key"]) in line for line in heard.lines)


def answer_errors(client: AsyncClient) -> None:
    """Let `client` receive the API's response to an unexpected error instead of the error."""
    assert isinstance(client._transport, ASGITransport)
    client._transport.raise_app_exceptions = False


async def test_even_an_error_of_ours_is_logged_without_the_citizen(
    app: FastAPI, client_as: ClientAs, heard: Heard
) -> None:
    """A constraint that breaks under an intake: the statement's values stay out of answer and log."""
    client = await client_as("developer")
    async with app.state.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE applicant ADD CONSTRAINT broken CHECK (role = 'anonymous')"))
    answer_errors(client)
    answer = await client.post("/v1/tickets", json=messages()["/v1/tickets"][0])
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert found([answer.text]) == []
    assert any("unexpected_error" in line for line in heard.lines)
    assert found(heard.lines) == []


async def test_one_intake_that_the_database_refuses_takes_none_of_its_neighbours_along(
    app: FastAPI, client_as: ClientAs
) -> None:
    """They share a transaction; the batch is written again one by one."""
    client = await client_as("developer")
    async with app.state.container.database.transaction() as session:
        await session.execute(text("ALTER TABLE ticket ADD CONSTRAINT broken CHECK (external_id <> 'n-7')"))
    answer_errors(client)
    answers = await asyncio.gather(
        *(client.post("/v1/tickets", json=bodies.ticket(external_id=f"n-{i}")) for i in range(20))
    )
    assert [i for i, answer in enumerate(answers) if answer.status_code != 201] == [7]

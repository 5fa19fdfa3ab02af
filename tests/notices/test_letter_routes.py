"""Letters over HTTP: who gets one, with which personal words, and what is written down about it."""

import io
from collections.abc import Awaitable, Callable

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pypdf import PdfReader
from sqlalchemy import select

from app.access.model import PersonalDataAccess
from app.container import Container
from app.core.db import bulk_insert
from app.notices.kinds import Medium, NoticeKind
from app.notices.model import Notice
from app.notices.payloads import Payload
from app.notices.rows import APPLICANT, Recipient, notice_row
from app.notices.service import label_of
from app.tickets.model import Ticket
from tests.notices.cases import CALLER, NAME, actor_of, notices_of, open_ticket
from tests.notices.samples import FULL

ClientAs = Callable[..., Awaitable[AsyncClient]]
MASKED = "Ö**** V*******"


@pytest.fixture
def container(app: FastAPI) -> Container:
    opened: Container = app.state.container
    return opened


async def plan(container: Container, kind: NoticeKind, payload: Payload | None = None) -> Notice:
    """A notice of that kind about a new ticket."""
    number = await open_ticket(container, await actor_of(container), CALLER)
    async with container.database.transaction() as session:
        ticket = (await session.scalars(select(Ticket).where(Ticket.number == number))).one()
        row = notice_row(
            kind,
            payload or FULL[kind],
            ticket_id=ticket.id,
            cycle=1,
            level=0,
            recipient=Recipient("office:2") if kind is NoticeKind.ESCALATION_2 else APPLICANT,
            medium=Medium.EMAIL,
            now=container.clock.now(),
        )
        await bulk_insert(session, Notice, [row])
    return next(notice for notice in await notices_of(container, number) if notice.id == row["id"])


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind.spec.letter])
async def test_a_letter_comes_as_a_pdf_of_the_stored_facts(
    container: Container, client_as: ClientAs, kind: NoticeKind
) -> None:
    notice = await plan(container, kind)

    answer = await (await client_as("developer")).get(f"/v1/notices/{notice.number}.pdf")

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="{notice.number}.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    text = text_of(answer.content)
    assert NAME in text
    assert "2600012349" in text
    assert f"ESTİM {notice.number}" in text


async def test_without_the_right_to_personal_data_a_letter_is_masked(container: Container, client_as: ClientAs) -> None:
    notice = await plan(container, NoticeKind.ESCALATION_2)

    text = text_of((await (await client_as("ops")).get(f"/v1/notices/{notice.number}.pdf")).content)

    assert MASKED in text
    assert NAME not in text
    assert "Kaldırımda çukur var, ***." in text


async def test_a_reading_in_clear_is_written_down_and_a_masked_one_is_not(
    container: Container, client_as: ClientAs
) -> None:
    notice = await plan(container, NoticeKind.RESOLUTION)
    for role in ("ops", "developer"):
        await (await client_as(role)).get(f"/v1/notices/{notice.number}.pdf")

    async with container.database.reading() as session:
        entries = list(await session.scalars(select(PersonalDataAccess)))
    assert [(entry.operation, entry.facts) for entry in entries] == [("read_letter", {"notices": notice.number})]


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if not kind.spec.letter])
async def test_a_kind_without_a_letter_says_so(container: Container, client_as: ClientAs, kind: NoticeKind) -> None:
    notice = await plan(container, kind)

    answer = await (await client_as("developer")).get(f"/v1/notices/{notice.number}.pdf")

    assert (answer.status_code, answer.json()["code"]) == (404, "no_letter")
    assert kind.value in answer.json()["detail"]
    async with container.database.reading() as session:
        assert list(await session.scalars(select(PersonalDataAccess))) == []


@pytest.mark.parametrize("number", ["26-999999", "99-000001", "x", "26-000001.pdf"])
async def test_an_unknown_notice_has_no_letter(client_as: ClientAs, number: str) -> None:
    answer = await (await client_as("developer")).get(f"/v1/notices/{number}.pdf")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_unit_does_not_get_letters_that_were_not_written_to_it(
    container: Container, client_as: ClientAs
) -> None:
    notice = await plan(container, NoticeKind.RESOLUTION)

    answer = await (await client_as("unit-officer", unit="public-works")).get(f"/v1/notices/{notice.number}.pdf")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_letters_ask_for_the_scope(container: Container, client_as: ClientAs) -> None:
    notice = await plan(container, NoticeKind.RESOLUTION)

    answer = await (await client_as("sms-gateway")).get(f"/v1/notices/{notice.number}.pdf")

    assert (answer.status_code, answer.json()["scope"]) == (403, "notices:read")


async def test_every_kind_can_be_read_as_a_notice(container: Container, client_as: ClientAs) -> None:
    caller = await client_as("developer")
    for kind in NoticeKind:
        notice = await plan(container, kind)
        body = (await caller.get(f"/v1/notices/{notice.number}")).json()
        assert body["kind_label"] == label_of(kind)
        about = "2600012330" if kind.value.startswith("complaint") else "2600012349"
        assert body["ticket"] == (None if kind is NoticeKind.DIGEST else about)

"""Acknowledgements and responses of offices, their permissions, and offices that no mail reaches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import date, datetime
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.core.ids import new_id
from app.notices.model import Notice
from app.operations.queries import read_abandoned, read_backlog
from app.tickets.model import Escalation
from config.settings import Settings
from tests.desk import AT_WORK, CITIZEN, Desk, end_of
from tests.escalation.offices import DUE, HEAD, load_offices
from tests.installation import SettableClock, new_key, opened_client
from tests.notices.cases import actor_of, open_ticket
from tests.notices.delivery.cases import by_smtp, container_with, drain
from tests.notices.delivery.mail_server import Mailbox, mail_server
from workers.timers import sweep

RESPONSE = {"text": "Birime tekit edildi; 0532 000 00 67 numaralı telefon aranacak."}


@pytest.fixture
async def caller(desk: Desk) -> AsyncIterator[Callable[..., Awaitable[AsyncClient]]]:
    """`await caller("pr-director", "cleaning")`: a caller of the desk's app with the key of a new client."""
    async with AsyncExitStack() as clients:

        async def make(role: str, unit: str | None = None) -> AsyncClient:
            key = await new_key(desk.container, role, unit)
            return await clients.enter_async_context(opened_client(desk.app, key))

        yield make


async def raised(desk: Desk, *commands: str) -> tuple[str, dict[str, Any]]:
    """A call that was raised to the first office at its limit: its number, and the escalation."""
    number = await desk.open()
    await desk.run_all(number, *commands)
    desk.clock.set(DUE)
    await sweep(desk.container)
    [item] = (await desk.client.get(f"/v1/escalations?ticket={number}")).json()["items"]
    return number, item


async def test_the_record_says_who_was_addressed(desk: Desk) -> None:
    _, item = await raised(desk)
    assert item["addressed_to"] == {
        "name": HEAD,
        "job_title": "Halkla İlişkiler Müdürü",
        "stands_in": False,
        "vacant": False,
    }
    assert item["office"]["İsim"] == HEAD
    assert (item["state"], item["state_label"], item["source"]) == ("raised", "Bildirildi", "system")


async def test_an_answer_is_an_acknowledgement_too_and_comes_once(desk: Desk) -> None:
    number, item = await raised(desk)
    address = f"/v1/escalations/{item['id']}"
    desk.clock.set(datetime(2026, 6, 2, 9, tzinfo=ISTANBUL))
    answered = (await desk.client.post(f"{address}/respond", json=RESPONSE)).json()
    assert (answered["state"], answered["response"]) == ("answered", RESPONSE["text"])
    assert answered["acknowledged_at"] == answered["responded_at"]
    assert answered["acknowledged_by"] == answered["responded_by"] == "developer (test)"
    again = await desk.client.post(f"{address}/respond", json=RESPONSE)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "wrong_state", "answered")
    kinds = [event["kind"] for event in (await desk.timeline(number))["items"]]
    assert kinds[-2:] == ["escalation_acknowledged", "escalation_answered"]
    async with desk.container.database.reading() as session:
        stored = (await session.scalars(select(Escalation))).one()
    assert stored.response is not None
    assert b"tekit" not in stored.response


async def test_two_answers_at_once_are_one(desk: Desk) -> None:
    number, item = await raised(desk)
    answers = await asyncio.gather(
        *(desk.client.post(f"/v1/escalations/{item['id']}/respond", json=RESPONSE) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert [event["kind"] for event in history["items"]].count("escalation_answered") == 1


async def test_a_repeated_acknowledgement_changes_nothing(desk: Desk) -> None:
    number, item = await raised(desk)
    first = (await desk.client.post(f"/v1/escalations/{item['id']}/acknowledge")).json()
    desk.clock.advance(days=1)
    again = (await desk.client.post(f"/v1/escalations/{item['id']}/acknowledge")).json()
    assert again["acknowledged_at"] == first["acknowledged_at"]
    events = [event["kind"] for event in (await desk.timeline(number))["items"]]
    assert events.count("escalation_acknowledged") == 1


async def test_what_is_closed_is_not_answered_any_more(desk: Desk) -> None:
    number, item = await raised(desk)
    await desk.run(number, "resolve")
    late = await desk.client.post(f"/v1/escalations/{item['id']}/respond", json=RESPONSE)
    assert (late.status_code, late.json()["state"]) == (409, "closed")


async def test_an_escalation_that_is_not_there_is_not_found(desk: Desk) -> None:
    for command, body in (("acknowledge", None), ("respond", RESPONSE)):
        answer = await desk.client.post(f"/v1/escalations/{new_id()}/{command}", json=body)
        assert answer.status_code == 404
    assert (await desk.client.post("/v1/escalations/7/acknowledge")).status_code == 422


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "a\u0000"}, {"text": "x" * 4001}, {"note": "x"}])
async def test_an_answer_without_words_is_refused(desk: Desk, body: dict[str, str]) -> None:
    _, item = await raised(desk)
    assert (await desk.client.post(f"/v1/escalations/{item['id']}/respond", json=body)).status_code == 422


@pytest.mark.parametrize("state", ["raised", "acknowledged", "answered", "closed"])
async def test_the_list_is_narrowed_as_the_records_stand(desk: Desk, state: str) -> None:
    """The SQL twin of the state says of every record what the record says of itself."""
    for steps in ((), ("acknowledge",), ("acknowledge", "respond"), ("respond", "close")):
        number, item = await raised(desk)
        for step in steps:
            body = RESPONSE if step == "respond" else None
            if step == "close":
                await desk.run(number, "resolve")
            else:
                await desk.client.post(f"/v1/escalations/{item['id']}/{step}", json=body)
        desk.clock.set(datetime(2026, 5, 12, 10, tzinfo=ISTANBUL))
    [found] = (await desk.client.get(f"/v1/escalations?state={state}")).json()["items"]
    assert found["state"] == state
    is_open = (await desk.client.get(f"/v1/escalations?state={state}&open=true")).json()["items"]
    assert len(is_open) == (state != "closed")


async def test_the_words_of_an_office_are_masked_and_units_see_their_own(
    desk: Desk, caller: Callable[..., Awaitable[AsyncClient]]
) -> None:
    number, item = await raised(desk, *AT_WORK)
    await desk.client.post(f"/v1/escalations/{item['id']}/respond", json=RESPONSE)
    director, works, cleaning = (
        await caller("pr-director"),
        await caller("unit-officer", "public-works"),
        await caller("unit-officer", "cleaning"),
    )
    address = f"/v1/escalations?ticket={number}"
    assert (await director.get(address)).json()["items"][0]["response"] == RESPONSE["text"]
    [masked] = (await works.get(address)).json()["items"]
    assert "0532" not in masked["response"]
    assert (await cleaning.get(address)).json()["items"] == []
    assert (await works.post(f"/v1/escalations/{item['id']}/respond", json=RESPONSE)).status_code == 403
    foreign = await caller("pr-director", "cleaning")
    assert (await foreign.post(f"/v1/escalations/{item['id']}/acknowledge")).status_code == 404


@pytest.mark.parametrize("way", ["acknowledge", "respond", "notice"])
async def test_the_first_office_does_not_silence_what_went_to_the_second(
    desk: Desk, caller: Callable[..., Awaitable[AsyncClient]], way: str
) -> None:
    """Only the second office acknowledges level 2 and responds to it, because the first has let the matter lie."""
    number, _ = await raised(desk)
    desk.clock.set(end_of(2026, 6, 4))
    await sweep(desk.container)
    [item] = (await desk.client.get(f"/v1/escalations?ticket={number}&level=2")).json()["items"]
    [notice] = (await desk.client.get(f"/v1/notices?ticket={number}&kind=escalation_2")).json()["items"]
    address = (
        f"/v1/escalations/{item['id']}/{way}" if way != "notice" else f"/v1/notices/{notice['number']}/acknowledge"
    )
    body = RESPONSE if way == "respond" else None
    refused = await (await caller("pr-director")).post(address, json=body)
    assert (refused.status_code, refused.json()["scope"]) == (403, "offices:second")
    [same] = (await desk.client.get(f"/v1/escalations?ticket={number}&level=2")).json()["items"]
    assert (same["state"], same["next_reminder_at"] is not None) == ("raised", True)
    assert (await (await caller("deputy-mayor")).post(address, json=body)).status_code == 200


async def test_an_office_without_a_reachable_address_fails_loudly_and_is_named(
    settings: Settings, clock: SettableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The dead letter: not silently lost, not retried for ever, and the doctor has its number."""
    async with mail_server(Mailbox()) as box, container_with(settings, clock, **by_smtp(box)) as container:
        await load_offices(container, {"valid_to": date(2026, 5, 31)})
        await open_ticket(container, await actor_of(container))
        clock.set(end_of(2026, 6, 1))
        await sweep(container)
        clock.set(datetime(2026, 6, 2, 9, tzinfo=ISTANBUL))
        await drain(container)
        async with container.database.reading() as session:
            lost = (await session.scalars(select(Notice).where(Notice.kind == "escalation_1"))).one()
            waiting = await read_backlog(session, clock.now())
            named = await read_abandoned(session, 3, to_applicants=False)
    assert (lost.state, lost.state_reason) == ("failed", "no_address")
    assert lost.number in [notice.number for notice in named.newest]
    assert waiting.failed_notices >= 1
    assert "notice_given_up" in caplog.text
    assert "office_without_official" in caplog.text
    assert CITIZEN["name"] not in caplog.text

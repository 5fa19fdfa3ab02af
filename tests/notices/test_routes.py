"""Notices and escalations over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from sqlalchemy import select

from app.container import Container
from app.notices.kinds import NoticeKind
from app.notices.rows import Recipient
from app.tickets.history import chain_is_intact
from app.tickets.model import Escalation, TicketEvent
from tests.installation import SettableClock
from tests.notices.cases import CALLER, actor_of, escalate, notices_of, open_ticket, plan

ClientAs = Callable[..., Awaitable[AsyncClient]]
TO_UNIT = Recipient("unit:public-works", "Fen İşleri Müdürlüğü", "fen@example.org")


@pytest.fixture
def container(app: FastAPI) -> Container:
    """The container of the app itself, so that key caches and clocks are one."""
    opened: Container = app.state.container
    return opened


async def numbers(client: AsyncClient, path: str = "/v1/notices") -> list[str]:
    """The numbers of a list of notices."""
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def test_notices_are_listed_newest_first_page_by_page(
    container: Container, client_as: ClientAs, clock: SettableClock
) -> None:
    actor = await actor_of(container)
    for _ in range(5):
        await open_ticket(container, actor)
        clock.advance(minutes=1)
    caller = await client_as("ops")
    everything = await numbers(caller)
    assert everything == sorted((notice.number for notice in await notices_of(container)), reverse=True)
    seen, path = [], "/v1/notices?limit=2&kind=receipt"
    while path:
        answer = await caller.get(path)
        seen += [item["number"] for item in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert seen == everything


async def test_a_number_has_the_year_of_istanbul_and_is_unique(
    container: Container, client_as: ClientAs, clock: SettableClock
) -> None:
    """At 21:00 UTC on 31 December it is 2027 in Istanbul; the running number goes on, whatever is written at once."""
    actor, caller = await actor_of(container), await client_as("ops")
    years = {}
    for year, instant in (
        ("26", datetime(2026, 12, 31, 20, 59, 59, tzinfo=UTC)),
        ("27", datetime(2026, 12, 31, 21, tzinfo=UTC)),
    ):
        clock.set(instant)
        tickets = await asyncio.gather(*(open_ticket(container, actor) for _ in range(10)))
        years[year] = [notice.number for ticket in tickets for notice in await notices_of(container, ticket)]
    found = [*years["26"], *years["27"]]
    assert len({number[3:] for number in found}) == len(found) == 20
    for year, numbered in years.items():
        assert {number[:3] for number in numbered} == {f"{year}-"}
    assert max(number[3:] for number in years["26"]) < min(number[3:] for number in years["27"])
    of_new_year = years["27"][0]
    assert (await caller.get(f"/v1/notices/{of_new_year}")).json()["number"] == of_new_year
    assert (await caller.get(f"/v1/notices/26-{of_new_year[3:]}")).status_code == 404


async def test_each_filter_narrows_the_list(container: Container, client_as: ClientAs) -> None:
    actor = await actor_of(container)
    first, second = await open_ticket(container, actor), await open_ticket(container, actor)
    [receipt], [other] = await notices_of(container, first), await notices_of(container, second)
    warning = await plan(container, first, NoticeKind.WARNING, TO_UNIT)
    raised = await escalate(container, second)
    caller = await client_as("developer")
    assert (await caller.post(f"/v1/notices/{raised.number}/acknowledge")).status_code == 200
    expected = {
        "kind=warning": [warning],
        "state=sent": [],
        "recipient=applicant": [other, receipt],
        "recipient=office:1": [raised],
        "level=80": [warning],
        f"ticket={first}": [warning, receipt],
        "ticket=2699999999": [],
        "unacknowledged=true": [warning],
        "unacknowledged=false": [raised],
    }
    for query, notices in expected.items():
        assert await numbers(caller, f"/v1/notices?{query}") == [notice.number for notice in notices], query


@pytest.mark.parametrize(
    "query", ["kind=letter", "state=lost", "recipient=mayor", "level=200", "ticket=12", "limit=0", "cursor=x"]
)
async def test_a_filter_that_means_nothing_is_refused(client_as: ClientAs, query: str) -> None:
    answer = await (await client_as("ops")).get(f"/v1/notices?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


async def test_a_unit_reads_what_was_written_to_it_and_no_more(container: Container, client_as: ClientAs) -> None:
    ticket = await open_ticket(container, await actor_of(container))
    [receipt] = await notices_of(container, ticket)
    own = await plan(container, ticket, NoticeKind.WARNING, TO_UNIT)
    caller = await client_as("unit-officer", unit="public-works")
    assert await numbers(caller) == [own.number]
    assert (await caller.get(f"/v1/notices/{receipt.number}")).status_code == 404
    assert (await caller.get(f"/v1/notices/{own.number}")).json()["kind_label"] == "Süre uyarısı"


async def test_one_notice_says_who_when_and_in_which_words(container: Container, client_as: ClientAs) -> None:
    ticket = await open_ticket(container, await actor_of(container), CALLER)
    [receipt] = await notices_of(container, ticket)
    body = (await (await client_as("ops")).get(f"/v1/notices/{receipt.number}")).json()
    assert body["ticket"] == ticket
    assert (body["state"], body["state_label"], body["attempts"]) == ("queued", "Sırada", 0)
    assert body["recipient"] == {"code": "applicant", "name": "Ö**** V*******", "address": "+90 532 *** ** 67"}
    assert ticket in body["body"]
    assert body["next_attempt_at"] == body["created_at"]


@pytest.mark.parametrize("path", ["", "/26-000001", "?ticket=1"])
async def test_without_the_scope_nothing_is_shown(client_as: ClientAs, path: str) -> None:
    answer = await (await client_as("sms-gateway")).get(f"/v1/notices{path}")
    assert (answer.status_code, answer.json()["scope"]) == (403, "notices:read")


async def test_acknowledging_reaches_the_escalation_and_the_history(
    container: Container, client_as: ClientAs, clock: SettableClock
) -> None:
    ticket = await open_ticket(container, await actor_of(container))
    notice = await escalate(container, ticket)
    director = await client_as("pr-director")
    clock.advance(minutes=5)
    answer = await director.post(f"/v1/notices/{notice.number}/acknowledge")
    assert answer.status_code == 200, answer.text
    assert answer.json()["acknowledged_by"] == "pr-director (test)"
    [escalation] = (await director.get(f"/v1/escalations?acknowledged=true&open=true&ticket={ticket}")).json()["items"]
    assert (escalation["acknowledged_at"], escalation["acknowledged_by"], escalation["office"]) == (
        answer.json()["acknowledged_at"],
        "pr-director (test)",
        {"Müracaat Yeri": "İlk Müracaat Yeri"},
    )
    async with container.database.reading() as session:
        events = list(await session.scalars(select(TicketEvent).order_by(TicketEvent.seq)))
    assert [event.kind for event in events] == ["received", "escalation_acknowledged"]
    assert events[1].data == {"level": 1, "cycle": 1, "source": "system", "notice": notice.number}
    assert chain_is_intact(events)


async def test_acknowledging_at_the_same_time_happens_once(container: Container, client_as: ClientAs) -> None:
    notice = await escalate(container, await open_ticket(container, await actor_of(container)))
    callers = [await client_as("pr-director"), await client_as("developer")]
    path = f"/v1/notices/{notice.number}/acknowledge"
    answers = await asyncio.gather(*(caller.post(path) for caller in callers * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert len({(answer.json()["acknowledged_by"], answer.json()["acknowledged_at"]) for answer in answers}) == 1
    async with container.database.reading() as session:
        kinds = list(await session.scalars(select(TicketEvent.kind).order_by(TicketEvent.seq)))
    assert kinds == ["received", "escalation_acknowledged"]


async def test_a_warning_can_be_acknowledged_without_any_escalation(container: Container, client_as: ClientAs) -> None:
    warning = await plan(
        container, await open_ticket(container, await actor_of(container)), NoticeKind.WARNING, TO_UNIT
    )
    answer = await (await client_as("developer")).post(f"/v1/notices/{warning.number}/acknowledge")
    assert answer.json()["acknowledged_by"] == "developer (test)"
    async with container.database.reading() as session:
        assert list(await session.scalars(select(Escalation))) == []


async def test_reading_is_not_enough_to_acknowledge(container: Container, client_as: ClientAs) -> None:
    notice = await escalate(container, await open_ticket(container, await actor_of(container)))
    answer = await (await client_as("ops")).post(f"/v1/notices/{notice.number}/acknowledge")
    assert (answer.status_code, answer.json()["scope"]) == (403, "notices:acknowledge")


async def raised_and_referred(container: Container, caller: AsyncClient) -> tuple[str, str]:
    """Raise level 1 of a ticket and refer it to public works; return its number and its ETag."""
    ticket = await open_ticket(container, await actor_of(container))
    await escalate(container, ticket)
    read = await caller.get(f"/v1/tickets/{ticket}")
    referred = await caller.post(
        f"/v1/tickets/{ticket}/refer", json={"unit": "public-works"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert referred.status_code == 200, referred.text
    return ticket, referred.headers["ETag"]


async def count_escalations(client: AsyncClient, query: str = "") -> int:
    answer = await client.get(f"/v1/escalations?{query}")
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])


async def test_escalations_are_narrowed_by_level_and_state(container: Container, client_as: ClientAs) -> None:
    caller = await client_as("developer")
    await raised_and_referred(container, caller)
    assert {
        query: await count_escalations(caller, query)
        for query in ("level=1", "level=2", "open=true", "open=false", "acknowledged=true", "acknowledged=false")
    } == {
        "level=1": 1,
        "level=2": 0,
        "open=true": 1,
        "open=false": 0,
        "acknowledged=true": 0,
        "acknowledged=false": 1,
    }


async def test_a_directorate_sees_the_escalations_of_its_own_tickets(container: Container, client_as: ClientAs) -> None:
    await raised_and_referred(container, await client_as("developer"))
    assert await count_escalations(await client_as("unit-officer", unit="public-works")) == 1
    assert await count_escalations(await client_as("unit-officer", unit="parks-gardens")) == 0


async def test_an_escalation_of_a_resolved_ticket_is_no_longer_open(container: Container, client_as: ClientAs) -> None:
    caller = await client_as("developer")
    ticket, etag = await raised_and_referred(container, caller)
    resolved = await caller.post(
        f"/v1/tickets/{ticket}/resolve",
        json={"outcome": "positive", "reply": "Onarıldı."},
        headers={"If-Match": etag},
    )
    assert resolved.status_code == 200, resolved.text
    assert [await count_escalations(caller, query) for query in ("open=true", "open=false")] == [0, 1]

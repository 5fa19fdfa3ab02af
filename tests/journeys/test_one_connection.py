"""A process that may hold a single connection: nothing waits for a second one while it holds the first.

What waits so for itself, waits at a full pool of any size as well, until the pool's time is over.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.calendar.service import prolong
from app.standards import rulebook
from tests.servers import TestServers
from tests.tickets.counter import AT_WORK, BODIES, CITIZEN, INFORMATION, VISIT, Counter, due, opened_counter
from workers.timers import sweep

UNLISTED = {"documents": [], "unlisted": [{"code": "title_deed", "label": "Tapu"}], "override_reason": "Yer belirsiz"}
COMPLAINT = {"channel": "desk", "ground": "service_not_listed", "applicant": CITIZEN, "description": "Tabloda yok."}


@pytest.fixture
async def counter(
    servers: TestServers, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Counter]:
    """A counter with one connection, that asks before every use of the rules whether they are still the newest."""
    monkeypatch.setattr(rulebook, "REFRESH_SECONDS", -1.0)
    async with opened_counter(servers, template, tmp_path, database_pool=1) as opened:
        yield opened


@pytest.mark.parametrize(
    "commands",
    [
        ("refer", "accept", "resolve", "reopen"),
        ("interim_reply", "reclassify"),
        ("request_documents",),
    ],
)
async def test_commands_on_a_visit_succeed(counter: Counter, commands: tuple[str, ...]) -> None:
    number = await counter.open(VISIT)
    for command in commands:
        await counter.did(number, command, UNLISTED if command == "request_documents" else BODIES[command])


async def test_the_promise_starts_when_the_papers_have_come(counter: Counter) -> None:
    number = await counter.ticket_in("awaiting_documents")
    assert due(await counter.did(number, "provide_documents")) is not None


async def test_a_limit_is_extended_and_explained(counter: Counter) -> None:
    number = await counter.open(INFORMATION)
    await counter.done(number, *AT_WORK, "extend")
    answer = await counter.client.get(f"/v1/tickets/{number}/deadline")
    assert answer.status_code == 200, answer.text


async def test_a_complaint_is_filed_listed_and_answered(counter: Counter) -> None:
    filed = await counter.client.post("/v1/complaints", json={**COMPLAINT, "office": 1})
    assert filed.status_code == 201, filed.text
    listed = await counter.client.get("/v1/complaints")
    assert [each["number"] for each in listed.json()["items"]] == [filed.json()["number"]]
    answered = await counter.client.post(
        f"/v1/complaints/{filed.json()['number']}/answer", json={"outcome": "positive", "text": "Eklendi."}
    )
    assert answered.status_code == 200, answered.text


async def test_what_is_due_is_fired_and_reminded_of(counter: Counter) -> None:
    number = await counter.open(VISIT)
    counter.clock.advance(days=60)
    await sweep(counter.container)
    counter.clock.advance(days=30)
    await sweep(counter.container)
    told = {kind for kind, _, _ in await counter.notices(number)}
    assert {"escalation_1", "reminder"} <= told


async def test_the_calendar_is_prolonged(counter: Counter) -> None:
    in_two_years = counter.clock.now() + timedelta(days=730)
    assert await prolong(counter.container.database, counter.container.rulebooks, now=in_two_years) is True

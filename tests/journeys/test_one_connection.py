"""A process with a single connection: no operation waits for a second connection while it uses the first.

Such an operation would also block with a full pool of any size, until the pool's timeout.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.calendar_admin.service import seed_next_year
from app.standards import rulebook
from tests.desk import AT_WORK, BODIES, CITIZEN, INFORMATION, VISIT, Desk, due, opened_desk
from tests.servers import TestServers
from workers.timers import sweep

UNLISTED = {"documents": [], "unlisted": [{"code": "title_deed", "label": "Tapu"}], "override_reason": "Yer belirsiz"}
COMPLAINT = {"channel": "desk", "ground": "service_not_listed", "applicant": CITIZEN, "description": "Tabloda yok."}


@pytest.fixture
async def desk(
    servers: TestServers, template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """A desk with one connection, which checks before every use whether the rules are still the newest."""
    monkeypatch.setattr(rulebook, "REFRESH_SECONDS", -1.0)
    async with opened_desk(servers, template, tmp_path, database_pool=1) as opened:
        yield opened


@pytest.mark.parametrize(
    "commands",
    [
        ("refer", "accept", "resolve", "reopen"),
        ("interim_reply", "reclassify"),
        ("request_documents",),
    ],
)
async def test_commands_on_a_visit_succeed(desk: Desk, commands: tuple[str, ...]) -> None:
    number = await desk.open(VISIT)
    for command in commands:
        await desk.run(number, command, UNLISTED if command == "request_documents" else BODIES[command])


async def test_the_promise_starts_with_the_missing_documents(desk: Desk) -> None:
    number = await desk.ticket_in("awaiting_documents")
    assert due(await desk.run(number, "provide_documents")) is not None


async def test_a_limit_is_extended_and_explained(desk: Desk) -> None:
    number = await desk.open(INFORMATION)
    await desk.run_all(number, *AT_WORK, "extend")
    response = await desk.client.get(f"/v1/tickets/{number}/deadline")
    assert response.status_code == 200, response.text


async def test_a_complaint_is_filed_listed_and_answered(desk: Desk) -> None:
    filed = await desk.client.post("/v1/complaints", json={**COMPLAINT, "office": 1})
    assert filed.status_code == 201, filed.text
    listed = await desk.client.get("/v1/complaints")
    assert [each["number"] for each in listed.json()["items"]] == [filed.json()["number"]]
    answered = await desk.client.post(
        f"/v1/complaints/{filed.json()['number']}/answer", json={"outcome": "positive", "text": "Eklendi."}
    )
    assert answered.status_code == 200, answered.text


async def test_due_levels_fire_and_are_followed_by_reminders(desk: Desk) -> None:
    number = await desk.open(VISIT)
    desk.clock.advance(days=60)
    await sweep(desk.container)
    desk.clock.advance(days=30)
    await sweep(desk.container)
    kinds = {notice.kind for notice in await desk.notices(number)}
    assert {"escalation_1", "reminder"} <= kinds


async def test_the_calendar_is_prolonged(desk: Desk) -> None:
    in_two_years = desk.clock.now() + timedelta(days=730)
    assert await seed_next_year(desk.container.database, desk.container.rulebooks, now=in_two_years) is True

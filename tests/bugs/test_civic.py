"""Failures of civic systems that no other test covers completely (C1–C12)."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text

from app.notices.delivery.adapters.console import ConsoleAdapter
from tests.bugs.steps import notices_of_limits
from tests.desk import ANSWER, VISIT, Desk, end_of
from tests.limit_notices import escalation
from tests.notices.cases import dispatcher_with, ids
from workers.timers import sweep

DIGITS = "5327654321"
WORDS = ("Örneksoy", DIGITS, "532 765 43 21", "Kimsesizbilmez", "ornek.vatandas")
PERSON = {
    "name": "Örneksoy Vatandaş",
    "phone": "0532 765 43 21",
    "address": "Kimsesizbilmez Sokak 17",
    "email": "ornek.vatandas@example.org",
}
ERASURE = (
    "UPDATE applicant SET name = NULL, phone = NULL, address = NULL, email = NULL, phone_index = NULL",
    "UPDATE ticket SET description = ''",
    "UPDATE inbound_message SET body = ''",
)
"""The columns that an erasure clears: everything that identifies a person; events and notices stay."""


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all log records with their values."""
    return "\n".join(f"{record.__dict__!r} {record.getMessage()}" for record in caplog.records)


def queued(redis_url: str) -> str:
    """Return the stored jobs of the queue; letters beyond ASCII are escaped there."""
    with Redis.from_url(redis_url, decode_responses=True) as valkey:
        return " ".join(f"{key}={json.loads(valkey.get(key))}" for key in valkey.scan_iter("arq:job:*"))


async def live(desk: Desk, outbox: Path) -> str:
    """Run a ticket through missing documents, warnings, both levels and the answer; all notices are delivered."""
    number = await desk.open(VISIT, applicant=PERSON, external_id="visit-1")
    await desk.run_all(number, "refer", "accept")
    for instant in (end_of(2026, 5, 29), end_of(2026, 6, 1), end_of(2026, 6, 4), end_of(2026, 6, 11)):
        desk.clock.set(instant)
        await sweep(desk.container)
    await desk.run(number, "resolve", {**ANSWER, "reply": "Sayın Örneksoy, bank konuldu."})
    console = ConsoleAdapter(outbox, sender_name="ESTİM")
    await dispatcher_with(desk.container, console).deliver(await ids(desk.container))
    return number


async def test_an_erased_citizen_leaves_a_whole_history_and_no_trace(
    own_desk: Desk, redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """C12: the chain is still valid, notices can be read, and neither logs nor jobs ever contained the phone."""
    caplog.set_level(logging.DEBUG)
    desk = own_desk
    number = await live(desk, tmp_path / "outbox")
    jobs = queued(redis_url)
    assert "deliver_notices" in jobs
    before = await desk.timeline(number)
    async with desk.container.database.transaction() as session:
        for statement in ERASURE:
            await session.execute(text(statement))
    after = await desk.timeline(number)
    assert after["chain_holds"] is True
    assert [event["hash"] for event in after["items"]] == [event["hash"] for event in before["items"]]
    notices: list[dict[str, Any]] = (await desk.client.get("/v1/notices", params={"limit": 100})).json()["items"]
    assert {escalation(level=1), escalation(level=2)} <= set(await notices_of_limits(desk))
    assert all(notice["body"] for notice in notices)
    files = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "outbox").glob("*.eml"))
    for word in WORDS:
        assert word not in str(notices)
        assert word not in logged(caplog)
        assert word not in jobs
    assert DIGITS not in files.replace(" ", "")
    assert number in files

"""A new catalogue changes no running limit; a person may have it do so, and then the history says what and who."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.core.clock import ISTANBUL
from app.sla.limit import Limit, Unit
from app.standards.catalogue import load_catalogue
from app.standards.values import Catalogue
from app.tickets.bulk.catalogue_migration import migrate, preview_migration
from app.tickets.bulk.recompute import RecomputePreview, RecomputeResult
from app.tickets.model import Ticket, TicketEvent
from tests.bugs.steps import armed_at, load, without_service
from tests.desk import AT_WORK, CALL, ORDER, VISIT, Desk, due, end_of, opened_desk, state
from tests.installation import ESENLER
from tests.limit_notices import escalation, warning
from tests.servers import TestServers
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)
LONGER = end_of(2026, 6, 11)
WHY = "Meclis kararıyla süre 30 güne çıkarıldı; Örnek Vatandaş'ın itirazı üzerine."


@pytest.fixture
async def desk(servers: TestServers, template: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk on a database of this test alone, for it loads catalogues."""
    async with opened_desk(servers, template, tmp_path) as opened:
        yield opened


def with_limit(service: str, days: int, **other: Any) -> Catalogue:
    """The municipality's table with another limit in one row."""
    table = load_catalogue(ESENLER)
    changed = {"limit": Limit(days, Unit.CALENDAR_DAY), "limit_text": f"{days} GÜN", **other}
    services = tuple(replace(one, **changed) if one.code == service else one for one in table.services)
    return replace(table, services=services, sha256=f"{days:064}")


async def migrated(desk: Desk, *, service: str | None = None) -> RecomputeResult:
    rules = await desk.container.rulebooks.current()
    return await migrate(
        desk.container.database,
        desk.container.vault,
        rules,
        service=service,
        actor="ops",
        reason=WHY,
        now=desk.clock.now(),
    )


async def previewed(desk: Desk, *, service: str | None = None) -> RecomputePreview:
    rules = await desk.container.rulebooks.current()
    async with desk.container.database.reading() as session:
        return await preview_migration(session, rules, service=service, now=desk.clock.now())


async def test_a_new_catalogue_changes_no_running_clock(desk: Desk) -> None:
    """B14, B26: neither its date nor its steps, whatever the workers do afterwards."""
    number = await desk.open(CALL)
    before, armed = await desk.read(number), await armed_at(desk, number)
    await load(desk, with_limit("call-center", 30))
    await sweep(desk.container)
    assert await desk.read(number) == before
    assert await armed_at(desk, number) == armed
    assert due(await desk.read(await desk.open(CALL))) == LONGER


async def test_a_migrated_clock_counts_the_new_limit_from_its_own_start_with_its_pauses(desk: Desk) -> None:
    """B30: a level that was notified is not notified again."""
    plain, waited = await desk.open(CALL), await desk.open(CALL)
    await desk.run_all(waited, *AT_WORK, "pause")
    desk.clock.advance(days=3)
    await desk.run_all(waited, "resume")
    desk.clock.set(datetime(2026, 5, 25, 10, tzinfo=ISTANBUL))
    await sweep(desk.container)
    assert await desk.notices(plain) == [warning(percent=50)]
    await load(desk, with_limit("call-center", 30))
    assert await migrated(desk) == RecomputeResult(2, 2)
    assert [due(await desk.read(number)) for number in (plain, waited)] == [LONGER, end_of(2026, 6, 15)]
    start = (await desk.rows_of_clocks(plain))[0].started_at
    assert await armed_at(desk, plain) == {
        ("promise", "warning", 80): start + (LONGER - start) * 80 // 100,
        ("promise", "escalation", 1): LONGER,
    }
    desk.clock.set(LONGER)
    await sweep(desk.container)
    assert await desk.notices(plain) == [warning(percent=50), escalation(level=1)]


async def test_the_history_says_what_changed_by_whom_and_why(desk: Desk) -> None:
    """C12: both policies and both dates; the words are sealed, for a person wrote them."""
    number = await desk.open(CALL)
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    await load(desk, with_limit("call-center", 30))
    await migrated(desk)
    rules, history = await desk.container.rulebooks.current(), await desk.timeline(number)
    event = history["items"][-1]
    assert history["chain_holds"] is True
    assert (event["kind"], event["actor"], event["note"]) == ("due_moved", "system", WHY)
    assert event["data"] == {
        "cause": "policy",
        "by": "ops",
        "calendar_version": str(rules.calendar_version_id),
        "catalogue_version": str(rules.catalogue_version_id),
        "moved": [{"clock": "promise", "from": iso(LIMIT), "to": iso(LONGER)}],
        "policies": [{"clock": "promise", "from": "15 GÜN", "to": "30 GÜN"}],
    }
    assert (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"] != tag
    async with desk.container.database.reading() as session:
        note = (await session.scalars(select(TicketEvent.note).where(TicketEvent.kind == "due_moved"))).one()
    assert note is not None
    assert WHY.encode() not in note


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


async def test_only_what_another_policy_judges_is_touched(desk: Desk) -> None:
    call, visit = await desk.open(CALL), await desk.open(VISIT)
    before = [await desk.read(visit), await desk.timeline(visit), await armed_at(desk, visit)]
    await load(desk, with_limit("call-center", 30))
    found = await previewed(desk)
    assert (found.examined, found.repinned, found.moved, [number for number, _ in found.first_moves]) == (
        3,
        1,
        1,
        [call],
    )
    assert await migrated(desk) == RecomputeResult(1, 1)
    assert [await desk.read(visit), await desk.timeline(visit), await armed_at(desk, visit)] == before
    assert await migrated(desk) == RecomputeResult(0, 0)


async def test_one_service_may_be_migrated_without_the_others(desk: Desk) -> None:
    call, visit = await desk.open(CALL), await desk.open(VISIT)
    both = with_limit("call-center", 30)
    row = next(one for one in with_limit("solution-desk", 30).services if one.code == "solution-desk")
    services = tuple(row if one.code == row.code else one for one in both.services)
    await load(desk, replace(both, services=services))
    assert await migrated(desk, service="solution-desk") == RecomputeResult(1, 1)
    assert [due(await desk.read(number)) for number in (call, visit)] == [LIMIT, LONGER]


async def test_late_met_and_cancelled_clocks_keep_what_they_were_judged_by(desk: Desk) -> None:
    """B27, B71: and one whose limit is past is late, though no sweep has seen it yet."""
    answered, withdrawn, late, unseen = [await desk.open(CALL) for _ in range(4)]
    await desk.run(answered, "resolve")
    await desk.run(withdrawn, "withdraw")
    desk.clock.set(LIMIT + timedelta(hours=1))
    async with desk.container.database.transaction() as session:
        locked = select(Ticket.id).where(Ticket.number == unseen).with_for_update(key_share=True)
        await session.execute(locked)
        await sweep(desk.container)
    assert [state(await desk.read(number)) for number in (late, unseen)] == ["breached", "running"]
    before = [await desk.read(number) for number in (answered, withdrawn, late, unseen)]
    await load(desk, with_limit("call-center", 30))
    assert await migrated(desk) == RecomputeResult(0, 0)
    assert [await desk.read(number) for number in (answered, withdrawn, late, unseen)] == before
    await sweep(desk.container)
    [row] = await desk.rows_of_clocks(unseen)
    assert (row.state, row.breached_at) == ("breached", LIMIT)


async def test_a_clock_that_stands_still_counts_the_new_limit_when_it_runs_again(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run_all(number, *AT_WORK, "pause")
    await load(desk, with_limit("call-center", 30))
    assert await migrated(desk) == RecomputeResult(1, 0)
    assert (await desk.timeline(number))["items"][-1]["data"]["moved"] == []
    desk.clock.advance(days=3)
    assert due(await desk.run(number, "resume")) == end_of(2026, 6, 15)


async def test_a_date_set_by_hand_stays(desk: Desk) -> None:
    """B32."""
    number = await desk.open(CALL)
    agreed = due(await desk.run(number, "override_due"))
    await load(desk, with_limit("call-center", 30))
    assert (await migrated(desk)).moved == 0
    assert due(await desk.read(number)) == agreed


async def test_a_service_that_left_the_catalogue_keeps_its_policy(desk: Desk) -> None:
    """B47."""
    await desk.open(ORDER)
    number = await desk.open(CALL)
    before = await desk.read(number)
    await load(desk, without_service("call-center", heir="field"))
    assert await migrated(desk) == RecomputeResult(0, 0)
    assert await desk.read(number) == before


async def test_a_shorter_limit_says_how_many_are_late_at_once_and_they_are_notified_in_order(desk: Desk) -> None:
    number = await desk.open(CALL)
    desk.clock.advance(days=10)
    await load(desk, with_limit("call-center", 5))
    found = await previewed(desk)
    assert (found.moved, found.earlier, found.overdue_at_once) == (1, 1, 1)
    await migrated(desk)
    await sweep(desk.container)
    assert await desk.notices(number) == [escalation(level=1)]
    [row] = await desk.rows_of_clocks(number)
    assert (row.state, row.breached_at) == ("breached", end_of(2026, 5, 18))


async def test_other_steps_are_armed_though_the_date_stays(desk: Desk) -> None:
    number = await desk.open(CALL)
    chain = ({"kind": "warning", "level": 80, "at": "80%"}, {"kind": "breach", "level": 1, "at": "due"})
    await load(desk, with_limit("call-center", 15, chain=chain))
    assert await migrated(desk) == RecomputeResult(1, 0)
    assert sorted(await desk.armed(number)) == [("breach", 1), ("warning", 80)]
    desk.clock.set(LIMIT)
    await sweep(desk.container)
    assert await desk.notices(number) == []
    assert state(await desk.read(number)) == "breached"


async def test_last_months_report_is_the_same_to_the_byte(desk: Desk) -> None:
    """B31, C10: it is made of stored dates and stored policies, before and after a migration."""
    numbers = [await desk.open(CALL) for _ in range(4)]
    await desk.run(numbers[0], "resolve")
    desk.clock.set(LIMIT + timedelta(hours=9))
    await sweep(desk.container)
    await desk.run(numbers[1], "resolve")
    desk.clock.set(end_of(2026, 6, 30))
    await desk.open(CALL)
    desk.clock.set(datetime(2026, 7, 2, 9, tzinfo=ISTANBUL))
    await sweep(desk.container)

    async def june() -> list[bytes]:
        asked = [{"Accept": media} for media in ("application/json", "text/csv")]
        url = "/v1/reports/compliance?month=2026-06"
        return [(await desk.client.get(url, headers=headers)).content for headers in asked]

    before = await june()
    await load(desk, with_limit("call-center", 30))
    assert await june() == before
    assert (await migrated(desk)).moved == 1
    assert await june() == before

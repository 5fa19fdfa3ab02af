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
from app.tickets.bulk.recompute import RecomputePreview, Renewed
from app.tickets.model import Ticket, TicketEvent
from tests.bugs.desk import armed_at, load, without_service
from tests.installation import ESENLER
from tests.servers import TestServers
from tests.tickets.counter import AT_WORK, CALL, ORDER, VISIT, Counter, due, end_of, opened_counter, state
from workers.timers import sweep

LIMIT = end_of(2026, 6, 1)
LONGER = end_of(2026, 6, 11)
WHY = "Meclis kararıyla süre 30 güne çıkarıldı; Örnek Vatandaş'ın itirazı üzerine."


@pytest.fixture
async def counter(servers: TestServers, template: str, tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a database of this test alone, for it loads catalogues."""
    async with opened_counter(servers, template, tmp_path) as opened:
        yield opened


def with_limit(service: str, days: int, **other: Any) -> Catalogue:
    """The municipality's table with another limit in one row."""
    table = load_catalogue(ESENLER)
    changed = {"limit": Limit(days, Unit.CALENDAR_DAY), "limit_text": f"{days} GÜN", **other}
    services = tuple(replace(one, **changed) if one.code == service else one for one in table.services)
    return replace(table, services=services, sha256=f"{days:064}")


async def migrated(counter: Counter, *, service: str | None = None) -> Renewed:
    rules = await counter.container.rulebooks.current()
    return await migrate(
        counter.container.database,
        counter.container.vault,
        rules,
        service=service,
        actor="ops",
        reason=WHY,
        now=counter.clock.now(),
    )


async def previewed(counter: Counter, *, service: str | None = None) -> RecomputePreview:
    rules = await counter.container.rulebooks.current()
    async with counter.container.database.reading() as session:
        return await preview_migration(session, rules, service=service, now=counter.clock.now())


async def test_a_new_catalogue_changes_no_running_clock(counter: Counter) -> None:
    """B14, B26: neither its date nor its steps, whatever the workers do afterwards."""
    number = await counter.open(CALL)
    before, armed = await counter.read(number), await armed_at(counter, number)
    await load(counter, with_limit("call-center", 30))
    await sweep(counter.container)
    assert await counter.read(number) == before
    assert await armed_at(counter, number) == armed
    assert due(await counter.read(await counter.open(CALL))) == LONGER


async def test_a_migrated_clock_counts_the_new_limit_from_its_own_start_with_its_pauses(counter: Counter) -> None:
    """B30: and what has been told is not told again."""
    plain, waited = await counter.open(CALL), await counter.open(CALL)
    await counter.done(waited, *AT_WORK, "pause")
    counter.clock.advance(days=3)
    await counter.done(waited, "resume")
    counter.clock.set(datetime(2026, 5, 25, 10, tzinfo=ISTANBUL))
    await sweep(counter.container)
    assert await counter.notices(plain) == [("warning", 50, 1)]
    await load(counter, with_limit("call-center", 30))
    assert await migrated(counter) == Renewed(2, 2)
    assert [due(await counter.read(number)) for number in (plain, waited)] == [LONGER, end_of(2026, 6, 15)]
    start = (await counter.rows_of_clocks(plain))[0].started_at
    assert await armed_at(counter, plain) == {
        ("promise", "warning", 80): start + (LONGER - start) * 80 // 100,
        ("promise", "escalation", 1): LONGER,
    }
    counter.clock.set(LONGER)
    await sweep(counter.container)
    assert await counter.notices(plain) == [("warning", 50, 1), ("escalation_1", 1, 1)]


async def test_the_history_says_what_changed_by_whom_and_why(counter: Counter) -> None:
    """C12: both policies and both dates; the words are sealed, for a person wrote them."""
    number = await counter.open(CALL)
    tag = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    await load(counter, with_limit("call-center", 30))
    await migrated(counter)
    rules, history = await counter.container.rulebooks.current(), await counter.timeline(number)
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
    assert (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"] != tag
    async with counter.container.database.reading() as session:
        note = (await session.scalars(select(TicketEvent.note).where(TicketEvent.kind == "due_moved"))).one()
    assert note is not None
    assert WHY.encode() not in note


def iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


async def test_only_what_another_policy_judges_is_touched(counter: Counter) -> None:
    call, visit = await counter.open(CALL), await counter.open(VISIT)
    before = [await counter.read(visit), await counter.timeline(visit), await armed_at(counter, visit)]
    await load(counter, with_limit("call-center", 30))
    found = await previewed(counter)
    assert (found.looked_at, found.repinned, found.moved, [number for number, _ in found.first]) == (3, 1, 1, [call])
    assert await migrated(counter) == Renewed(1, 1)
    assert [await counter.read(visit), await counter.timeline(visit), await armed_at(counter, visit)] == before
    assert await migrated(counter) == Renewed(0, 0)


async def test_one_service_may_be_migrated_without_the_others(counter: Counter) -> None:
    call, visit = await counter.open(CALL), await counter.open(VISIT)
    both = with_limit("call-center", 30)
    row = next(one for one in with_limit("solution-desk", 30).services if one.code == "solution-desk")
    services = tuple(row if one.code == row.code else one for one in both.services)
    await load(counter, replace(both, services=services))
    assert await migrated(counter, service="solution-desk") == Renewed(1, 1)
    assert [due(await counter.read(number)) for number in (call, visit)] == [LIMIT, LONGER]


async def test_late_met_and_cancelled_clocks_keep_what_they_were_judged_by(counter: Counter) -> None:
    """B27, B71: and one whose limit is past is late, though no sweep has seen it yet."""
    answered, withdrawn, late, unseen = [await counter.open(CALL) for _ in range(4)]
    await counter.did(answered, "resolve")
    await counter.did(withdrawn, "withdraw")
    counter.clock.set(LIMIT + timedelta(hours=1))
    async with counter.container.database.transaction() as session:
        held = select(Ticket.id).where(Ticket.number == unseen).with_for_update(key_share=True)
        await session.execute(held)
        await sweep(counter.container)
    assert [state(await counter.read(number)) for number in (late, unseen)] == ["breached", "running"]
    before = [await counter.read(number) for number in (answered, withdrawn, late, unseen)]
    await load(counter, with_limit("call-center", 30))
    assert await migrated(counter) == Renewed(0, 0)
    assert [await counter.read(number) for number in (answered, withdrawn, late, unseen)] == before
    await sweep(counter.container)
    [row] = await counter.rows_of_clocks(unseen)
    assert (row.state, row.breached_at) == ("breached", LIMIT)


async def test_a_clock_that_stands_still_counts_the_new_limit_when_it_runs_again(counter: Counter) -> None:
    number = await counter.open(CALL)
    await counter.done(number, *AT_WORK, "pause")
    await load(counter, with_limit("call-center", 30))
    assert await migrated(counter) == Renewed(1, 0)
    assert (await counter.timeline(number))["items"][-1]["data"]["moved"] == []
    counter.clock.advance(days=3)
    assert due(await counter.did(number, "resume")) == end_of(2026, 6, 15)


async def test_a_date_set_by_hand_stays(counter: Counter) -> None:
    """B32."""
    number = await counter.open(CALL)
    agreed = due(await counter.did(number, "override_due"))
    await load(counter, with_limit("call-center", 30))
    assert (await migrated(counter)).moved == 0
    assert due(await counter.read(number)) == agreed


async def test_a_service_that_left_the_catalogue_keeps_its_policy(counter: Counter) -> None:
    """B47."""
    await counter.open(ORDER)
    number = await counter.open(CALL)
    before = await counter.read(number)
    await load(counter, without_service("call-center", heir="field"))
    assert await migrated(counter) == Renewed(0, 0)
    assert await counter.read(number) == before


async def test_a_shorter_limit_says_how_many_are_late_at_once_and_they_are_told_in_order(counter: Counter) -> None:
    number = await counter.open(CALL)
    counter.clock.advance(days=10)
    await load(counter, with_limit("call-center", 5))
    found = await previewed(counter)
    assert (found.moved, found.earlier, found.overdue_at_once) == (1, 1, 1)
    await migrated(counter)
    await sweep(counter.container)
    assert await counter.notices(number) == [("escalation_1", 1, 1)]
    [row] = await counter.rows_of_clocks(number)
    assert (row.state, row.breached_at) == ("breached", end_of(2026, 5, 18))


async def test_other_steps_are_armed_though_the_date_stays(counter: Counter) -> None:
    number = await counter.open(CALL)
    chain = ({"kind": "warning", "level": 80, "at": "80%"}, {"kind": "breach", "level": 1, "at": "due"})
    await load(counter, with_limit("call-center", 15, chain=chain))
    assert await migrated(counter) == Renewed(1, 0)
    assert sorted(await counter.armed(number)) == [("breach", 1), ("warning", 80)]
    counter.clock.set(LIMIT)
    await sweep(counter.container)
    assert await counter.notices(number) == []
    assert state(await counter.read(number)) == "breached"


async def test_last_months_report_is_the_same_to_the_byte(counter: Counter) -> None:
    """B31, C10: it is made of stored dates and stored policies, before and after a migration."""
    numbers = [await counter.open(CALL) for _ in range(4)]
    await counter.did(numbers[0], "resolve")
    counter.clock.set(LIMIT + timedelta(hours=9))
    await sweep(counter.container)
    await counter.did(numbers[1], "resolve")
    counter.clock.set(end_of(2026, 6, 30))
    await counter.open(CALL)
    counter.clock.set(datetime(2026, 7, 2, 9, tzinfo=ISTANBUL))
    await sweep(counter.container)

    async def june() -> list[bytes]:
        asked = [{"Accept": media} for media in ("application/json", "text/csv")]
        url = "/v1/reports/compliance?month=2026-06"
        return [(await counter.client.get(url, headers=headers)).content for headers in asked]

    before = await june()
    await load(counter, with_limit("call-center", 30))
    assert await june() == before
    assert (await migrated(counter)).moved == 1
    assert await june() == before

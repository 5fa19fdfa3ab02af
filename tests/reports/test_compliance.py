"""The compliance report: the verdict of the ticket, of stored dates, whatever the catalogue says today."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.core.clock import ISTANBUL
from app.sla.limit import Limit, Unit
from app.standards.catalogue import load_catalogue
from app.standards.service import store_catalogue
from app.standards.values import Catalogue
from tests.desk import ANSWER, CALL, ORDER, PETITION, VISIT, Desk, end_of, opened_desk
from tests.installation import ESENLER, new_key, opened_app, opened_client
from tests.servers import TestServers
from workers.timers import sweep

DUE = end_of(2026, 6, 1)
"""Due instant of a call of START (15 calendar days, rolled over the holidays)."""
IN_JULY = datetime(2026, 7, 2, 9, tzinfo=ISTANBUL)
SHEET = {"Accept": "text/csv"}


async def report(desk: Desk, month: str = "2026-06") -> dict[str, Any]:
    answer = await desk.client.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def report_of(desk: Desk, unit: str, month: str = "2026-06") -> dict[str, Any]:
    """The report that a key of a directorate gets."""
    async with opened_client(desk.app, await new_key(desk.container, "pr-desk", unit)) as theirs:
        answer = await theirs.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def row(desk: Desk, month: str = "2026-06", **wanted: str) -> dict[str, Any]:
    """The only row, or the only one of a service or kind of clock."""
    rows = (await report(desk, month))["rows"]
    [found] = [each for each in rows if all(each[name] == value for name, value in wanted.items())]
    shown: dict[str, Any] = found
    return shown


def counts(found: dict[str, Any]) -> dict[str, int]:
    names = ("due", "on_time", "late", "open_late", "pending", "cancelled")
    return {name: found[name] for name in names if found[name]}


async def resolve_at(desk: Desk, number: str, at: datetime) -> None:
    desk.clock.set(at)
    await desk.run(number, "resolve", ANSWER)


async def set_due(desk: Desk, number: str, due_at: datetime) -> None:
    """Another stored due date, as a past computation may have left it."""
    statement = text("UPDATE sla_clock SET due_at = :due FROM ticket WHERE ticket.id = ticket_id AND number = :number")
    async with desk.container.database.transaction() as session:
        await session.execute(statement, {"due": due_at, "number": number})


# ── the verdict ──


async def test_at_the_exact_due_instant_it_is_on_time_in_list_ticket_and_report(desk: Desk) -> None:
    """C10: closed at the due instant is on time everywhere; a microsecond later it is late everywhere."""
    exact, after = await desk.open(CALL), await desk.open(CALL)
    await resolve_at(desk, exact, DUE)
    await resolve_at(desk, after, DUE + timedelta(microseconds=1))
    for number, met in ((exact, True), (after, False)):
        assert [clock["on_time"] for clock in (await desk.read(number))["clocks"]] == [met]
        listed = (await desk.client.get("/v1/tickets", params={"overdue": not met})).json()["items"]
        assert [item["number"] for item in listed] == [number]
    found = await row(desk)
    assert counts(found) == {"due": 2, "on_time": 1, "late": 1}
    assert (found["service"], found["clock"], found["limit"]) == ("call-center", "promise", "15 GÜN")
    assert found["share_on_time"] == 50.0


async def test_past_due_needs_no_sweep_to_count(desk: Desk) -> None:
    """B71: what is past due is so by the clock, not by the worker that sees it."""
    number = await desk.open(CALL)
    desk.clock.set(DUE)
    assert counts(await row(desk)) == {"due": 1, "pending": 1}
    desk.clock.advance(microseconds=1)
    for swept in (False, True):
        if swept:
            assert await sweep(desk.container) > 0
        assert counts(await row(desk)) == {"due": 1, "open_late": 1}
        assert (await row(desk))["share_on_time"] == 0.0
    await resolve_at(desk, number, IN_JULY)
    assert counts(await row(desk)) == {"due": 1, "late": 1}


@pytest.mark.parametrize("outcome", ["withdraw", "link_duplicate"])
async def test_withdrawn_and_duplicate_are_out_of_the_figures_and_counted_apart(desk: Desk, outcome: str) -> None:
    met, gone = await desk.open(CALL), await desk.open(CALL)
    await desk.run(gone, outcome, {"duplicate_of": met} if outcome == "link_duplicate" else None)
    await resolve_at(desk, met, DUE)
    found = await row(desk)
    assert counts(found) == {"due": 1, "on_time": 1, "cancelled": 1}
    assert found["share_on_time"] == 100.0


async def test_nothing_due_has_no_share(desk: Desk) -> None:
    await desk.run(await desk.open(CALL), "withdraw")
    found = await row(desk)
    assert counts(found) == {"cancelled": 1}
    assert (found["share_on_time"], found["median_hours"], found["ninetieth_hours"]) == (None, None, None)


async def test_each_cycle_counts_where_it_was_due(desk: Desk) -> None:
    number = await desk.open(CALL)
    await resolve_at(desk, number, DUE)
    desk.clock.set(datetime(2026, 6, 3, 10, tzinfo=ISTANBUL))
    await desk.run(number, "reopen")
    desk.clock.set(IN_JULY)
    assert [clock.cycle for clock in await desk.rows_of_clocks(number)] == [1, 2]
    assert counts(await row(desk)) == {"due": 2, "on_time": 1, "open_late": 1}


async def test_promise_and_law_are_rows_of_their_own(desk: Desk) -> None:
    await desk.open(PETITION)
    desk.clock.set(IN_JULY)
    rows = (await report(desk))["rows"]
    assert [(each["service"], each["clock"], each["limit"]) for each in rows] == [
        ("solution-desk", "promise", "15 GÜN"),
        ("solution-desk", "statutory", "30 gün"),
    ]
    assert [counts(each) for each in rows] == [{"due": 1, "open_late": 1}] * 2


async def test_a_clock_that_stands_still_is_not_due(desk: Desk) -> None:
    """The promise stands still, the limit of law beside it runs on."""
    number = await desk.open(VISIT)
    await desk.run_all(number, "refer", "accept", "pause")
    desk.clock.set(IN_JULY)
    assert [each["clock"] for each in (await report(desk))["rows"]] == ["statutory"]


async def test_the_times_are_those_of_half_and_of_nine_tenths(desk: Desk) -> None:
    orders = [await desk.open(ORDER) for _ in range(10)]
    for number in orders:
        desk.clock.advance(minutes=3)
        await desk.run(number, "resolve", ANSWER)
    found = await row(desk, "2026-05")
    assert counts(found) == {"due": 10, "on_time": 3, "late": 7}
    assert (found["share_on_time"], found["median_hours"], found["ninetieth_hours"]) == (30.0, 0.25, 0.45)


# ── the month ──


async def test_a_month_ends_at_midnight_in_istanbul(desk: Desk) -> None:
    """2026-05-31 23:59:59.999999 in Istanbul is 20:59:59.999999 UTC; the next microsecond is June."""
    last, first = await desk.open(CALL), await desk.open(CALL)
    await set_due(desk, last, datetime(2026, 5, 31, 20, 59, 59, 999999, tzinfo=UTC))
    await set_due(desk, first, datetime(2026, 5, 31, 21, tzinfo=UTC))
    for number in (last, first):
        await desk.run(number, "resolve", ANSWER)
    assert counts(await row(desk, "2026-05")) == {"due": 1, "on_time": 1}
    assert counts(await row(desk, "2026-06")) == {"due": 1, "on_time": 1}
    await set_due(desk, first, datetime(2026, 5, 31, 20, 59, 59, 999999, tzinfo=UTC))
    assert counts(await row(desk, "2026-05")) == {"due": 2, "on_time": 2}
    assert (await report(desk, "2026-06"))["rows"] == []


async def test_a_month_that_is_not_over_says_so(desk: Desk) -> None:
    done, _ = await desk.open(CALL), await desk.open(CALL)
    await desk.run(done, "resolve", ANSWER)
    desk.clock.set(datetime(2026, 6, 30, 23, 59, 59, 999999, tzinfo=ISTANBUL))
    goes_on = await report(desk)
    assert (goes_on["complete"], goes_on["as_of"]) == (False, "2026-06-30T20:59:59.999999Z")
    desk.clock.advance(microseconds=1)
    over = await report(desk)
    assert (over["month"], over["complete"], over["as_of"], over["unit"]) == ("2026-06", True, None, None)
    desk.clock.set(DUE)
    early = await row(desk)
    assert counts(early) == {"due": 2, "on_time": 1, "pending": 1}
    assert early["share_on_time"] == 100.0


async def test_an_empty_month_has_no_rows(desk: Desk) -> None:
    assert await report(desk, "2024-02") == {
        "month": "2024-02",
        "complete": True,
        "as_of": None,
        "unit": None,
        "rows": [],
    }


@pytest.mark.parametrize("month", ["2026-13", "2026-5", "mayıs", "", "2026-05-01"])
async def test_a_bad_month_is_named_with_what_is_wanted(desk: Desk, month: str) -> None:
    answer = await desk.client.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 422
    detail = "Bir ay olmalıdır, örneğin 2026-05."
    assert answer.json()["errors"] == [{"pointer": "/month", "code": "month", "detail": detail}]


async def test_the_month_has_to_be_given(desk: Desk) -> None:
    answer = await desk.client.get("/v1/reports/compliance")
    assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [("/month", "missing")]


# ── history stays ──


def edited() -> Catalogue:
    """Another limit and another name for the call centre, and no service of the solution desk any more."""
    catalogue = load_catalogue(ESENLER)
    shorter: dict[str, Any] = {"limit_text": "3 GÜN", "limit": Limit(3, Unit.CALENDAR_DAY), "name": "Yeni Ad"}
    services = tuple(
        replace(service, **shorter) if service.code == "call-center" else service
        for service in catalogue.services
        if service.code != "solution-desk"
    )
    return replace(catalogue, services=services, sha256="1" * 64)


async def both_forms(desk: Desk) -> tuple[bytes, bytes]:
    answers = [
        await desk.client.get("/v1/reports/compliance", params={"month": "2026-06"}, headers=headers)
        for headers in ({}, SHEET)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    return answers[0].content, answers[1].content


async def test_an_edited_catalogue_leaves_last_months_report_byte_for_byte(
    servers: TestServers, template: str, tmp_path: Path
) -> None:
    """C9: another limit, another name, a service that is gone; running clocks keep the policy they were pinned to."""
    async with opened_desk(servers, template, tmp_path) as desk:
        met, late = await desk.open(CALL), await desk.open(CALL)
        await desk.open(PETITION)
        await resolve_at(desk, met, DUE)
        await resolve_at(desk, late, DUE + timedelta(days=2))
        desk.clock.set(IN_JULY)
        before = await both_forms(desk)
        async with desk.container.database.transaction() as session:
            await store_catalogue(session, edited(), now=desk.clock.now())
        async with opened_app(desk.container.settings, desk.clock) as app:
            key = await new_key(app.state.container, "developer")
            async with opened_client(app, key) as client:
                restarted = Desk(app, desk.clock, client)
                assert (await restarted.clock_of(await restarted.open(CALL)))["limit"] == "3 GÜN"
                assert await both_forms(restarted) == await both_forms(desk) == before
                july = await report(restarted, "2026-07")
                assert [each["limit"] for each in july["rows"]] == ["3 GÜN"]
        assert b"Yeni Ad" not in b"".join(before)
        assert b"solution-desk" in before[0]


async def test_a_reopened_request_leaves_last_months_report_unchanged_byte_for_byte(desk: Desk) -> None:
    """Its first cycle was met as a call of public works, even if the second is of another service."""
    number = await desk.open(CALL)
    await desk.run(number, "refer")
    await resolve_at(desk, number, DUE)
    desk.clock.set(IN_JULY)
    theirs = await report_of(desk, "public-works")
    before = await both_forms(desk)
    await desk.run_all(number, "reopen", "reclassify")
    await desk.run(number, "refer", {"unit": "cleaning"})
    assert await both_forms(desk) == before
    assert await report_of(desk, "public-works") == theirs
    assert (await report_of(desk, "cleaning"))["rows"] == []
    july = await report(desk, "2026-07")
    assert [(each["service"], each["limit"]) for each in july["rows"]] == [("info-desk", "1 GÜN")]


async def test_a_met_limit_stays_with_the_service_it_was_met_for(desk: Desk) -> None:
    """The law was satisfied by the interim reply to a petition; only what is still owed is judged again."""
    number = await desk.open(PETITION)
    await desk.run_all(number, "interim_reply", "reclassify")
    met = await row(desk, clock="statutory")
    assert (met["service"], counts(met)) == ("solution-desk", {"due": 1, "on_time": 1})
    promise = await row(desk, "2026-05", clock="promise")
    assert (promise["service"], counts(promise)) == ("info-desk", {"due": 1, "pending": 1})


@pytest.mark.parametrize("command", ["refer", "return"])
async def test_a_late_request_stays_with_the_unit_that_had_it_when_it_fell_due(desk: Desk, command: str) -> None:
    """A later referral does not move the lateness; an earlier one moves the verdict with the request."""
    number = await desk.open(CALL)
    await desk.run(number, "refer", {"unit": "cleaning"})
    await desk.run(number, "refer")
    desk.clock.set(DUE + timedelta(microseconds=1))
    late = await report_of(desk, "public-works")
    assert [counts(each) for each in late["rows"]] == [{"due": 1, "open_late": 1}]
    await desk.run(number, command, {"unit": "cleaning"} if command == "refer" else None)
    await desk.run(number, "refer", {"unit": "cleaning"})
    assert (await report_of(desk, "public-works"))["rows"] == late["rows"]
    assert (await report_of(desk, "cleaning"))["rows"] == []
    await resolve_at(desk, number, IN_JULY)
    assert [counts(each) for each in (await report_of(desk, "public-works"))["rows"]] == [{"due": 1, "late": 1}]


async def test_what_fell_due_at_the_desk_is_no_directorates(desk: Desk) -> None:
    """It was referred only when it was late."""
    number = await desk.open(CALL)
    desk.clock.set(DUE + timedelta(microseconds=1))
    await desk.run(number, "refer")
    assert (await report_of(desk, "public-works"))["rows"] == []
    assert counts(await row(desk)) == {"due": 1, "open_late": 1}


# ── who reads it, and how ──


async def test_a_key_of_a_directorate_sees_its_tickets_alone(desk: Desk) -> None:
    for unit in ("public-works", "public-works", "cleaning", None):
        number = await desk.open(CALL)
        if unit is not None:
            await desk.run(number, "refer", {"unit": unit})
    desk.clock.set(IN_JULY)
    assert counts(await row(desk)) == {"due": 4, "open_late": 4}
    shown = await report_of(desk, "public-works")
    assert shown["unit"] == "public-works"
    assert [counts(each) for each in shown["rows"]] == [{"due": 2, "open_late": 2}]


@pytest.mark.parametrize(("role", "status"), [("pr-desk", 200), ("pr-director", 200), ("ops", 200), ("desk", 403)])
async def test_the_report_has_its_readers(desk: Desk, role: str, status: int) -> None:
    """Figures are no tickets: ops, who may read none, has those of the whole municipality."""
    await desk.open(CALL)
    async with opened_client(desk.app, await new_key(desk.container, role)) as caller:
        answer = await caller.get("/v1/reports/compliance", params={"month": "2026-06"})
    assert answer.status_code == status
    if status == 200:
        assert counts(answer.json()["rows"][0]) == {"due": 1, "pending": 1}


async def test_the_report_needs_a_key(desk: Desk) -> None:
    async with opened_client(desk.app) as keyless:
        assert (await keyless.get("/v1/reports/compliance", params={"month": "2026-06"})).status_code == 401


async def test_the_same_figures_come_as_a_sheet_for_who_asks(desk: Desk) -> None:
    await resolve_at(desk, await desk.open(CALL), DUE)
    desk.clock.set(IN_JULY)
    asked = {"Accept": "application/json;q=0.5, Text/CSV; charset=utf-8"}
    answer = await desk.client.get("/v1/reports/compliance", params={"month": "2026-06"}, headers=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="sure-uyumu-2026-06.csv"'
    assert answer.headers["vary"] == "Accept"
    assert answer.content.decode("utf-8-sig").splitlines()[1].split(";") == [
        *("2026-06", "call-center", "Hizmet standardı", "15 GÜN", "1", "1", "0", "0", "0", "0"),
        *("100,0", "494,00", "494,00", "ay tamamlandı"),
    ]

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
from tests.installation import ESENLER, new_key, opened_app, opened_client
from tests.servers import TestServers
from tests.tickets.counter import ANSWER, CALL, ORDER, PETITION, VISIT, Counter, end_of, opened_counter
from workers.timers import sweep

DUE = end_of(2026, 6, 1)
"""When a call of START (15 calendar days, rolled over the holidays) is due."""
IN_JULY = datetime(2026, 7, 2, 9, tzinfo=ISTANBUL)
SHEET = {"Accept": "text/csv"}


async def report(counter: Counter, month: str = "2026-06") -> dict[str, Any]:
    answer = await counter.client.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def report_of(counter: Counter, unit: str, month: str = "2026-06") -> dict[str, Any]:
    """The report that a key of a directorate gets."""
    async with opened_client(counter.app, await new_key(counter.container, "pr-desk", unit)) as theirs:
        answer = await theirs.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def row(counter: Counter, month: str = "2026-06", **wanted: str) -> dict[str, Any]:
    """The only row, or the only one of a service or kind of clock."""
    rows = (await report(counter, month))["rows"]
    [found] = [each for each in rows if all(each[name] == value for name, value in wanted.items())]
    shown: dict[str, Any] = found
    return shown


def counts(found: dict[str, Any]) -> dict[str, int]:
    names = ("due", "on_time", "late", "open_late", "pending", "cancelled")
    return {name: found[name] for name in names if found[name]}


async def resolve_at(counter: Counter, number: str, at: datetime) -> None:
    counter.clock.set(at)
    await counter.did(number, "resolve", ANSWER)


async def set_due(counter: Counter, number: str, due_at: datetime) -> None:
    """Another stored due date, as a past computation may have left it."""
    statement = text("UPDATE sla_clock SET due_at = :due FROM ticket WHERE ticket.id = ticket_id AND number = :number")
    async with counter.container.database.transaction() as session:
        await session.execute(statement, {"due": due_at, "number": number})


# ── the verdict ──


async def test_at_the_exact_due_instant_it_is_on_time_in_list_ticket_and_report(counter: Counter) -> None:
    """C10: closed at the due instant is on time everywhere; a microsecond later it is late everywhere."""
    exact, after = await counter.open(CALL), await counter.open(CALL)
    await resolve_at(counter, exact, DUE)
    await resolve_at(counter, after, DUE + timedelta(microseconds=1))
    for number, kept in ((exact, True), (after, False)):
        assert [clock["on_time"] for clock in (await counter.read(number))["clocks"]] == [kept]
        listed = (await counter.client.get("/v1/tickets", params={"overdue": not kept})).json()["items"]
        assert [item["number"] for item in listed] == [number]
    found = await row(counter)
    assert counts(found) == {"due": 2, "on_time": 1, "late": 1}
    assert (found["service"], found["clock"], found["limit"]) == ("call-center", "promise", "15 GÜN")
    assert found["share_on_time"] == 50.0


async def test_past_due_needs_no_sweep_to_count(counter: Counter) -> None:
    """B71: what is past due is so by the clock, not by the worker that sees it."""
    number = await counter.open(CALL)
    counter.clock.set(DUE)
    assert counts(await row(counter)) == {"due": 1, "pending": 1}
    counter.clock.advance(microseconds=1)
    for swept in (False, True):
        if swept:
            assert await sweep(counter.container) > 0
        assert counts(await row(counter)) == {"due": 1, "open_late": 1}
        assert (await row(counter))["share_on_time"] == 0.0
    await resolve_at(counter, number, IN_JULY)
    assert counts(await row(counter)) == {"due": 1, "late": 1}


@pytest.mark.parametrize("outcome", ["withdraw", "link_duplicate"])
async def test_withdrawn_and_duplicate_are_out_of_the_figures_and_counted_apart(counter: Counter, outcome: str) -> None:
    kept, gone = await counter.open(CALL), await counter.open(CALL)
    await counter.did(gone, outcome, {"duplicate_of": kept} if outcome == "link_duplicate" else None)
    await resolve_at(counter, kept, DUE)
    found = await row(counter)
    assert counts(found) == {"due": 1, "on_time": 1, "cancelled": 1}
    assert found["share_on_time"] == 100.0


async def test_nothing_due_has_no_share(counter: Counter) -> None:
    await counter.did(await counter.open(CALL), "withdraw")
    found = await row(counter)
    assert counts(found) == {"cancelled": 1}
    assert (found["share_on_time"], found["median_hours"], found["ninetieth_hours"]) == (None, None, None)


async def test_each_cycle_counts_where_it_was_due(counter: Counter) -> None:
    number = await counter.open(CALL)
    await resolve_at(counter, number, DUE)
    counter.clock.set(datetime(2026, 6, 3, 10, tzinfo=ISTANBUL))
    await counter.did(number, "reopen")
    counter.clock.set(IN_JULY)
    assert [clock.cycle for clock in await counter.rows_of_clocks(number)] == [1, 2]
    assert counts(await row(counter)) == {"due": 2, "on_time": 1, "open_late": 1}


async def test_promise_and_law_are_rows_of_their_own(counter: Counter) -> None:
    await counter.open(PETITION)
    counter.clock.set(IN_JULY)
    rows = (await report(counter))["rows"]
    assert [(each["service"], each["clock"], each["limit"]) for each in rows] == [
        ("solution-desk", "promise", "15 GÜN"),
        ("solution-desk", "statutory", "30 gün"),
    ]
    assert [counts(each) for each in rows] == [{"due": 1, "open_late": 1}] * 2


async def test_a_clock_that_stands_still_is_not_due(counter: Counter) -> None:
    """The promise stands still, the limit of law beside it runs on."""
    number = await counter.open(VISIT)
    await counter.done(number, "refer", "accept", "pause")
    counter.clock.set(IN_JULY)
    assert [each["clock"] for each in (await report(counter))["rows"]] == ["statutory"]


async def test_the_times_are_those_of_half_and_of_nine_tenths(counter: Counter) -> None:
    orders = [await counter.open(ORDER) for _ in range(10)]
    for number in orders:
        counter.clock.advance(minutes=3)
        await counter.did(number, "resolve", ANSWER)
    found = await row(counter, "2026-05")
    assert counts(found) == {"due": 10, "on_time": 3, "late": 7}
    assert (found["share_on_time"], found["median_hours"], found["ninetieth_hours"]) == (30.0, 0.25, 0.45)


# ── the month ──


async def test_a_month_ends_at_midnight_in_istanbul(counter: Counter) -> None:
    """2026-05-31 23:59:59.999999 in Istanbul is 20:59:59.999999 UTC; the next microsecond is June."""
    last, first = await counter.open(CALL), await counter.open(CALL)
    await set_due(counter, last, datetime(2026, 5, 31, 20, 59, 59, 999999, tzinfo=UTC))
    await set_due(counter, first, datetime(2026, 5, 31, 21, tzinfo=UTC))
    for number in (last, first):
        await counter.did(number, "resolve", ANSWER)
    assert counts(await row(counter, "2026-05")) == {"due": 1, "on_time": 1}
    assert counts(await row(counter, "2026-06")) == {"due": 1, "on_time": 1}
    await set_due(counter, first, datetime(2026, 5, 31, 20, 59, 59, 999999, tzinfo=UTC))
    assert counts(await row(counter, "2026-05")) == {"due": 2, "on_time": 2}
    assert (await report(counter, "2026-06"))["rows"] == []


async def test_a_month_that_is_not_over_says_so(counter: Counter) -> None:
    done, _ = await counter.open(CALL), await counter.open(CALL)
    await counter.did(done, "resolve", ANSWER)
    counter.clock.set(datetime(2026, 6, 30, 23, 59, 59, 999999, tzinfo=ISTANBUL))
    goes_on = await report(counter)
    assert (goes_on["complete"], goes_on["as_of"]) == (False, "2026-06-30T20:59:59.999999Z")
    counter.clock.advance(microseconds=1)
    over = await report(counter)
    assert (over["month"], over["complete"], over["as_of"], over["unit"]) == ("2026-06", True, None, None)
    counter.clock.set(DUE)
    early = await row(counter)
    assert counts(early) == {"due": 2, "on_time": 1, "pending": 1}
    assert early["share_on_time"] == 100.0


async def test_an_empty_month_has_no_rows(counter: Counter) -> None:
    assert await report(counter, "2024-02") == {
        "month": "2024-02",
        "complete": True,
        "as_of": None,
        "unit": None,
        "rows": [],
    }


@pytest.mark.parametrize("month", ["2026-13", "2026-5", "mayıs", "", "2026-05-01"])
async def test_a_bad_month_is_named_with_what_is_wanted(counter: Counter, month: str) -> None:
    answer = await counter.client.get("/v1/reports/compliance", params={"month": month})
    assert answer.status_code == 422
    detail = "Bir ay olmalıdır, örneğin 2026-05."
    assert answer.json()["errors"] == [{"pointer": "/month", "code": "month", "detail": detail}]


async def test_the_month_has_to_be_given(counter: Counter) -> None:
    answer = await counter.client.get("/v1/reports/compliance")
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


async def both_forms(counter: Counter) -> tuple[bytes, bytes]:
    answers = [
        await counter.client.get("/v1/reports/compliance", params={"month": "2026-06"}, headers=headers)
        for headers in ({}, SHEET)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    return answers[0].content, answers[1].content


async def test_an_edited_catalogue_leaves_last_months_report_byte_for_byte(
    servers: TestServers, template: str, tmp_path: Path
) -> None:
    """C9: another limit, another name, a service that is gone; running clocks keep the policy they were pinned to."""
    async with opened_counter(servers, template, tmp_path) as counter:
        kept, late = await counter.open(CALL), await counter.open(CALL)
        await counter.open(PETITION)
        await resolve_at(counter, kept, DUE)
        await resolve_at(counter, late, DUE + timedelta(days=2))
        counter.clock.set(IN_JULY)
        before = await both_forms(counter)
        async with counter.container.database.transaction() as session:
            await store_catalogue(session, edited(), now=counter.clock.now())
        async with opened_app(counter.container.settings, counter.clock) as app:
            key = await new_key(app.state.container, "developer")
            async with opened_client(app, key) as client:
                restarted = Counter(app, counter.clock, client)
                assert (await restarted.clock_of(await restarted.open(CALL)))["limit"] == "3 GÜN"
                assert await both_forms(restarted) == await both_forms(counter) == before
                july = await report(restarted, "2026-07")
                assert [each["limit"] for each in july["rows"]] == ["3 GÜN"]
        assert b"Yeni Ad" not in b"".join(before)
        assert b"solution-desk" in before[0]


async def test_what_becomes_of_a_reopened_request_leaves_last_months_report_byte_for_byte(counter: Counter) -> None:
    """Its first cycle was promised, and kept, as a call of public works, whatever the second is found to be."""
    number = await counter.open(CALL)
    await counter.did(number, "refer")
    await resolve_at(counter, number, DUE)
    counter.clock.set(IN_JULY)
    theirs = await report_of(counter, "public-works")
    before = await both_forms(counter)
    await counter.done(number, "reopen", "reclassify")
    await counter.did(number, "refer", {"unit": "cleaning"})
    assert await both_forms(counter) == before
    assert await report_of(counter, "public-works") == theirs
    assert (await report_of(counter, "cleaning"))["rows"] == []
    july = await report(counter, "2026-07")
    assert [(each["service"], each["limit"]) for each in july["rows"]] == [("info-desk", "1 GÜN")]


async def test_a_limit_that_was_kept_stays_with_the_service_it_was_kept_for(counter: Counter) -> None:
    """The law was satisfied by the interim reply to a petition; only what is still owed is judged anew."""
    number = await counter.open(PETITION)
    await counter.done(number, "interim_reply", "reclassify")
    kept = await row(counter, clock="statutory")
    assert (kept["service"], counts(kept)) == ("solution-desk", {"due": 1, "on_time": 1})
    promise = await row(counter, "2026-05", clock="promise")
    assert (promise["service"], counts(promise)) == ("info-desk", {"due": 1, "pending": 1})


@pytest.mark.parametrize("command", ["refer", "return"])
async def test_a_late_request_stays_with_the_unit_that_had_it_when_it_fell_due(counter: Counter, command: str) -> None:
    """Handing it on afterwards takes the lateness to nobody else; before, the verdict goes with the request."""
    number = await counter.open(CALL)
    await counter.did(number, "refer", {"unit": "cleaning"})
    await counter.did(number, "refer")
    counter.clock.set(DUE + timedelta(microseconds=1))
    late = await report_of(counter, "public-works")
    assert [counts(each) for each in late["rows"]] == [{"due": 1, "open_late": 1}]
    await counter.did(number, command, {"unit": "cleaning"} if command == "refer" else None)
    await counter.did(number, "refer", {"unit": "cleaning"})
    assert (await report_of(counter, "public-works"))["rows"] == late["rows"]
    assert (await report_of(counter, "cleaning"))["rows"] == []
    await resolve_at(counter, number, IN_JULY)
    assert [counts(each) for each in (await report_of(counter, "public-works"))["rows"]] == [{"due": 1, "late": 1}]


async def test_what_fell_due_at_the_desk_is_no_directorates(counter: Counter) -> None:
    """It was referred only when it was late."""
    number = await counter.open(CALL)
    counter.clock.set(DUE + timedelta(microseconds=1))
    await counter.did(number, "refer")
    assert (await report_of(counter, "public-works"))["rows"] == []
    assert counts(await row(counter)) == {"due": 1, "open_late": 1}


# ── who reads it, and how ──


async def test_a_key_of_a_directorate_sees_its_tickets_alone(counter: Counter) -> None:
    for unit in ("public-works", "public-works", "cleaning", None):
        number = await counter.open(CALL)
        if unit is not None:
            await counter.did(number, "refer", {"unit": unit})
    counter.clock.set(IN_JULY)
    assert counts(await row(counter)) == {"due": 4, "open_late": 4}
    shown = await report_of(counter, "public-works")
    assert shown["unit"] == "public-works"
    assert [counts(each) for each in shown["rows"]] == [{"due": 2, "open_late": 2}]


@pytest.mark.parametrize(("role", "status"), [("pr-desk", 200), ("pr-director", 200), ("ops", 200), ("desk", 403)])
async def test_the_report_has_its_readers(counter: Counter, role: str, status: int) -> None:
    """Figures are no tickets: ops, who may read none, has those of the whole municipality."""
    await counter.open(CALL)
    async with opened_client(counter.app, await new_key(counter.container, role)) as caller:
        answer = await caller.get("/v1/reports/compliance", params={"month": "2026-06"})
    assert answer.status_code == status
    if status == 200:
        assert counts(answer.json()["rows"][0]) == {"due": 1, "pending": 1}


async def test_the_report_needs_a_key(counter: Counter) -> None:
    async with opened_client(counter.app) as nobody:
        assert (await nobody.get("/v1/reports/compliance", params={"month": "2026-06"})).status_code == 401


async def test_the_same_figures_come_as_a_sheet_for_who_asks(counter: Counter) -> None:
    await resolve_at(counter, await counter.open(CALL), DUE)
    counter.clock.set(IN_JULY)
    asked = {"Accept": "application/json;q=0.5, Text/CSV; charset=utf-8"}
    answer = await counter.client.get("/v1/reports/compliance", params={"month": "2026-06"}, headers=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="sure-uyumu-2026-06.csv"'
    assert answer.headers["vary"] == "Accept"
    assert answer.content.decode("utf-8-sig").splitlines()[1].split(";") == [
        *("2026-06", "call-center", "Hizmet standardı", "15 GÜN", "1", "1", "0", "0", "0", "0"),
        *("100,0", "494,00", "494,00", "ay tamamlandı"),
    ]

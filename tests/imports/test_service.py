"""Old records as tickets: closed, with limits by the calendar of their time, each once, without notices."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.access.model import ApiClient, ApiKey
from app.core.clock import ISTANBUL
from app.imports.service import BATCH_SIZE, LineResult
from app.notices.model import Notice
from app.people.model import Applicant
from app.sla.model import Checkpoint, SlaClock
from app.tickets.history import history_is_complete
from app.tickets.model import Escalation, Ticket, TicketDocument, TicketEvent
from tests.desk import CALL, Desk, end_of
from tests.imports.samples import RECORD, import_table, table
from tests.installation import START
from workers.timers import sweep

RECEIVED = datetime(2014, 7, 1, 7, tzinfo=UTC)
ANSWERED = datetime(2014, 7, 10, 12, 30, tzinfo=UTC)


async def rows(desk: Desk, model: type[Any]) -> list[Any]:
    async with desk.container.database.reading() as session:
        return list(await session.scalars(select(model)))


async def tickets(desk: Desk) -> dict[str, Ticket]:
    return {ticket.external_id: ticket for ticket in await rows(desk, Ticket)}


async def clocks(desk: Desk, record_no: str = RECORD["record_no"]) -> dict[str, SlaClock]:
    ticket = (await tickets(desk))[record_no]
    return {clock.kind: clock for clock in await rows(desk, SlaClock) if clock.ticket_id == ticket.id}


def outcomes(results: Sequence[LineResult]) -> list[str]:
    """Return `new`, `known`, or the error codes of each line."""
    return [
        " ".join(error.code for error in one.errors) if one.errors else "known" if one.known else "new"
        for one in results
    ]


# ── the ticket ──


async def test_a_record_is_a_closed_ticket_with_its_own_dates(desk: Desk) -> None:
    assert outcomes(await import_table(desk, table({}))) == ["new"]
    [ticket] = await rows(desk, Ticket)
    assert (ticket.channel, ticket.service, ticket.kind) == ("bimer", "bimer", "complaint")
    assert (ticket.state, ticket.outcome, ticket.unit) == ("closed", "positive", "public-works")
    assert (ticket.occurred_at, ticket.received_at, ticket.documents_complete_at) == (RECEIVED, RECEIVED, RECEIVED)
    assert (ticket.resolved_at, ticket.closed_at) == (ANSWERED, ANSWERED)
    assert ticket.number.startswith("14")
    [document] = await rows(desk, TicketDocument)
    assert (document.code, document.provided_at) == ("bimer_record", RECEIVED)


async def test_its_history_is_one_chain_that_ends_with_the_import(desk: Desk) -> None:
    await import_table(desk, table({}), user="ornek.memur")
    [ticket] = await rows(desk, Ticket)
    events = sorted(await rows(desk, TicketEvent), key=lambda event: event.seq)
    assert [(event.kind, event.at, event.actor) for event in events] == [
        ("received", RECEIVED, "BİMER"),
        ("resolve", ANSWERED, "BİMER"),
        ("close", ANSWERED, "BİMER"),
        ("imported", START, "ornek.memur"),
    ]
    assert [event.data.get("to") for event in events] == [None, "resolved", "closed", None]
    assert history_is_complete(ticket, events)
    assert ticket.event_seq == 4
    timeline = (await desk.client.get(f"/v1/tickets/{ticket.number}/events")).json()
    assert timeline["chain_holds"] is True
    assert timeline["items"][3]["label"] == "Geçmiş kayıt olarak aktarıldı"


async def test_personal_data_are_sealed_and_readable_with_the_scope(desk: Desk) -> None:
    await import_table(desk, table({}))
    personal = [RECORD[name] for name in ("applicant_name", "address", "description", "reply")]
    personal += ["+905320000067", "5320000067"]
    async with desk.container.database.reading() as session:
        for name in ("applicant", "ticket", "ticket_event", "sla_clock", "ticket_document"):
            for row in await session.execute(text(f"SELECT {name}::text FROM {name}")):  # noqa: S608 - our own names
                plain, sealed = str(row[0]), [value for value in personal if value in str(row[0])]
                hexed = [value for value in personal if value.encode().hex() in plain]
                assert (sealed, hexed) == ([], [])
    [ticket] = await rows(desk, Ticket)
    shown = (await desk.client.get(f"/v1/tickets/{ticket.number}")).json()
    assert (shown["description"], shown["reply"]) == (RECORD["description"], RECORD["reply"])
    assert shown["applicant"]["name"] == RECORD["applicant_name"]
    assert shown["applicant"]["phone"] == "+905320000067"


async def test_a_record_without_an_applicant_is_anonymous(desk: Desk) -> None:
    await import_table(desk, table({"applicant_name": "", "phone": "", "address": ""}))
    assert [applicant.role for applicant in await rows(desk, Applicant)] == ["anonymous"]


async def test_the_old_system_is_one_client_that_has_no_key(desk: Desk) -> None:
    await import_table(desk, table({}))
    await import_table(desk, table({"record_no": "ORNEK-2"}))
    [client] = [client for client in await rows(desk, ApiClient) if client.name == "BİMER"]
    assert client.scopes == []
    assert client.id not in {key.client_id for key in await rows(desk, ApiKey)}
    assert {ticket.client_id for ticket in await rows(desk, Ticket)} == {client.id}


# ── its limits ──


async def test_both_limits_follow_the_calendar_of_their_time(desk: Desk) -> None:
    """30 days from 1 July 2014 end on 31 July, after the three days of Ramazan; the day ended in EEST."""
    await import_table(desk, table({}))
    found = await clocks(desk)
    due = datetime(2014, 7, 31, 20, 59, 59, 999999, tzinfo=UTC)
    assert {kind: clock.due_at for kind, clock in found.items()} == {"promise": due, "statutory": due}
    assert {clock.started_at for clock in found.values()} == {RECEIVED}
    assert {(clock.state, clock.met_at, clock.breached_at) for clock in found.values()} == {("met", ANSWERED, None)}
    assert (found["promise"].policy["printed"], found["statutory"].policy["regime"]) == ("30 Gün", "law_3071")


async def test_a_day_that_ended_in_the_prolonged_summer_of_2015_is_due_in_winter_time(desk: Desk) -> None:
    """B1: Sunday 8 November 2015, when summer time ended, rolls to Monday, which ends at UTC+2."""
    await import_table(desk, table({"received_at": "09.10.2015 23:30", "answered_at": "09.11.2015 23:59"}))
    found = (await clocks(desk))["promise"]
    assert found.started_at == datetime(2015, 10, 9, 20, 30, tzinfo=UTC)
    assert found.due_at == datetime(2015, 11, 9, 21, 59, 59, 999999, tzinfo=UTC)
    assert (found.state, found.met_at) == ("met", datetime(2015, 11, 9, 21, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("answered", "state"),
    [
        ("31.07.2014", "met"),
        ("31.07.2014 23:59:59", "met"),
        ("2014-07-31T23:59:59.999999", "met"),
        ("01.08.2014", "breached"),
        ("01.08.2014 00:00", "breached"),
        ("02.03.2026", "breached"),
    ],
)
async def test_a_late_answer_is_a_breach_on_the_due_instant(desk: Desk, answered: str, state: str) -> None:
    await import_table(desk, table({"answered_at": answered}))
    for clock in (await clocks(desk)).values():
        assert clock.state == state
        assert clock.breached_at == (clock.due_at if state == "breached" else None)
        assert clock.detected_at == (START if state == "breached" else None)


async def test_a_request_for_information_was_under_law_4982(desk: Desk) -> None:
    await import_table(desk, table({"kind": "bilgi edinme"}))
    found = await clocks(desk)
    assert found["statutory"].policy["regime"] == "law_4982"
    assert found["statutory"].due_at == end_of(2014, 7, 22)
    assert found["promise"].due_at == end_of(2014, 7, 31)


async def test_a_thank_you_owed_nothing(desk: Desk) -> None:
    await import_table(desk, table({"kind": "teşekkür"}))
    assert await clocks(desk) == {}


async def test_an_import_arms_no_checkpoint_and_sends_no_notice(desk: Desk) -> None:
    """B46: imported tickets that are closed escalate nothing."""
    await import_table(desk, table({}, {"record_no": "ORNEK-2", "answered_at": "02.03.2026"}))
    desk.clock.advance(days=400)
    assert await sweep(desk.container) == 0
    for model in (Checkpoint, Notice, Escalation):
        assert await rows(desk, model) == []


async def test_the_feed_has_the_import_but_not_the_earlier_history(desk: Desk) -> None:
    await import_table(desk, table({}, {"record_no": "ORNEK-2"}))
    events = (await desk.client.get("/v1/events")).json()["items"]
    assert [(event["type"], event["seq"], event["data"]) for event in events] == [
        ("ticket.imported", 4, {"channel": "bimer", "unit": "public-works"})
    ] * 2
    await desk.run(events[0]["ticket"], "reopen")
    news = (await desk.client.get("/v1/events", params={"after": events[-1]["cursor"]})).json()["items"]
    assert [(event["type"], event["ticket"]) for event in news] == [("ticket.reopened", events[0]["ticket"])]


async def test_a_reopened_import_escalates_nothing(desk: Desk) -> None:
    await import_table(desk, table({}))
    [ticket] = await rows(desk, Ticket)
    await desk.run(ticket.number, "reopen")
    assert {point.kind for point in await rows(desk, Checkpoint)} == {"breach"}


@pytest.mark.parametrize(("answered", "on_time"), [("31.07.2014", True), ("01.08.2014", False)])
async def test_the_ticket_shows_whether_it_was_on_time(desk: Desk, answered: str, on_time: bool) -> None:
    await import_table(desk, table({"answered_at": answered}))
    [ticket] = await rows(desk, Ticket)
    shown = (await desk.client.get(f"/v1/tickets/{ticket.number}")).json()
    assert [clock["on_time"] for clock in shown["clocks"]] == [on_time, on_time]
    assert shown["allowed_actions"] == ["reopen", "comment"]


async def test_a_new_request_gets_the_last_day_of_the_service_and_the_open_ones(desk: Desk) -> None:
    response = await desk.client.post("/v1/tickets", json={**CALL, "service": "bimer"})
    [error] = response.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/service", "service_closed")
    assert "31.07.2018 tarihine kadar" in error["detail"]
    assert "cimer" in error["detail"]


async def test_no_path_of_intake_accepts_the_past_channel(desk: Desk) -> None:
    response = await desk.client.post("/v1/tickets", json={**CALL, "channel": "bimer"})
    assert [(error["pointer"], error["code"]) for error in response.json()["errors"]] == [("/channel", "choice")]


# ── once ──


async def test_a_second_run_imports_nothing_twice(desk: Desk) -> None:
    first = table({}, {"record_no": "ORNEK-2"})
    assert outcomes(await import_table(desk, first)) == ["new", "new"]
    before = await tickets(desk)
    more = table({}, {"record_no": "ORNEK-2"}, {"record_no": "ORNEK-3"})
    assert outcomes(await import_table(desk, more)) == ["known", "known", "new"]
    after = await tickets(desk)
    assert {name: ticket.number for name, ticket in after.items() if name in before} == {
        name: ticket.number for name, ticket in before.items()
    }
    assert len(await rows(desk, TicketEvent)) == 3 * 4


async def test_a_record_in_another_spelling_is_known_and_other_content_is_rejected(
    desk: Desk,
) -> None:
    await import_table(desk, table({}))
    [ticket] = await rows(desk, Ticket)
    spelling = {"received_at": "2014-07-01T07:00Z", "kind": "SIKAYET", "unit": "Public-Works", "outcome": "Olumlu"}
    changed = {"answered_at": "11.07.2014 15:30"}
    results = await import_table(desk, table(spelling, changed))
    assert outcomes(results) == ["known", "record_changed"]
    assert results[1].errors[0].facts == {"number": ticket.number}
    assert (await rows(desk, Ticket))[0].resolved_at == ANSWERED


async def test_within_one_file_the_first_of_equal_numbers_counts(desk: Desk) -> None:
    assert outcomes(await import_table(desk, table({}, {}, {"outcome": "olumsuz"}))) == [
        "new",
        "known",
        "record_changed",
    ]
    assert [ticket.outcome for ticket in await rows(desk, Ticket)] == ["positive"]


async def test_two_imports_of_one_file_at_once_store_each_record_once(desk: Desk) -> None:
    records = table(*({"record_no": f"ORNEK-{number}"} for number in range(40)))
    found = await asyncio.gather(import_table(desk, records), import_table(desk, records))
    assert sorted(outcomes(found[0]) + outcomes(found[1])) == ["known"] * 40 + ["new"] * 40
    assert len(await rows(desk, Ticket)) == len(await rows(desk, Applicant)) == 40


async def test_a_broken_line_does_not_stop_the_others_of_its_batch_or_the_next(desk: Desk) -> None:
    records: list[dict[str, str]] = [{"record_no": f"ORNEK-{number}"} for number in range(BATCH_SIZE + 3)]
    records[1]["answered_at"] = ""
    records[BATCH_SIZE]["phone"] = "yok"
    results = await import_table(desk, table(*records))
    assert [(one.line.number, outcomes([one])) for one in results if one.errors] == [
        (3, ["not_answered"]),
        (BATCH_SIZE + 2, ["phone"]),
    ]
    async with desk.container.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == BATCH_SIZE + 1


# ── dry run ──


async def test_a_dry_run_returns_the_same_results_and_stores_nothing(desk: Desk) -> None:
    await import_table(desk, table({}))
    clients = len(await rows(desk, ApiClient))
    changed, new = {"outcome": "olumsuz"}, {"record_no": "ORNEK-2"}
    text = table({}, changed, new, new, {**new, "outcome": ""}, {"record_no": "ORNEK-3", "answered_at": ""})
    checked = outcomes(await import_table(desk, text, dry_run=True))
    assert checked == ["known", "record_changed", "new", "known", "record_twice", "not_answered"]
    assert len(await rows(desk, Ticket)) == 1
    assert len(await rows(desk, ApiClient)) == clients
    stored = outcomes(await import_table(desk, text))
    assert stored == ["known", "record_changed", "new", "known", "record_changed", "not_answered"]


# ── in the figures ──


async def test_the_report_of_that_month_contains_them(desk: Desk) -> None:
    """Requests of 10 February 2015 were due on 12 March, those of 26 February on Monday 30 March (28 is a Saturday)."""
    on_time = {"received_at": "10.02.2015 10:00", "answered_at": "12.03.2015 23:00"}
    late = {"record_no": "ORNEK-2", "received_at": "10.02.2015 10:00", "answered_at": "13.03.2015 09:00"}
    rolled = {"record_no": "ORNEK-3", "received_at": "26.02.2015 10:00", "answered_at": "30.03.2015 10:00"}
    of_april = {"record_no": "ORNEK-4", "received_at": "02.03.2015 10:00", "answered_at": "10.03.2015"}
    await import_table(desk, table(on_time, late, rolled, of_april))
    response = await desk.client.get("/v1/reports/compliance", params={"month": "2015-03"})
    assert response.json()["complete"] is True
    figures = ("service", "clock", "limit", "due", "on_time", "late", "open_late", "share_on_time", "median_hours")
    assert [tuple(row[name] for name in figures) for row in response.json()["rows"]] == [
        ("bimer", "promise", "30 Gün", 3, 2, 1, 0, 66.7, 743.0),
        ("bimer", "statutory", "30 gün", 3, 2, 1, 0, 66.7, 743.0),
    ]


async def test_lists_find_them_by_their_service_and_their_time(desk: Desk) -> None:
    await import_table(desk, table({}))
    listed = (await desk.client.get("/v1/tickets", params={"service": "bimer"})).json()["items"]
    assert [item["channel"] for item in listed] == ["bimer"]
    assert datetime.fromisoformat(listed[0]["received_at"]) == datetime(2014, 7, 1, 10, tzinfo=ISTANBUL)

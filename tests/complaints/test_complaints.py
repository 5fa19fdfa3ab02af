"""Complaints about the published table: taken once, to either office, answered within the limit of law, seen by few."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text

from app.container import open_container
from app.notices.model import Notice
from app.people.model import Applicant
from app.tickets.model import Complaint, Escalation, Ticket
from tests.desk import CALL, CITIZEN, VISIT, Desk, end_of
from workers.timers import sweep

Caller = Callable[..., Awaitable[AsyncClient]]

ANSWER_BY = end_of(2026, 6, 11)
"""30 days after `START`."""
WORDS = "Vekâletname istediler, oysa tabloda yok; 0532 000 00 67 aranabilir"
COMPLAINT: dict[str, Any] = {
    "channel": "desk",
    "ground": "extra_document_requested",
    "applicant": CITIZEN,
    "description": WORDS,
}
JUSTIFIED = {"outcome": "positive", "text": "Şikâyetiniz haklı bulunmuştur."}


async def made(desk: Desk, **other: Any) -> dict[str, Any]:
    """The receipt of a complaint."""
    answer = await desk.client.post("/v1/complaints", json={**COMPLAINT, **other})
    assert answer.status_code == 201, answer.text
    receipt: dict[str, Any] = answer.json()
    return receipt


async def did(desk: Desk, number: str, command: str, body: Any = None) -> dict[str, Any]:
    """The complaint after a command that has to succeed."""
    answer = await desk.client.post(f"/v1/complaints/{number}/{command}", json=body)
    assert answer.status_code == 200, answer.text
    complaint: dict[str, Any] = answer.json()
    return complaint


async def listed(desk: Desk, address: str) -> list[dict[str, Any]]:
    answer = await desk.client.get(address)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def notices_to(desk: Desk, number: str) -> list[tuple[str, int, str]]:
    """(kind, level, recipient) of the notices about a complaint, in the order in which they were written."""
    query = select(Notice).join(Ticket, Ticket.id == Notice.ticket_id).where(Ticket.number == number)
    async with desk.container.database.reading() as session:
        found = await session.scalars(query.order_by(Notice.created_at, Notice.running))
        return sorted((one.kind, one.level, one.recipient) for one in found)


async def refused(desk: Desk, body: dict[str, Any], language: str = "tr") -> dict[str, str]:
    answer = await desk.client.post("/v1/complaints", json=body, headers={"Accept-Language": language})
    assert answer.status_code == 422, answer.text
    error: dict[str, str] = answer.json()["errors"][0]
    return error


# ── taken ──


@pytest.mark.parametrize("ground", ["extra_document_requested", "service_not_listed"])
async def test_a_complaint_may_stand_for_itself(desk: Desk, ground: str) -> None:
    receipt = await made(desk, ground=ground)
    assert receipt["number"].startswith("S26")
    assert (receipt["state"], receipt["ticket"], receipt["office"]["level"]) == ("filed", None, 1)
    assert datetime.fromisoformat(receipt["answer_by"]) == ANSWER_BY
    read = (await desk.client.get(f"/v1/complaints/{receipt['dictation']}")).json()
    assert (read["number"], read["description"], read["applicant"]["name"]) == (
        receipt["number"],
        WORDS,
        "Örnek Vatandaş",
    )
    assert await notices_to(desk, receipt["number"]) == [
        ("complaint", 1, "office:1"),
        ("complaint_receipt", 0, "applicant"),
    ]


async def test_the_second_office_may_be_complained_to_directly(desk: Desk) -> None:
    """Domain §9.15: level 2 filed directly, without level 1, is accepted."""
    ticket = await desk.open(VISIT)
    receipt = await made(desk, office=2, ticket=ticket)
    assert receipt["office"] == {"level": 2, "place": "Belediye Başkan Yardımcısı", "phone": "444 00 73"}
    assert ("complaint", 2, "office:2") in await notices_to(desk, receipt["number"])
    [raised] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert (raised["level"], raised["source"], raised["state"]) == (2, "citizen", "raised")


async def test_a_missed_limit_is_the_limit_of_an_application(desk: Desk) -> None:
    body = {**COMPLAINT, "ground": "deadline_missed"}
    error = await refused(desk, body)
    assert (error["pointer"], error["code"]) == ("/ticket", "ticket_needed")
    ticket = await desk.open()
    assert (await made(desk, ground="deadline_missed", ticket=ticket))["ticket"] == ticket


async def test_the_applicant_learns_by_when_there_is_an_answer(desk: Desk) -> None:
    receipt = await made(desk)
    [notice] = await listed(desk, f"/v1/notices?ticket={receipt['number']}&kind=complaint_receipt")
    assert notice["medium"] == "sms"
    assert receipt["number"] in notice["body"]
    assert "11.06.2026" in notice["body"]


async def test_an_office_reads_which_ground_and_which_application(desk: Desk) -> None:
    ticket = await desk.open(VISIT)
    receipt = await made(desk, ticket=ticket)
    [notice] = await listed(desk, "/v1/notices?kind=complaint")
    assert "belirtilenlerin dışında belge istenmesi" in notice["body"]
    assert f"İlgili başvuru: {ticket}" in notice["body"]
    assert notice["subject"].startswith(f"[ŞİKÂYET] {receipt['number']}")


async def test_no_office_answers_a_complaint_about_itself(desk: Desk) -> None:
    """CİMER's rule of the next superior: a matter of the first office's own goes to the second."""
    ticket = await desk.open(about_first_office=True)
    assert (await made(desk, ticket=ticket, office=1))["office"]["level"] == 2


@pytest.mark.parametrize(
    ("other", "pointer", "code"),
    [
        ({"applicant": {"role": "anonymous"}}, "/applicant/role", "answer_owed"),
        ({"applicant": {}}, "/applicant", "identity_needed"),
        ({"ticket": "2600012349"}, "/ticket", "ticket_number"),
        ({"ticket": "S260001238"}, "/ticket", "ticket_number"),
        ({"ground": "too_slow"}, "/ground", "choice"),
        ({"office": 3}, "/office", "choice"),
        ({"channel": "sms"}, "/channel", "choice"),
        ({"description": ""}, "/description", "too_short"),
        ({"description": "a\u0000b"}, "/description", "control_character"),
        ({"level": 1}, "/level", "unknown_field"),
        ({"applicant": {**CITIZEN, "contact_by": "app"}}, "/applicant/contact_by", "app_only_for_its_own"),
    ],
)
async def test_what_can_not_be_answered_is_refused(desk: Desk, other: dict[str, Any], pointer: str, code: str) -> None:
    for language in ("tr", "en"):
        error = await refused(desk, {**COMPLAINT, **other}, language)
        assert (error["pointer"], error["code"]) == (pointer, code)
    async with desk.container.database.reading() as session:
        assert list(await session.scalars(select(Complaint))) == []


async def test_an_office_that_is_not_there_is_answered_with_those_that_are(desk: Desk) -> None:
    assert (await refused(desk, {**COMPLAINT, "office": 3}))["detail"] == "Şunlardan biri olmalıdır: 1, 2."


# ── once ──


async def test_one_key_is_one_complaint(desk: Desk) -> None:
    """Ten at once and one afterwards: one complaint, one answer, one pair of notices."""
    ticket = await desk.open(VISIT)
    body = {**COMPLAINT, "ticket": ticket}
    headers = {"Idempotency-Key": "ornek-sikayet-1"}

    async def send() -> Any:
        return await desk.client.post("/v1/complaints", json=body, headers=headers)

    answers = [*await asyncio.gather(*(send() for _ in range(10))), await send()]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    number = answers[0].json()["number"]
    assert len(await listed(desk, "/v1/complaints")) == 1
    assert len(await notices_to(desk, number)) == 2
    assert len(await listed(desk, f"/v1/escalations?ticket={ticket}")) == 1
    assert [event["kind"] for event in (await desk.timeline(ticket))["items"]] == ["received", "escalated"]


async def test_another_content_under_a_known_key_is_refused(desk: Desk) -> None:
    headers = {"Idempotency-Key": "ornek-sikayet-2"}
    first = await desk.client.post("/v1/complaints", json=COMPLAINT, headers=headers)
    other = await desk.client.post("/v1/complaints", json={**COMPLAINT, "office": 2}, headers=headers)
    ticket = await desk.client.post("/v1/tickets", json=CALL, headers=headers)
    assert (first.status_code, other.status_code, ticket.status_code) == (201, 422, 422)
    assert other.json()["code"] == ticket.json()["code"] == "key_reused"


async def test_two_complaints_about_one_ticket_are_two(desk: Desk) -> None:
    ticket = await desk.open(VISIT)
    one, two = await made(desk, ticket=ticket), await made(desk, ticket=ticket, ground="deadline_missed")
    assert one["number"] != two["number"]
    assert len(await listed(desk, f"/v1/complaints?ticket={ticket}")) == 2
    assert len(await listed(desk, f"/v1/escalations?ticket={ticket}")) == 1
    assert (await desk.timeline(ticket))["chain_holds"] is True


# ── its life ──


async def acknowledged(desk: Desk) -> tuple[str, str, dict[str, Any]]:
    """Acknowledge a complaint after a day; return the numbers of its ticket and its own, and the complaint."""
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    desk.clock.advance(days=1)
    return ticket, number, await did(desk, number, "acknowledge")


async def test_a_complaint_is_acknowledged_once_and_its_escalation_with_it(desk: Desk) -> None:
    ticket, number, seen = await acknowledged(desk)
    assert (seen["state"], seen["allowed_actions"]) == ("acknowledged", ["answer", "withdraw"])
    assert (await did(desk, number, "acknowledge"))["acknowledged_at"] == seen["acknowledged_at"]
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert (mirror["state"], mirror["source"]) == ("acknowledged", "citizen")


async def test_an_answered_complaint_has_its_notice_and_closes_its_escalation(desk: Desk) -> None:
    ticket, number, _ = await acknowledged(desk)
    desk.clock.advance(days=2)
    answered = await did(desk, number, "answer", JUSTIFIED)
    assert (answered["state"], answered["outcome"], answered["on_time"]) == ("answered", "positive", True)
    assert (answered["answer"], answered["allowed_actions"]) == (JUSTIFIED["text"], [])
    [resolution] = await listed(desk, f"/v1/notices?ticket={number}&kind=resolution")
    assert number in resolution["body"]
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert (mirror["state"], mirror["response"], mirror["open"]) == ("closed", JUSTIFIED["text"], False)


async def test_an_answered_complaint_shows_in_the_history_of_its_ticket_and_moves_nothing_there(desk: Desk) -> None:
    ticket, number, _ = await acknowledged(desk)
    await did(desk, number, "answer", JUSTIFIED)
    history = await desk.timeline(ticket)
    assert history["chain_holds"] is True
    assert [event["kind"] for event in history["items"]] == ["received", "escalated", "escalation_answered"]
    assert (await desk.read(ticket))["status"] == "received"


async def test_a_complaint_may_be_answered_at_once(desk: Desk) -> None:
    number = (await made(desk, ticket=await desk.open(VISIT)))["number"]
    answered = await did(desk, number, "answer", {"outcome": "partial", "text": "Kısmen haklısınız."})
    assert (answered["state"], answered["acknowledged_at"]) == ("answered", answered["answered_at"])


async def test_the_first_office_signs_no_answer_to_a_complaint(desk: Desk) -> None:
    """It may have been made to the second office, or be about the first."""
    number = (await made(desk, office=2))["number"]
    await did(desk, number, "answer", JUSTIFIED)
    async with desk.container.database.reading() as session:
        query = select(Notice.payload).where(Notice.kind == "resolution", Notice.payload["number"].astext == number)
        assert (await session.scalars(query)).one()["signatory"] is None


async def test_a_refusal_names_the_remedy(desk: Desk) -> None:
    number = (await made(desk))["number"]
    bare = {"outcome": "negative", "text": "Belge tabloda yer almaktadır."}
    answer = await desk.client.post(f"/v1/complaints/{number}/answer", json=bare)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "reason_needed")
    await did(desk, number, "answer", {**bare, "remedy": "administrative_court"})
    read = (await desk.client.get(f"/v1/complaints/{number}")).json()
    assert (read["outcome"], read["answer"]) == ("negative", bare["text"])


async def test_a_withdrawn_complaint_owes_nothing(desk: Desk) -> None:
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    gone = await did(desk, number, "withdraw")
    assert (gone["state"], gone["on_time"]) == ("withdrawn", None)
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert mirror["state"] == "closed"
    await did_nothing_more(desk, number)


async def did_nothing_more(desk: Desk, number: str) -> None:
    """No office gets another notice of the complaint, however much time passes."""
    before = await notices_to(desk, number)
    desk.clock.advance(days=90)
    await sweep(desk.container)
    assert await notices_to(desk, number) == before


@pytest.mark.parametrize("end", ["answer", "withdraw"])
@pytest.mark.parametrize("command", ["acknowledge", "answer", "withdraw"])
async def test_what_is_over_stays_over(desk: Desk, end: str, command: str) -> None:
    number = (await made(desk))["number"]
    await did(desk, number, end, JUSTIFIED if end == "answer" else None)
    again = await desk.client.post(
        f"/v1/complaints/{number}/{command}", json=JUSTIFIED if command == "answer" else None
    )
    assert again.status_code == 409
    assert again.json()["code"] == "wrong_state"
    assert again.json()["state"] == ("answered" if end == "answer" else "withdrawn")
    await did_nothing_more(desk, number)


async def test_two_answers_at_once_are_one(desk: Desk) -> None:
    number = (await made(desk, ticket=await desk.open(VISIT)))["number"]
    answers = await asyncio.gather(
        *(desk.client.post(f"/v1/complaints/{number}/answer", json=JUSTIFIED) for _ in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert len(await listed(desk, f"/v1/notices?ticket={number}&kind=resolution")) == 1


async def test_the_end_of_the_ticket_is_not_the_end_of_the_complaint(desk: Desk) -> None:
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    await desk.run(ticket, "resolve")
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert mirror["state"] == "closed"
    assert (await desk.client.get(f"/v1/complaints/{number}")).json()["state"] == "filed"
    assert (await did(desk, number, "answer", JUSTIFIED))["state"] == "answered"


async def test_an_office_may_acknowledge_by_the_notice_too(desk: Desk) -> None:
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    [notice] = await listed(desk, f"/v1/notices?ticket={number}&kind=complaint")
    await desk.client.post(f"/v1/notices/{notice['number']}/acknowledge")
    assert (await desk.client.get(f"/v1/complaints/{number}")).json()["state"] == "acknowledged"
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    assert mirror["state"] == "acknowledged"


# ── its time ──


async def test_the_time_to_answer_is_that_of_law_3071(desk: Desk) -> None:
    """30 calendar days, and the next working day where they end on a holiday: 28 April + 30 is in Kurban Bayramı."""
    desk.clock.set(datetime.fromisoformat("2026-04-28T10:00+03:00"))
    receipt = await made(desk)
    assert datetime.fromisoformat(receipt["answer_by"]) == end_of(2026, 6, 1)


async def test_an_unanswered_complaint_warns_its_office(desk: Desk) -> None:
    """50 and 80 per cent of the time, to the office that owes the answer."""
    number = (await made(desk))["number"]
    for moment in (datetime.fromisoformat("2026-05-28T09:00+03:00"), datetime.fromisoformat("2026-06-06T09:00+03:00")):
        desk.clock.set(moment)
        await sweep(desk.container)
    warned = [one for one in await notices_to(desk, number) if one[0] == "complaint_due"]
    assert warned == [("complaint_due", 50, "office:1"), ("complaint_due", 80, "office:1")]


async def test_an_unanswered_complaint_goes_to_the_second_office_before_its_end(desk: Desk) -> None:
    """Three working days before."""
    number = (await made(desk))["number"]
    desk.clock.set(end_of(2026, 6, 8))
    await sweep(desk.container)
    [risk] = await listed(desk, f"/v1/notices?ticket={number}&kind=complaint_due&level=2")
    assert risk["recipient"]["code"] == "office:2"
    assert risk["subject"].startswith("[YASAL SÜRE RİSKİ]")
    [record] = await listed(desk, f"/v1/escalations?ticket={number}&source=system")
    assert (record["level"], record["legal_risk"]) == (2, True)


async def test_a_complaint_is_late_from_the_instant_after_its_end(desk: Desk) -> None:
    number = (await made(desk))["number"]
    desk.clock.set(end_of(2026, 6, 8))
    await sweep(desk.container)
    desk.clock.set(ANSWER_BY)
    due = (await desk.client.get(f"/v1/complaints/{number}")).json()
    assert (due["state"], due["on_time"]) == ("filed", None)
    desk.clock.advance(timedelta(microseconds=1))
    assert (await desk.client.get(f"/v1/complaints/{number}")).json()["on_time"] is False
    answered = await did(desk, number, "answer", JUSTIFIED)
    assert (answered["state"], answered["on_time"]) == ("answered", False)
    assert {item["state"] for item in await listed(desk, f"/v1/escalations?ticket={number}")} == {"closed"}


async def test_an_office_is_reminded_of_a_complaint_until_it_acknowledges(desk: Desk) -> None:
    number = (await made(desk))["number"]
    for day in (13, 14):
        desk.clock.set(end_of(2026, 5, day))
        await sweep(desk.container)
    reminders = await listed(desk, f"/v1/notices?ticket={number}&kind=reminder")
    assert len(reminders) == 2
    assert "cevap bekleyen şikâyet" in reminders[0]["subject"]
    assert "numaralı şikâyet bildiriminin görüldüğüne ilişkin" in reminders[0]["body"]
    assert "Hizmetin tamamlanma süresi" not in reminders[0]["body"]
    await did(desk, number, "acknowledge")
    desk.clock.set(end_of(2026, 5, 26))
    await sweep(desk.container)
    assert len(await listed(desk, f"/v1/notices?ticket={number}&kind=reminder")) == 2


async def test_a_complaint_to_the_second_office_is_reminded_of_once_a_time(desk: Desk) -> None:
    """The same office is notified of the legal risk, but not by a second series of reminders."""
    number = (await made(desk, office=2))["number"]
    desk.clock.set(end_of(2026, 6, 8))
    await sweep(desk.container)
    records = await listed(desk, f"/v1/escalations?ticket={number}")
    assert sorted((item["source"], item["level"]) for item in records) == [("citizen", 2), ("system", 2)]
    desk.clock.set(end_of(2026, 6, 9))
    await sweep(desk.container)
    found = await listed(desk, f"/v1/notices?ticket={number}&kind=reminder")
    assert [item["level"] for item in found] == [2, 2]
    desk.clock.set(end_of(2026, 7, 30))
    await sweep(desk.container)
    assert len({item["number"] for item in await listed(desk, f"/v1/notices?ticket={number}&kind=reminder")}) == 3


async def test_two_workers_notify_of_a_complaint_once(desk: Desk) -> None:
    """C4."""
    for _ in range(6):
        await made(desk)
    async with (
        open_container(desk.container.settings.model_copy(update={"sweep_batch": 2}), desk.clock) as one,
        open_container(desk.container.settings.model_copy(update={"sweep_batch": 3}), desk.clock) as other,
    ):
        for moment in (end_of(2026, 5, 13), end_of(2026, 5, 28), end_of(2026, 6, 8), ANSWER_BY):
            desk.clock.set(moment)
            while any(await asyncio.gather(sweep(one), sweep(other))):
                pass
    async with desk.container.database.reading() as session:
        keys = list(await session.scalars(select(Notice.dedupe_key).where(Notice.recipient != "applicant")))
        raised = list(await session.scalars(select(Escalation.id).where(Escalation.source == "system")))
    assert len(keys) == len(set(keys))
    assert len(raised) == 6


async def test_leave_on_its_last_day_moves_the_time_to_answer(own_desk: Desk) -> None:
    """Its limit is a clock like any other: a new calendar moves it, and the notice to the second office with it."""
    number = (await made(own_desk))["number"]
    leave = {"date": "2026-06-11", "kind": "leave", "name": "İdari izin", "counts_as_working": []}
    change = await own_desk.client.post("/v1/calendar/apply", json={"days": [leave], "reason": "Genelge"})
    assert change.status_code == 200, change.text
    moved = (await own_desk.client.get(f"/v1/complaints/{number}")).json()
    assert datetime.fromisoformat(moved["answer_by"]) == end_of(2026, 6, 12)
    assert await own_desk.armed(number) == [("warning", 50), ("warning", 80), ("legal_risk", 2), ("breach", 1)]


# ── who sees what ──


async def filed_by(mobile: AsyncClient) -> tuple[str, str]:
    """File a complaint through the mobile channel; return its number and its address."""
    number = (await mobile.post("/v1/complaints", json={**COMPLAINT, "channel": "mobile"})).json()["number"]
    return number, f"/v1/complaints/{number}"


async def test_a_channel_reads_what_it_filed_masked_and_may_withdraw_it(caller: Caller) -> None:
    mobile = await caller("mobile-app")
    _, address = await filed_by(mobile)
    own = (await mobile.get(address)).json()
    assert own["applicant"]["masked"] is True
    assert own["description"] != WORDS
    assert (await mobile.post(f"{address}/withdraw")).json()["state"] == "withdrawn"


async def test_a_channel_sees_nothing_of_what_another_filed(caller: Caller) -> None:
    mobile, other = await caller("mobile-app"), await caller("mobile-app")
    _, address = await filed_by(mobile)
    assert (await other.get(address)).status_code == 404
    assert (await other.post(f"{address}/withdraw")).status_code == 404
    assert (await other.get("/v1/complaints")).json()["items"] == []


async def test_an_office_reads_every_complaint_in_its_words(caller: Caller) -> None:
    mobile, director = await caller("mobile-app"), await caller("pr-director")
    number, address = await filed_by(mobile)
    assert (await director.get(address)).json()["description"] == WORDS
    assert [item["number"] for item in (await director.get("/v1/complaints")).json()["items"]] == [number]


@pytest.mark.parametrize(
    ("role", "command", "status"),
    [
        ("mobile-app", "acknowledge", 403),
        ("call-centre", "answer", 403),
        ("desk", "answer", 403),
        ("pr-desk", "answer", 403),
        ("unit-officer", "withdraw", 403),
        ("sms-gateway", "withdraw", 403),
        ("pr-director", "withdraw", 403),
        ("deputy-mayor", "withdraw", 403),
        ("deputy-mayor", "answer", 200),
        ("pr-director", "acknowledge", 200),
        ("pr-director", "answer", 200),
    ],
)
async def test_only_the_office_answers(desk: Desk, caller: Caller, role: str, command: str, status: int) -> None:
    number = (await made(desk))["number"]
    answer = await (await caller(role)).post(
        f"/v1/complaints/{number}/{command}", json=JUSTIFIED if command == "answer" else None
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("role", "status"), [("pr-desk", 403), ("pr-director", 403), ("deputy-mayor", 200), ("developer", 200)]
)
@pytest.mark.parametrize("command", ["acknowledge", "answer"])
async def test_what_was_made_to_the_second_office_is_answered_by_it_alone(
    desk: Desk, caller: Caller, role: str, status: int, command: str
) -> None:
    """The first office does not answer for the second, which was notified because the first had not answered."""
    number = (await made(desk, office=2))["number"]
    answer = await (await caller(role)).post(
        f"/v1/complaints/{number}/{command}", json=JUSTIFIED if command == "answer" else None
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("role", ["sms-gateway", "field-team", "cimer-clerk", "unit-officer", "pr-director", "ops"])
async def test_who_does_not_take_complaints_can_not_file_one(caller: Caller, role: str) -> None:
    assert (await (await caller(role)).post("/v1/complaints", json=COMPLAINT)).status_code == 403


async def test_a_key_with_a_unit_sees_complaints_about_its_own_tickets(desk: Desk, caller: Caller) -> None:
    ticket = await desk.open(VISIT)
    await desk.run(ticket, "refer", {"unit": "public-works"})
    about = (await made(desk, ticket=ticket))["number"]
    free = (await made(desk))["number"]
    ours, theirs = await caller("pr-director", "public-works"), await caller("pr-director", "cleaning")
    assert [item["number"] for item in (await ours.get("/v1/complaints")).json()["items"]] == [about]
    assert (await theirs.get("/v1/complaints")).json()["items"] == []
    for number in (about, free):
        assert (await theirs.get(f"/v1/complaints/{number}")).status_code == 404
        assert (await theirs.post(f"/v1/complaints/{number}/answer", json=JUSTIFIED)).status_code == 404
    assert (await theirs.get("/v1/escalations")).json()["items"] == []


async def test_who_hides_from_the_unit_complained_of_is_hidden_in_the_answer_too(desk: Desk, caller: Caller) -> None:
    """Its ticket shows the answer; whose words are masked there is for the complaint's applicant to say."""
    ticket = await desk.open(VISIT)
    await desk.run(ticket, "refer", {"unit": "public-works"})
    number = (await made(desk, ticket=ticket, applicant={**CITIZEN, "hide_identity": True}))["number"]
    await did(desk, number, "answer", {"outcome": "positive", "text": WORDS})
    unit, office = await caller("pr-director", "public-works"), await caller("pr-director")
    [seen] = (await unit.get(f"/v1/escalations?ticket={ticket}")).json()["items"]
    complaint = (await unit.get(f"/v1/complaints/{number}")).json()
    for words in (seen["response"], complaint["answer"], complaint["description"]):
        assert "0532" not in words
    assert complaint["applicant"]["name"] is None
    assert (await office.get(f"/v1/escalations?ticket={ticket}")).json()["items"][0]["response"] == WORDS


async def test_a_ticket_that_the_caller_does_not_see_can_not_be_complained_of(desk: Desk, caller: Caller) -> None:
    ticket = await desk.open(VISIT)
    mobile = await caller("mobile-app")
    answer = await mobile.post("/v1/complaints", json={**COMPLAINT, "channel": "mobile", "ticket": ticket})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "ticket_number")


async def test_a_complaint_is_no_ticket_of_the_desk(desk: Desk) -> None:
    """It has commands of its own: none of a ticket's could refer it away, stop its time or close it unanswered."""
    number = (await made(desk))["number"]
    assert await listed(desk, "/v1/tickets") == []
    assert (await desk.client.get(f"/v1/tickets/{number}")).status_code == 404
    refused_command = await desk.client.post(
        f"/v1/tickets/{number}/resolve", json={"outcome": "positive"}, headers={"If-Match": "*"}
    )
    assert refused_command.status_code == 404


@pytest.mark.parametrize(
    "query", ["state=filed", "ground=extra_document_requested", "office=1", "state=filed&office=1&limit=1"]
)
async def test_lists_are_narrowed(desk: Desk, query: str) -> None:
    number = (await made(desk))["number"]
    gone = (await made(desk, office=2, ground="service_not_listed"))["number"]
    await did(desk, gone, "withdraw")
    assert [item["number"] for item in await listed(desk, f"/v1/complaints?{query}")] == [number]
    assert [item["number"] for item in await listed(desk, "/v1/complaints?state=withdrawn")] == [gone]
    assert await listed(desk, "/v1/complaints?state=acknowledged") == []


async def test_lists_come_in_pages(desk: Desk) -> None:
    numbers = []
    for _ in range(3):
        numbers.append((await made(desk))["number"])
        desk.clock.advance(seconds=1)
    first = (await desk.client.get("/v1/complaints?limit=2")).json()
    rest = (await desk.client.get(f"/v1/complaints?limit=2&cursor={first['next_cursor']}")).json()
    assert [item["number"] for item in (*first["items"], *rest["items"])] == numbers[::-1]
    assert rest["next_cursor"] is None


async def test_nothing_personal_stands_in_a_plain_column_or_a_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Words and people are sealed: on the complaint, its notices and records, and in the history of both tickets."""
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    await did(desk, number, "acknowledge")
    await did(desk, number, "answer", {"outcome": "positive", "text": WORDS})
    desk.clock.advance(days=40)
    await sweep(desk.container)
    plain: list[str] = [caplog.text]
    async with desk.container.database.reading() as session:
        for table in ("ticket", "ticket_event", "notice", "escalation", "complaint", "applicant"):
            columns = "to_jsonb(t) - 'description' - 'note' - 'reply' - 'response' - 'name' - 'phone'"
            plain += [str(row) for row in await session.scalars(text(f"SELECT {columns} FROM {table} t"))]  # noqa: S608
        assert len(list(await session.scalars(select(Applicant.id)))) == 2
    for personal in ("Örnek Vatandaş", "5320000067", "532 000 00 67", "Vekâletname istediler", "aranabilir"):
        assert not [one for one in plain if personal in one]


async def test_a_reading_in_clear_is_written_down(desk: Desk) -> None:
    number = (await made(desk))["number"]
    await desk.client.get(f"/v1/complaints/{number}")
    async with desk.container.database.reading() as session:
        found = (
            await session.execute(text("SELECT facts FROM personal_data_access WHERE operation = 'read_complaint'"))
        ).scalars()
        assert {"complaint": number} in list(found)


# ── where it stands on another ticket ──


async def about_a_ticket(desk: Desk) -> tuple[str, str, dict[str, Any]]:
    """A ticket, a complaint about it, and the record that stands for the complaint on the ticket."""
    ticket = await desk.open(VISIT)
    number = (await made(desk, ticket=ticket))["number"]
    [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
    return ticket, number, mirror


async def test_acknowledging_a_complaint_on_its_ticket_acknowledges_the_complaint(desk: Desk) -> None:
    ticket, number, mirror = await about_a_ticket(desk)
    seen = await desk.client.post(f"/v1/escalations/{mirror['id']}/acknowledge")
    assert (seen.status_code, seen.json()["id"], seen.json()["state"]) == (200, mirror["id"], "acknowledged")
    assert (await desk.client.get(f"/v1/complaints/{number}")).json()["state"] == "acknowledged"
    desk.clock.set(end_of(2026, 5, 14))
    await sweep(desk.container)
    assert await listed(desk, f"/v1/notices?ticket={number}&kind=reminder") == []
    again = await desk.client.post(f"/v1/escalations/{mirror['id']}/acknowledge")
    assert again.json()["acknowledged_at"] == seen.json()["acknowledged_at"]
    assert (await desk.timeline(ticket))["chain_holds"] is True


async def test_acknowledging_a_missed_limit_does_not_acknowledge_the_complaint(desk: Desk) -> None:
    ticket, number, _ = await about_a_ticket(desk)
    desk.clock.set(end_of(2026, 6, 1))
    await sweep(desk.container)
    [notice] = await listed(desk, f"/v1/notices?ticket={ticket}&kind=escalation_1")
    await desk.client.post(f"/v1/notices/{notice['number']}/acknowledge")
    states = {item["source"]: item["state"] for item in await listed(desk, f"/v1/escalations?ticket={ticket}")}
    assert states == {"system": "acknowledged", "citizen": "raised"}
    assert (await desk.client.get(f"/v1/complaints/{number}")).json()["state"] == "filed"


@pytest.mark.parametrize("language", ["tr", "en"])
async def test_a_complaint_is_answered_to_the_citizen_or_not_at_all(desk: Desk, language: str) -> None:
    """A response on the escalation alone would look like an answer that the citizen never got."""
    _, number, mirror = await about_a_ticket(desk)
    [own] = await listed(desk, f"/v1/escalations?ticket={number}")
    for record in (own, mirror):
        refusal = await desk.client.post(
            f"/v1/escalations/{record['id']}/respond", json={"text": "Bakıldı."}, headers={"Accept-Language": language}
        )
        assert (refusal.status_code, refusal.json()["code"]) == (409, "is_complaint")
        assert refusal.json()["complaint"] == number
    assert (await did(desk, number, "answer", JUSTIFIED))["answer"] == JUSTIFIED["text"]


async def test_acknowledging_on_the_ticket_and_answering_at_once_do_not_deadlock(desk: Desk) -> None:
    """C11: the complaint is locked before the ticket that it is about, through every route."""
    cases = [await about_a_ticket(desk) for _ in range(4)]
    answers = await asyncio.gather(
        *(desk.client.post(f"/v1/escalations/{mirror['id']}/acknowledge") for _, _, mirror in cases),
        *(desk.client.post(f"/v1/complaints/{number}/answer", json=JUSTIFIED) for _, number, _ in cases),
    )
    assert {answer.status_code for answer in answers} == {200}
    for ticket, _, _ in cases:
        [mirror] = await listed(desk, f"/v1/escalations?ticket={ticket}")
        assert (mirror["state"], mirror["response"]) == ("closed", JUSTIFIED["text"])

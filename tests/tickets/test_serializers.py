"""Responses about a ticket: a broken history is reported, personal data are masked for readers without the right."""

import pytest
from sqlalchemy import select, text

from app.access.model import PersonalDataAccess
from tests.desk import ANSWER, CALL, CITIZEN, VISIT, Desk
from tests.installation import new_key, opened_client


async def chain_is_intact(desk: Desk, number: str) -> bool:
    whole: bool = (await desk.timeline(number))["chain_holds"]
    return whole


# ── history ──


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE ticket_event SET actor = 'somebody' WHERE seq = 2",
        "UPDATE ticket_event SET at = at + interval '1 microsecond' WHERE seq = 1",
        'UPDATE ticket_event SET data = data || \'{"to": "closed"}\' WHERE seq = 2',
        "UPDATE ticket_event SET kind = 'close' WHERE seq = 3",
        "UPDATE ticket_event SET note = NULL WHERE seq = 4",
        "UPDATE ticket_event SET hash = sha256(hash) WHERE seq = 4",
        "DELETE FROM ticket_event WHERE seq = 2",
        "DELETE FROM ticket_event WHERE seq = 4",
        "DELETE FROM ticket_event",
    ],
)
async def test_an_altered_history_shows(desk: Desk, tampering: str) -> None:
    number = await desk.ticket_in("in_progress")
    await desk.run(number, "comment")
    assert await chain_is_intact(desk, number)
    of_ticket = " AND" if "WHERE" in tampering else " WHERE"
    of_ticket += " ticket_id = (SELECT id FROM ticket WHERE number = :number)"
    async with desk.container.database.transaction() as session:
        await session.execute(text(tampering + of_ticket), {"number": number})
    assert not await chain_is_intact(desk, number)


async def test_words_of_people_are_stored_sealed(desk: Desk) -> None:
    """C12: no plain text of a person stands in any row of a ticket's life."""
    number = await desk.open(VISIT)
    secret = "Ayşe teyze 0532 111 22 33"
    await desk.run(number, "refer", {"unit": "public-works", "note": secret})
    await desk.run(number, "accept")
    await desk.run(number, "pause", {"reason": "awaiting_citizen", "note": secret})
    await desk.run(number, "resume")
    for command in ("interim_reply", "comment"):
        await desk.run(number, command, {"text": secret})
    await desk.run(number, "propose", {**ANSWER, "reply": secret})
    await desk.run(number, "reject", {"reason": secret})
    await desk.run(number, "resolve", {**ANSWER, "reply": secret})
    await desk.run(number, "callback", {"reached": True, "note": secret})
    await desk.run(number, "reopen", {"reason": secret})
    assert [item["note"] for item in (await desk.timeline(number))["items"]].count(secret) == 9
    tables = ("ticket", "ticket_event", "notice", "checkpoint", "sla_clock", "clock_pause", "applicant")
    async with desk.container.database.reading() as session:
        rows = [
            str(row[0])
            for table in tables
            for row in await session.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t"))  # noqa: S608 - fixed names
        ]
    everything = "\n".join(rows)
    for leak in ("Ayşe", "111 22 33", "Örnek Vatandaş", "5320000067", "bank isteniyor"):
        assert leak not in everything
        assert leak.encode().hex() not in everything


async def test_a_note_of_a_masked_reader_shows_no_number(desk: Desk) -> None:
    number = await desk.ticket_in("referred")
    await desk.run(number, "comment", {"text": "Vatandaş 0532 111 22 33 numarasından aradı."})
    key = await new_key(desk.container, "unit-officer", "public-works")
    async with opened_client(desk.app, key) as officer:
        notes = [e["note"] for e in (await officer.get(f"/v1/tickets/{number}/events")).json()["items"]]
    assert notes[-1] == "Vatandaş *** numarasından aradı."


# ── reading personal data ──


async def reads_of(desk: Desk, number: str) -> list[str]:
    query = select(PersonalDataAccess.operation).where(PersonalDataAccess.facts["ticket"].astext == number)
    async with desk.container.database.reading() as session:
        return sorted(await session.scalars(query))


async def test_every_unmasked_answer_is_recorded(desk: Desk) -> None:
    """KVKK: reading unmasked personal data leaves a row that says who, when and of which ticket."""
    number = await desk.open()
    assert await reads_of(desk, number) == []
    response = await desk.send(number, "register")
    assert response.json()["applicant"]["name"] == CITIZEN["name"]
    assert await reads_of(desk, number) == ["command"]
    await desk.client.get(f"/v1/tickets/{number}")
    await desk.client.get(f"/v1/tickets/{number}/events")
    assert await reads_of(desk, number) == ["command", "read_ticket", "read_timeline"]


async def test_an_answer_that_shows_nothing_is_not_recorded(desk: Desk) -> None:
    number = await desk.ticket_in("referred")
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    known = await reads_of(desk, number)
    key = await new_key(desk.container, "unit-officer", "public-works")
    async with opened_client(desk.app, key) as officer:
        assert (await officer.get(f"/v1/tickets/{number}")).json()["applicant"]["masked"] is True
        assert (await desk.send(number, "accept", by=officer)).status_code == 200
        assert (await officer.get(f"/v1/tickets/{number}/events")).status_code == 200
    assert (await desk.send(number, "register")).status_code == 409
    unchanged = await desk.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": '"v3"'})
    assert (tag, unchanged.status_code) == ('"v2"', 304)
    assert await reads_of(desk, number) == known


# ── hidden identity ──

TIP_OFF = {**VISIT, "kind": "tip_off", "applicant": {**CITIZEN, "email": "ornek@example.org", "hide_identity": True}}


async def test_a_directorate_does_not_see_who_hid_behind_a_tip_off(desk: Desk) -> None:
    """Domain §9.8: not even initials; and the applicant is sent nothing that others could read."""
    number = await desk.open(TIP_OFF)
    await desk.run(number, "refer")
    await desk.run(number, "comment", {"text": "Telefonu 0532 000 00 67"})
    for role in ("unit-officer", "pr-desk"):
        async with opened_client(desk.app, await new_key(desk.container, role, "public-works")) as officer:
            seen = await officer.get(f"/v1/tickets/{number}")
            history = await officer.get(f"/v1/tickets/{number}/events")
            page = await officer.get("/v1/tickets")
        hidden = dict.fromkeys(("name", "phone", "national_id", "address", "email", "language", "contact_by"))
        assert seen.json()["applicant"] == {"role": "self", "masked": True, **hidden}
        for response in (seen, history, page):
            assert response.status_code == 200
            assert "Örnek" not in response.text
            assert "00 67" not in response.text
    assert await desk.notices(number, of_offices=False) == []


async def test_the_desk_knows_who_hid(desk: Desk) -> None:
    number = await desk.open(TIP_OFF)
    assert (await desk.read(number))["applicant"]["name"] == CITIZEN["name"]


async def test_a_reader_without_the_right_sees_masks_and_none_of_the_hidden(desk: Desk) -> None:
    open_number, hidden = await desk.open(CALL), await desk.open(TIP_OFF)
    async with opened_client(desk.app, await new_key(desk.container, "cimer-clerk")) as clerk:
        shown = (await clerk.get(f"/v1/tickets/{open_number}")).json()["applicant"]
        assert (shown["name"], shown["masked"]) == ("Ö**** V*******", True)
        assert "*** **" in shown["phone"]
        assert (await clerk.get(f"/v1/tickets/{hidden}")).json()["applicant"]["name"] is None


async def test_a_directorate_can_not_find_out_by_a_number_who_hid(desk: Desk) -> None:
    number = await desk.open(TIP_OFF)
    await desk.run(number, "refer")
    wanted = {"phone": CITIZEN["phone"]}
    async with opened_client(desk.app, await new_key(desk.container, "unit-officer", "public-works")) as officer:
        assert [t["number"] for t in (await officer.get("/v1/tickets")).json()["items"]] == [number]
        assert (await officer.get("/v1/tickets", params=wanted)).json()["items"] == []
    found = (await desk.client.get("/v1/tickets", params=wanted)).json()["items"]
    assert [ticket["number"] for ticket in found] == [number]

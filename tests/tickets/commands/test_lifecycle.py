"""The commands of a ticket's life over HTTP: the table judges each, versions guard each, and history keeps each."""

import asyncio

import pytest

from app.tickets.workflow import TRANSITIONS, Command, State, next_state
from tests.desk import ANSWER, BODIES, CALL, REFUSAL, Desk
from tests.installation import new_key, opened_client

ALLOWED = [(state, command) for state, commands in TRANSITIONS.items() for command in commands]


LIMITS = {Command.EXTEND, Command.FEE_NOTICE, Command.FEE_PAID, Command.OVERRIDE_DUE}
"""Commands that the limits of a ticket have to know too, beside its state."""


async def body_for(desk: Desk, command: Command) -> object:
    if command is Command.LINK_DUPLICATE:
        return {"duplicate_of": await desk.open()}
    return BODIES[command]


async def chain_is_intact(desk: Desk, number: str) -> bool:
    whole: bool = (await desk.timeline(number))["chain_holds"]
    return whole


@pytest.mark.parametrize("state", list(State))
async def test_a_command_that_the_state_forbids_changes_nothing_and_says_what_is_allowed(
    desk: Desk, state: State
) -> None:
    number = await desk.ticket_in(state)
    before, history = await desk.read(number), await desk.timeline(number)
    assert before["status"] == state
    forbidden = [command for command in Command if command not in TRANSITIONS[state]]
    for command in forbidden:
        response = await desk.send(number, command, await body_for(desk, command))
        assert response.status_code == 409, (command, response.text)
        assert response.json()["code"] == "wrong_state"
        assert response.json()["state"] == state
        assert response.json()["allowed_actions"] == list(TRANSITIONS[state])
    assert len(forbidden) + len(TRANSITIONS[state]) == len(Command)
    assert set(TRANSITIONS[state]) - set(before["allowed_actions"]) <= LIMITS
    assert set(before["allowed_actions"]) <= set(TRANSITIONS[state])
    assert await desk.read(number) == before
    assert await desk.timeline(number) == history


@pytest.mark.parametrize(("state", "command"), ALLOWED, ids=[f"{s}-{c}" for s, c in ALLOWED])
async def test_an_allowed_command_leads_where_the_table_says_and_writes_one_event(
    desk: Desk, state: State, command: Command
) -> None:
    number = await desk.ticket_in(state, information=command in LIMITS)
    events = (await desk.timeline(number))["items"]
    read = await desk.client.get(f"/v1/tickets/{number}")
    assert command in read.json()["allowed_actions"]
    response = await desk.send(number, command, await body_for(desk, command), if_match=read.headers["ETag"])
    assert response.status_code == 200, response.text
    assert response.json()["status"] == next_state(state, command)
    assert response.json() == await desk.read(number)
    assert response.headers["ETag"] != read.headers["ETag"]
    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert history["items"][:-1] == events
    assert history["items"][-1]["kind"] == command
    assert history["items"][-1]["data"]["from"] == state
    assert history["items"][-1]["data"]["to"] == response.json()["status"]


# ── versions ──


async def test_a_command_without_if_match_is_asked_for_it(desk: Desk) -> None:
    number = await desk.open()
    response = await desk.send(number, "register", if_match=None)
    assert (response.status_code, response.json()["code"]) == (428, "version_required")
    assert (await desk.read(number))["status"] == "received"


async def test_a_stale_version_is_refused_and_the_present_one_is_named(desk: Desk) -> None:
    number = await desk.open()
    first = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    now = await desk.send(number, "register", if_match=first)
    response = await desk.send(number, "refer", BODIES["refer"], if_match=first)
    assert (response.status_code, response.json()["code"]) == (412, "stale_version")
    assert response.json()["etag"] == now.headers["ETag"] != first
    assert (await desk.read(number))["status"] == "registered"


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ("*", 200),
        ('"v1"', 200),
        ('"v0", "v1"', 200),
        ("v1", 200),
        ('W/"v1"', 200),
        ('"v1-gzip"', 200),
        ('"v2"', 412),
        ('W/"v2"', 412),
        ('"v11"', 412),
    ],
)
async def test_if_match_names_the_version_also_as_a_proxy_rewrites_it(desk: Desk, if_match: str, status: int) -> None:
    number = await desk.open()
    assert (await desk.send(number, "register", if_match=if_match)).status_code == status


async def test_of_two_commands_on_one_version_the_second_loses(desk: Desk) -> None:
    number = await desk.ticket_in("in_progress")
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    responses = await asyncio.gather(
        *(desk.send(number, "resolve", ANSWER, if_match=tag) for _ in range(3)),
        desk.send(number, "pause", BODIES["pause"], if_match=tag),
    )
    assert sorted(response.status_code for response in responses) == [200, 412, 412, 412]
    assert await chain_is_intact(desk, number)


async def test_of_two_commands_on_any_version_the_second_meets_the_new_state(desk: Desk) -> None:
    """C11: the loser gets 409."""
    number = await desk.ticket_in("in_progress")
    responses = await asyncio.gather(
        desk.send(number, "resolve", ANSWER), desk.send(number, "return", BODIES["return"])
    )
    assert sorted(response.status_code for response in responses) in ([200, 409], [200, 200])
    history = await desk.timeline(number)
    assert history["chain_holds"] is True
    assert len(history["items"]) == 4 + [response.status_code for response in responses].count(200) - 1


async def test_an_unchanged_ticket_is_not_sent_again(desk: Desk) -> None:
    number = await desk.open()
    tag = (await desk.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    again = await desk.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    weak = await desk.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": f'"v9", W/{tag}'})
    assert weak.status_code == 304
    await desk.run(number, "register")
    changed = await desk.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["status"] == "registered"


# ── who may ──


async def test_a_directorate_sees_and_moves_its_own_tickets_only(desk: Desk) -> None:
    ours, theirs = await desk.ticket_in("referred"), await desk.open()
    key = await new_key(desk.container, "unit-officer", "public-works")
    async with opened_client(desk.app, key) as officer:
        assert (await officer.get(f"/v1/tickets/{ours}")).status_code == 200
        for address in (theirs, f"{theirs}/events"):
            assert (await officer.get(f"/v1/tickets/{address}")).status_code == 404
        for if_match in ("*", '"v9"', None):
            refused = await desk.send(theirs, "register", if_match=if_match, by=officer)
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        returned = await desk.send(ours, "return", BODIES["return"], by=officer)
        assert returned.status_code == 200
        assert (await officer.get(f"/v1/tickets/{ours}")).status_code == 404


async def test_a_key_that_reads_its_own_sees_no_other_ticket(desk: Desk) -> None:
    theirs = await desk.open(channel="mobile")
    async with opened_client(desk.app, await new_key(desk.container, "mobile-app")) as phone:
        made = (await phone.post("/v1/tickets", json={**CALL, "channel": "mobile"})).json()["number"]
        assert (await phone.get(f"/v1/tickets/{made}")).status_code == 200
        assert (await phone.get(f"/v1/tickets/{theirs}")).status_code == 404
        listed = (await phone.get("/v1/tickets")).json()["items"]
        assert [item["number"] for item in listed] == [made]


@pytest.mark.parametrize("role", ["mobile-app", "sms-gateway", "pr-director"])
async def test_a_key_without_the_scope_commands_nothing(desk: Desk, role: str) -> None:
    number = await desk.open()
    async with opened_client(desk.app, await new_key(desk.container, role)) as caller:
        for command in Command:
            response = await desk.send(number, command, BODIES.get(command), by=caller)
            assert (response.status_code, response.json()["code"]) == (403, "forbidden"), command
            assert response.json()["scope"] == "tickets:command"
    assert len((await desk.timeline(number))["items"]) == 1


async def test_a_caller_without_a_key_commands_nothing(desk: Desk) -> None:
    number = await desk.open()
    async with opened_client(desk.app) as stranger:
        assert (await desk.send(number, "withdraw", by=stranger)).status_code == 401
        assert (await stranger.get(f"/v1/tickets/{number}")).status_code == 401
        assert (await stranger.get("/v1/tickets")).status_code == 401


@pytest.mark.parametrize("number", ["2600000000", "abc", "12", "2600000009"])
async def test_a_number_that_is_nobodys_is_not_found(desk: Desk, number: str) -> None:
    assert (await desk.send(number, "register")).status_code == 404


async def test_a_number_may_be_typed_as_it_is_dictated(desk: Desk) -> None:
    number = await desk.open()
    spaced = f"{number[:2]} {number[2:6]}-{number[6:]}"
    assert (await desk.send(spaced, "register")).status_code == 200


# ── what each command asks for ──


async def test_a_ticket_is_referred_to_a_directorate_that_exists(desk: Desk) -> None:
    number = await desk.open()
    response = await desk.send(number, "refer", {"unit": "moon-works"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/unit"
    assert "public-works" in response.json()["errors"][0]["detail"]
    assert (await desk.read(number))["status"] == "received"


async def test_the_applicant_is_notified_of_referral_and_result(desk: Desk) -> None:
    number = await desk.ticket_in("in_progress")
    await desk.run(number, "resolve")
    assert [notice.kind for notice in await desk.notices(number, of_offices=False)] == [
        "receipt",
        "referral",
        "resolution",
    ]


async def test_two_referrals_are_two_notices(desk: Desk) -> None:
    number = await desk.ticket_in("returned")
    await desk.run(number, "refer", {"unit": "cleaning"})
    notified = [notice.kind for notice in await desk.notices(number, of_offices=False)]
    assert notified.count("referral") == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"outcome": "negative"}, "reason_needed"),
        ({"outcome": "negative", "reason": "Alan özel mülkiyettedir."}, "reason_needed"),
        ({"outcome": "negative", "remedy": "administrative_court"}, "reason_needed"),
        ({"outcome": "not_examined"}, "reason_needed"),
        ({"outcome": "forwarded_out"}, "forwarded_to_needed"),
        ({"outcome": "withdrawn"}, "wrong_outcome"),
        ({"outcome": "duplicate"}, "wrong_outcome"),
        ({"outcome": "planned"}, "choice"),
    ],
)
@pytest.mark.parametrize("command", ["resolve", "propose"])
async def test_a_refusal_without_its_reason_and_remedy_is_no_answer(
    desk: Desk, command: str, body: dict[str, str], code: str
) -> None:
    """2577 art. 7 and Constitution art. 40: a refusal names its reason and the remedy."""
    number = await desk.ticket_in("in_progress")
    response = await desk.send(number, command, body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["code"] == code
    assert (await desk.read(number))["status"] == "in_progress"


async def test_a_refusal_keeps_its_reason_in_the_reply_and_in_history(desk: Desk) -> None:
    number = await desk.ticket_in("in_progress")
    ticket = await desk.run(number, "resolve", REFUSAL)
    assert ticket["outcome"] == "negative"
    assert REFUSAL["reason"] in ticket["reply"]
    last = (await desk.timeline(number))["items"][-1]
    assert last["note"] == ticket["reply"]
    assert last["data"]["remedy"] == "administrative_court"


async def test_a_call_that_reaches_the_citizen_closes_the_ticket(desk: Desk) -> None:
    number = await desk.ticket_in("resolved")
    ticket = await desk.run(number, "callback", {"reached": True, "score": 5})
    assert (ticket["status"], ticket["outcome"]) == ("closed", "positive")
    assert ticket["closed_at"] is not None
    assert (await desk.timeline(number))["items"][-1]["data"]["score"] == 5


async def test_the_third_call_without_an_answer_closes_the_ticket(desk: Desk) -> None:
    number = await desk.ticket_in("resolved")
    states = [(await desk.run(number, "callback", {"reached": False}))["status"] for _ in range(3)]
    assert states == ["callback_pending", "callback_pending", "closed"]
    assert (await desk.send(number, "callback", {"reached": True})).status_code == 409


async def test_calls_are_counted_from_one_after_a_reopening(desk: Desk) -> None:
    number = await desk.ticket_in("resolved")
    await desk.run_all(number, "callback", "callback", "reopen", "resolve")
    assert (await desk.run(number, "callback"))["status"] == "callback_pending"


async def test_a_duplicate_names_its_original(desk: Desk) -> None:
    original, double = await desk.open(), await desk.open()
    ticket = await desk.run(double, "link_duplicate", {"duplicate_of": original})
    assert (ticket["status"], ticket["outcome"]) == ("closed", "duplicate")
    assert (await desk.timeline(double))["items"][-1]["data"]["duplicate_of"] == original
    assert (await desk.read(original))["status"] == "received"


async def test_a_reopened_duplicate_stands_for_itself_again(desk: Desk) -> None:
    original, double = await desk.open(), await desk.open()
    await desk.run(double, "link_duplicate", {"duplicate_of": original})
    ticket = await desk.run(double, "reopen")
    assert (ticket["duplicate_of"], ticket["outcome"]) == (None, None)


@pytest.mark.parametrize("number", ["2600000009", "nonsense"])
async def test_a_duplicate_of_nothing_is_refused(desk: Desk, number: str) -> None:
    double = await desk.open()
    response = await desk.send(double, "link_duplicate", {"duplicate_of": number})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/duplicate_of")
    assert (await desk.read(double))["status"] == "received"


async def test_tickets_are_not_duplicates_of_themselves_or_of_each_other(desk: Desk) -> None:
    """Two tickets that are each other's duplicate would both be closed, and the citizen would get no answer."""
    one, other = await desk.open(), await desk.open()
    for target, number in ((one, one), (other, other)):
        response = await desk.send(number, "link_duplicate", {"duplicate_of": target})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "duplicate_itself")
    await desk.run(one, "link_duplicate", {"duplicate_of": other})
    response = await desk.send(other, "link_duplicate", {"duplicate_of": one})
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, "/duplicate_of")
    assert (await desk.read(other))["status"] == "received"


async def test_a_comment_moves_neither_state_nor_clock(desk: Desk) -> None:
    """C1: a comment neither moves nor fires a deadline."""
    number = await desk.ticket_in("in_progress")
    before, armed = await desk.read(number), await desk.armed(number)
    after_it = await desk.run(number, "comment")
    assert after_it == before
    assert await desk.armed(number) == armed


async def test_two_tickets_cannot_become_each_others_duplicate_at_once(desk: Desk) -> None:
    one, other = await desk.open(), await desk.open()
    await asyncio.gather(
        desk.send(one, "link_duplicate", {"duplicate_of": other}),
        desk.send(other, "link_duplicate", {"duplicate_of": one}),
    )
    assert "received" in {(await desk.read(one))["status"], (await desk.read(other))["status"]}

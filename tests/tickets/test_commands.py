"""The commands of a ticket's life over HTTP: the table judges each, versions guard each, and history keeps each."""

import asyncio

import pytest

from app.tickets.workflow import TRANSITIONS, Command, State, after
from tests.installation import new_key, opened_client
from tests.tickets.counter import ANSWER, BODIES, CALL, REFUSAL, Counter

ALLOWED = [(state, command) for state, commands in TRANSITIONS.items() for command in commands]


LIMITS = {Command.EXTEND, Command.FEE_NOTICE, Command.FEE_PAID, Command.OVERRIDE_DUE}
"""Commands that the limits of a ticket have to know too, beside its state."""


async def body_for(counter: Counter, command: Command) -> object:
    if command is Command.LINK_DUPLICATE:
        return {"duplicate_of": await counter.open()}
    return BODIES[command]


async def holds(counter: Counter, number: str) -> bool:
    whole: bool = (await counter.timeline(number))["chain_holds"]
    return whole


@pytest.mark.parametrize("state", list(State))
async def test_a_command_that_the_state_forbids_changes_nothing_and_says_what_is_allowed(
    counter: Counter, state: State
) -> None:
    number = await counter.ticket_in(state)
    before, history = await counter.read(number), await counter.timeline(number)
    assert before["status"] == state
    forbidden = [command for command in Command if command not in TRANSITIONS[state]]
    for command in forbidden:
        answer = await counter.send(number, command, await body_for(counter, command))
        assert answer.status_code == 409, (command, answer.text)
        assert answer.json()["code"] == "wrong_state"
        assert answer.json()["state"] == state
        assert answer.json()["allowed_actions"] == list(TRANSITIONS[state])
    assert len(forbidden) + len(TRANSITIONS[state]) == len(Command)
    assert set(TRANSITIONS[state]) - set(before["allowed_actions"]) <= LIMITS
    assert set(before["allowed_actions"]) <= set(TRANSITIONS[state])
    assert await counter.read(number) == before
    assert await counter.timeline(number) == history


@pytest.mark.parametrize(("state", "command"), ALLOWED, ids=[f"{s}-{c}" for s, c in ALLOWED])
async def test_an_allowed_command_leads_where_the_table_says_and_writes_one_event(
    counter: Counter, state: State, command: Command
) -> None:
    number = await counter.ticket_in(state, information=command in LIMITS)
    events = (await counter.timeline(number))["items"]
    read = await counter.client.get(f"/v1/tickets/{number}")
    assert command in read.json()["allowed_actions"]
    answer = await counter.send(number, command, await body_for(counter, command), if_match=read.headers["ETag"])
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == after(state, command)
    assert answer.json() == await counter.read(number)
    assert answer.headers["ETag"] != read.headers["ETag"]
    history = await counter.timeline(number)
    assert history["chain_holds"] is True
    assert history["items"][:-1] == events
    assert history["items"][-1]["kind"] == command
    assert history["items"][-1]["data"]["from"] == state
    assert history["items"][-1]["data"]["to"] == answer.json()["status"]


# ── versions ──


async def test_a_command_without_if_match_is_asked_for_it(counter: Counter) -> None:
    number = await counter.open()
    answer = await counter.send(number, "register", if_match=None)
    assert (answer.status_code, answer.json()["code"]) == (428, "version_required")
    assert (await counter.read(number))["status"] == "received"


async def test_a_stale_version_is_refused_and_the_present_one_is_named(counter: Counter) -> None:
    number = await counter.open()
    first = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    now = await counter.send(number, "register", if_match=first)
    answer = await counter.send(number, "refer", BODIES["refer"], if_match=first)
    assert (answer.status_code, answer.json()["code"]) == (412, "stale_version")
    assert answer.json()["etag"] == now.headers["ETag"] != first
    assert (await counter.read(number))["status"] == "registered"


@pytest.mark.parametrize(
    ("if_match", "status"),
    [("*", 200), ('"v1"', 200), ('"v0", "v1"', 200), ('"v2"', 412), ("v1", 412), ('W/"v1"', 412), ('"v11"', 412)],
)
async def test_if_match_is_a_list_of_strong_tags_or_a_star(counter: Counter, if_match: str, status: int) -> None:
    number = await counter.open()
    assert (await counter.send(number, "register", if_match=if_match)).status_code == status


async def test_of_two_commands_on_one_version_the_second_loses(counter: Counter) -> None:
    number = await counter.ticket_in("in_progress")
    tag = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    answers = await asyncio.gather(
        *(counter.send(number, "resolve", ANSWER, if_match=tag) for _ in range(3)),
        counter.send(number, "pause", BODIES["pause"], if_match=tag),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert await holds(counter, number)


async def test_of_two_commands_on_any_version_the_second_meets_the_new_state(counter: Counter) -> None:
    """C11: the loser gets 409."""
    number = await counter.ticket_in("in_progress")
    answers = await asyncio.gather(
        counter.send(number, "resolve", ANSWER), counter.send(number, "return", BODIES["return"])
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409], [200, 200])
    history = await counter.timeline(number)
    assert history["chain_holds"] is True
    assert len(history["items"]) == 4 + [answer.status_code for answer in answers].count(200) - 1


async def test_an_unchanged_ticket_is_not_sent_again(counter: Counter) -> None:
    number = await counter.open()
    tag = (await counter.client.get(f"/v1/tickets/{number}")).headers["ETag"]
    again = await counter.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    weak = await counter.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": f'"v9", W/{tag}'})
    assert weak.status_code == 304
    await counter.did(number, "register")
    changed = await counter.client.get(f"/v1/tickets/{number}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["status"] == "registered"


# ── who may ──


async def test_a_directorate_sees_and_moves_its_own_tickets_only(counter: Counter) -> None:
    ours, theirs = await counter.ticket_in("referred"), await counter.open()
    key = await new_key(counter.container, "unit-officer", "public-works")
    async with opened_client(counter.app, key) as officer:
        assert (await officer.get(f"/v1/tickets/{ours}")).status_code == 200
        for address in (theirs, f"{theirs}/events"):
            assert (await officer.get(f"/v1/tickets/{address}")).status_code == 404
        for if_match in ("*", '"v9"', None):
            refused = await counter.send(theirs, "register", if_match=if_match, by=officer)
            assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        returned = await counter.send(ours, "return", BODIES["return"], by=officer)
        assert returned.status_code == 200
        assert (await officer.get(f"/v1/tickets/{ours}")).status_code == 404


async def test_a_key_that_reads_its_own_sees_no_other_ticket(counter: Counter) -> None:
    theirs = await counter.open(channel="mobile")
    async with opened_client(counter.app, await new_key(counter.container, "mobile-app")) as phone:
        made = (await phone.post("/v1/tickets", json={**CALL, "channel": "mobile"})).json()["number"]
        assert (await phone.get(f"/v1/tickets/{made}")).status_code == 200
        assert (await phone.get(f"/v1/tickets/{theirs}")).status_code == 404
        listed = (await phone.get("/v1/tickets")).json()["items"]
        assert [item["number"] for item in listed] == [made]


@pytest.mark.parametrize("role", ["mobile-app", "sms-gateway", "pr-director"])
async def test_a_key_without_the_scope_commands_nothing(counter: Counter, role: str) -> None:
    number = await counter.open()
    async with opened_client(counter.app, await new_key(counter.container, role)) as caller:
        for command in Command:
            answer = await counter.send(number, command, BODIES.get(command), by=caller)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), command
            assert answer.json()["scope"] == "tickets:command"
    assert len((await counter.timeline(number))["items"]) == 1


async def test_a_caller_without_a_key_commands_nothing(counter: Counter) -> None:
    number = await counter.open()
    async with opened_client(counter.app) as stranger:
        assert (await counter.send(number, "withdraw", by=stranger)).status_code == 401
        assert (await stranger.get(f"/v1/tickets/{number}")).status_code == 401
        assert (await stranger.get("/v1/tickets")).status_code == 401


@pytest.mark.parametrize("number", ["2600000000", "abc", "12", "2600000009"])
async def test_a_number_that_is_nobodys_is_not_found(counter: Counter, number: str) -> None:
    assert (await counter.send(number, "register")).status_code == 404


async def test_a_number_may_be_typed_as_it_is_dictated(counter: Counter) -> None:
    number = await counter.open()
    spaced = f"{number[:2]} {number[2:6]}-{number[6:]}"
    assert (await counter.send(spaced, "register")).status_code == 200


# ── what each command asks for ──


async def test_a_ticket_is_referred_to_a_directorate_that_exists(counter: Counter) -> None:
    number = await counter.open()
    answer = await counter.send(number, "refer", {"unit": "moon-works"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/unit"
    assert "public-works" in answer.json()["errors"][0]["detail"]
    assert (await counter.read(number))["status"] == "received"


async def test_the_applicant_is_told_of_referral_and_result(counter: Counter) -> None:
    number = await counter.ticket_in("in_progress")
    await counter.did(number, "resolve")
    assert [kind for kind, _, _ in await counter.notices(number, of_offices=False)] == [
        "receipt",
        "referral",
        "resolution",
    ]


async def test_two_referrals_are_two_notices(counter: Counter) -> None:
    number = await counter.ticket_in("returned")
    await counter.did(number, "refer", {"unit": "cleaning"})
    told = [kind for kind, _, _ in await counter.notices(number, of_offices=False)]
    assert told.count("referral") == 2


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
    counter: Counter, command: str, body: dict[str, str], code: str
) -> None:
    """2577 art. 7 and Constitution art. 40: who is refused is told why and what can be done against it."""
    number = await counter.ticket_in("in_progress")
    answer = await counter.send(number, command, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code
    assert (await counter.read(number))["status"] == "in_progress"


async def test_a_refusal_keeps_its_reason_in_the_reply_and_in_history(counter: Counter) -> None:
    number = await counter.ticket_in("in_progress")
    ticket = await counter.did(number, "resolve", REFUSAL)
    assert ticket["outcome"] == "negative"
    assert REFUSAL["reason"] in ticket["reply"]
    last = (await counter.timeline(number))["items"][-1]
    assert last["note"] == ticket["reply"]
    assert last["data"]["remedy"] == "administrative_court"


async def test_a_call_that_reaches_the_citizen_closes_the_ticket(counter: Counter) -> None:
    number = await counter.ticket_in("resolved")
    ticket = await counter.did(number, "callback", {"reached": True, "score": 5})
    assert (ticket["status"], ticket["outcome"]) == ("closed", "positive")
    assert ticket["closed_at"] is not None
    assert (await counter.timeline(number))["items"][-1]["data"]["score"] == 5


async def test_the_third_call_that_reaches_nobody_closes_the_ticket(counter: Counter) -> None:
    number = await counter.ticket_in("resolved")
    states = [(await counter.did(number, "callback", {"reached": False}))["status"] for _ in range(3)]
    assert states == ["callback_pending", "callback_pending", "closed"]
    assert (await counter.send(number, "callback", {"reached": True})).status_code == 409


async def test_calls_are_counted_anew_after_a_reopening(counter: Counter) -> None:
    number = await counter.ticket_in("resolved")
    await counter.done(number, "callback", "callback", "reopen", "resolve")
    assert (await counter.did(number, "callback"))["status"] == "callback_pending"


async def test_a_duplicate_names_its_original(counter: Counter) -> None:
    original, double = await counter.open(), await counter.open()
    ticket = await counter.did(double, "link_duplicate", {"duplicate_of": original})
    assert (ticket["status"], ticket["outcome"]) == ("closed", "duplicate")
    assert (await counter.timeline(double))["items"][-1]["data"]["duplicate_of"] == original
    assert (await counter.read(original))["status"] == "received"


async def test_a_reopened_duplicate_stands_for_itself_again(counter: Counter) -> None:
    original, double = await counter.open(), await counter.open()
    await counter.did(double, "link_duplicate", {"duplicate_of": original})
    ticket = await counter.did(double, "reopen")
    assert (ticket["duplicate_of"], ticket["outcome"]) == (None, None)


@pytest.mark.parametrize("number", ["2600000009", "nonsense"])
async def test_a_duplicate_of_nothing_is_refused(counter: Counter, number: str) -> None:
    double = await counter.open()
    answer = await counter.send(double, "link_duplicate", {"duplicate_of": number})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/duplicate_of")
    assert (await counter.read(double))["status"] == "received"


async def test_tickets_are_not_duplicates_of_themselves_or_of_each_other(counter: Counter) -> None:
    """Two tickets that are each other's duplicate would both be closed, and nobody would answer the citizen."""
    one, other = await counter.open(), await counter.open()
    for target, number in ((one, one), (other, other)):
        answer = await counter.send(number, "link_duplicate", {"duplicate_of": target})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "duplicate_itself")
    await counter.did(one, "link_duplicate", {"duplicate_of": other})
    answer = await counter.send(other, "link_duplicate", {"duplicate_of": one})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/duplicate_of")
    assert (await counter.read(other))["status"] == "received"


async def test_a_comment_moves_neither_state_nor_clock(counter: Counter) -> None:
    """C1: a comment neither moves nor fires a deadline."""
    number = await counter.ticket_in("in_progress")
    before, armed = await counter.read(number), await counter.armed(number)
    after_it = await counter.did(number, "comment")
    assert after_it == before
    assert await counter.armed(number) == armed


async def test_two_tickets_cannot_become_each_others_duplicate_at_once(counter: Counter) -> None:
    one, other = await counter.open(), await counter.open()
    await asyncio.gather(
        counter.send(one, "link_duplicate", {"duplicate_of": other}),
        counter.send(other, "link_duplicate", {"duplicate_of": one}),
    )
    assert "received" in {(await counter.read(one))["status"], (await counter.read(other))["status"]}

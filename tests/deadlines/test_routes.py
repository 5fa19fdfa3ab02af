"""The route of an explanation: who may read it, and what it refuses."""

import pytest

from tests.deadlines.steps import (
    text_lines,
)
from tests.desk import (
    CALL,
    CITIZEN,
    Desk,
)
from tests.installation import new_key, opened_client


async def test_only_readers_of_the_ticket_may_ask(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "refer", {"unit": "public-works"})
    container = desk.container
    seen: list[int] = []
    for role, unit in (("unit-officer", "public-works"), ("unit-officer", "cleaning"), ("field-team", None)):
        async with opened_client(desk.app, await new_key(container, role, unit)) as caller:
            seen.append((await caller.get(f"/v1/tickets/{number}/deadline")).status_code)
    async with opened_client(desk.app, await new_key(container, "sms-gateway")) as caller:
        seen.append((await caller.get(f"/v1/tickets/{number}/deadline")).status_code)
    async with opened_client(desk.app) as anonymous:
        seen.append((await anonymous.get(f"/v1/tickets/{number}/deadline")).status_code)
    assert seen == [200, 404, 404, 403, 401]


async def test_nothing_personal_stands_in_it(desk: Desk) -> None:
    number = await desk.open(CALL)
    await desk.run(number, "override_due", {"due_at": "2026-06-15T12:00:00+03:00", "reason": "Komşusu aradı."})
    response = await desk.client.get(f"/v1/tickets/{number}/deadline")
    words = response.text + "\n".join(await text_lines(desk, number))
    private = (CITIZEN["name"], "5320000067", CALL["description"], "Komşusu")
    assert not any(each in words for each in private)


@pytest.mark.parametrize(("cycle", "code"), [("2", "maximum"), ("0", "minimum"), ("x", "integer")])
async def test_a_cycle_that_the_ticket_does_not_have_is_refused(desk: Desk, cycle: str, code: str) -> None:
    number = await desk.open(CALL)
    response = await desk.client.get(f"/v1/tickets/{number}/deadline", params={"cycle": cycle})
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["pointer"].removeprefix("/query"), error["code"]) == ("/cycle", code)


async def test_an_unknown_ticket_is_not_found(desk: Desk) -> None:
    assert (await desk.client.get("/v1/tickets/2600012349/deadline")).status_code == 404

"""`estim feed new-epoch`: after an older backup was restored no reader goes on with what is lost."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from httpx import AsyncClient

from config.settings import Settings
from tests.cli_runner import environment, run_estim_process

CALL = {"channel": "call-center", "description": "Çukur var", "applicant": {"phone": "0532 000 00 00"}}


async def test_cursors_given_before_are_refused_and_reading_anew_goes_on(
    settings: Settings, tmp_path: Path, client_as: Callable[..., Awaitable[AsyncClient]]
) -> None:
    reader = await client_as("developer")
    assert (await reader.post("/v1/tickets", json=CALL)).status_code == 201
    before = (await reader.get("/v1/events")).json()
    done = run_estim_process("feed", "new-epoch", env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    refused = await reader.get("/v1/events", params={"after": before["next_cursor"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "cursor_of_lost_data")
    anew = (await reader.get("/v1/events")).json()
    assert [event["id"] for event in anew["items"]] == [event["id"] for event in before["items"]]
    assert len(anew["items"]) == 1
    again = await reader.get("/v1/events", params={"after": anew["next_cursor"]})
    assert (again.status_code, again.json()["items"]) == (200, [])

"""`estim feed new-epoch`: after a restore of an older backup, no reader continues from lost data."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from httpx import AsyncClient

from config.settings import Settings
from tests.cli_runner import environment, run_estim_process

CALL = {"channel": "call-center", "description": "Çukur var", "applicant": {"phone": "0532 000 00 00"}}


async def test_earlier_cursors_are_refused_and_reading_from_the_start_works(
    settings: Settings, tmp_path: Path, client_as: Callable[..., Awaitable[AsyncClient]]
) -> None:
    reader = await client_as("developer")
    assert (await reader.post("/v1/tickets", json=CALL)).status_code == 201
    before = (await reader.get("/v1/events")).json()
    done = run_estim_process("feed", "new-epoch", env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    refused = await reader.get("/v1/events", params={"after": before["next_cursor"]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "cursor_of_lost_data")
    after_restore = (await reader.get("/v1/events")).json()
    assert [event["id"] for event in after_restore["items"]] == [event["id"] for event in before["items"]]
    assert len(after_restore["items"]) == 1
    again = await reader.get("/v1/events", params={"after": after_restore["next_cursor"]})
    assert (again.status_code, again.json()["items"]) == (200, [])

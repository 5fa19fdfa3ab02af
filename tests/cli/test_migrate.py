"""`estim catalogue migrate`: it shows the changes, and makes them only without `--dry-run`."""

import getpass
import shutil
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from app.core.clock import ISTANBUL
from config.settings import Settings
from tests.cli_runner import clock_from, environment, run_estim, run_estim_process
from tests.installation import ESENLER

Callers = Callable[..., Awaitable[AsyncClient]]
VISIT = {"channel": "desk", "service": "info-desk", "description": "Danışma", "applicant": {"phone": "0532 000 00 00"}}
IN_MAY = datetime(2026, 5, 12, 11, tzinfo=ISTANBUL)


WHY = ("--reason", "Meclis kararı")


@pytest.fixture
def env(settings: Settings, tmp_path: Path) -> dict[str, str]:
    """Return the environment of an installation whose folder gives the info desk two days instead of one."""
    folder = Path(shutil.copytree(ESENLER, tmp_path / "folder"))
    table = folder / "standards-table.txt"
    table.write_text(table.read_text().replace("1 GÜN", "2 GÜN", 1))
    return environment(settings, municipality=folder, **clock_from(IN_MAY))


@pytest.fixture
async def desk(client_as: Callers) -> AsyncClient:
    """Return a client with every scope."""
    return await client_as("developer")


async def opened(desk: AsyncClient) -> str:
    response = await desk.post("/v1/tickets", json=VISIT)
    assert response.status_code == 201, response.text
    number: str = response.json()["number"]
    return number


async def promise(desk: AsyncClient, number: str) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.get(f"/v1/tickets/{number}")).json()["clocks"][0]
    return found


async def test_a_dry_run_shows_what_would_move_and_moves_nothing(
    desk: AsyncClient, env: dict[str, str], tmp_path: Path
) -> None:
    number = await opened(desk)
    before = await promise(desk, number)
    assert run_estim("catalogue", "load", env["ESTIM_MUNICIPALITY"], env=env, folder=tmp_path).returncode == 0
    done = run_estim("catalogue", "migrate", *WHY, "--dry-run", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{number}  promise    13.05.2026 23:59 → 14.05.2026 23:59" in done.stdout
    assert "1 of 1 running limits have another policy now; 1 dates move, 0 of them to an earlier date." in done.stdout
    assert await promise(desk, number) == before


async def test_a_migration_is_made_once_and_signed(desk: AsyncClient, env: dict[str, str], tmp_path: Path) -> None:
    number = await opened(desk)
    run_estim("catalogue", "load", env["ESTIM_MUNICIPALITY"], env=env, folder=tmp_path)
    done = run_estim_process("catalogue", "migrate", *WHY, "--service", "info-desk", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ 1 limits follow the catalogue now; 1 dates moved." in done.stdout
    assert (await promise(desk, number))["due_at"].startswith("2026-05-14")
    event = (await desk.get(f"/v1/tickets/{number}/events")).json()["items"][-1]
    assert (event["data"]["cause"], event["data"]["by"], event["note"]) == ("policy", getpass.getuser(), WHY[1])
    again = run_estim("catalogue", "migrate", *WHY, env=env, folder=tmp_path)
    assert "0 of 1 running limits have another policy now" in again.stdout
    assert "✓" not in again.stdout


async def test_limits_that_would_be_late_at_once_are_announced(
    desk: AsyncClient, env: dict[str, str], tmp_path: Path
) -> None:
    """The folder returns to the shorter limit after that has passed."""
    run_estim("catalogue", "load", env["ESTIM_MUNICIPALITY"], env=env, folder=tmp_path)
    env["ESTIM_CLOCK_START"] = "2026-05-12T12:00:00+03:00"
    number = await opened(desk)
    run_estim("catalogue", "migrate", *WHY, env=env, folder=tmp_path)
    env["ESTIM_CLOCK_START"] = "2026-05-14T11:00:00+03:00"
    run_estim("catalogue", "load", str(ESENLER), env=env, folder=tmp_path)
    done = run_estim("catalogue", "migrate", *WHY, "--dry-run", env=env, folder=tmp_path)
    assert f"{number}  promise    14.05.2026 23:59 → 13.05.2026 23:59" in done.stdout
    assert "! 1 would be late at once, and their offices told." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((*WHY, "--service", "kent-konseyi"), "has no service 'kent-konseyi'. It has: bimer, call-center, "),
        (("--reason", " "), "Say why: "),
    ],
)
def test_invalid_options_are_refused_in_one_line(
    env: dict[str, str], tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    done = run_estim("catalogue", "migrate", *arguments, env=env, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1

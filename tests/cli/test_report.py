"""`estim report compliance`: the figures of a month at the terminal and as a sheet."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest
from httpx import AsyncClient

from app.core.clock import ISTANBUL
from config.settings import Settings
from tests.cli_runner import clock_from, environment, run_estim, run_estim_process

Callers = Callable[..., Awaitable[AsyncClient]]
CALL = {"channel": "call-center", "description": "Çukur var", "applicant": {"phone": "0532 000 00 00"}}
JULY = datetime(2026, 7, 2, 9, tzinfo=ISTANBUL)


@pytest.fixture
async def _one_call(client_as: Callers) -> None:
    """Open a call of 12 May that is never resolved: due on 1 June."""
    assert (await (await client_as("developer")).post("/v1/tickets", json=CALL)).status_code == 201


@pytest.mark.usefixtures("_one_call")
def test_a_month_is_shown_row_by_row(settings: Settings, tmp_path: Path) -> None:
    done = run_estim_process(
        "report", "compliance", "--month", "2026-06", env=environment(settings, **clock_from(JULY)), folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    [shown] = [line for line in done.stdout.splitlines() if "call-center" in line]
    cells = [cell.strip() for cell in shown.strip("│ ").split("│")]
    assert cells == ["call-center", "promise", "15 GÜN", "1", "0", "0", "1", "0", "0", "0.0", "–", "–"]
    assert "not over" not in done.stdout


@pytest.mark.usefixtures("_one_call")
def test_a_month_is_written_as_a_sheet(settings: Settings, tmp_path: Path) -> None:
    sheet = tmp_path / "haziran.csv"
    arguments = ("report", "compliance", "--month", "2026-06", "--csv", str(sheet))
    done = run_estim(*arguments, env=environment(settings, **clock_from(JULY)), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{sheet}: 1 rows." in done.stdout
    assert sheet.read_bytes().decode("utf-8-sig").splitlines()[1:] == [
        "2026-06;call-center;Hizmet standardı;15 GÜN;1;0;0;1;0;0;0,0;;;ay tamamlandı"
    ]


def test_an_unfinished_month_is_marked(settings: Settings, tmp_path: Path) -> None:
    env = environment(settings, **clock_from(JULY))
    done = run_estim("report", "compliance", "--month", "2026-07", env=env, folder=tmp_path)
    assert "The month is not over; these are the figures of 02.07.2026 09:0" in done.stdout


def test_an_invalid_month_is_refused_in_one_line(settings: Settings, tmp_path: Path) -> None:
    done = run_estim("report", "compliance", "--month", "06.2026", env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "estim: '06.2026' is no month such as 2026-05.\n")

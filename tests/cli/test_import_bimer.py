"""`estim import bimer`: the output, the refused lines, and the data that are never printed."""

import stat
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select

from app.core.db import Database
from app.tickets.model import Ticket
from config.settings import Settings
from tests.cli_runner import environment, run_estim, run_estim_process
from tests.imports.samples import RECORD, table

Callers = Callable[..., Awaitable[AsyncClient]]
Program = Callable[..., "subprocess.CompletedProcess[str]"]
BROKEN = {"record_no": "ORNEK-2", "phone": "gizli telefon", "received_at": "gizli tarih"}
UNANSWERED = {"record_no": "ORNEK-3", "answered_at": ""}


def run(settings: Settings, folder: Path, *arguments: str, by: Program = run_estim) -> tuple[int, str, str]:
    """Run the import; return exit code, standard output and standard error."""
    done = by("import", "bimer", *arguments, env=environment(settings), folder=folder)
    return done.returncode, done.stdout, done.stderr


def write(folder: Path, text: str, encoding: str = "utf-8") -> str:
    path = folder / "kayitlar.csv"
    path.write_bytes(text.encode(encoding))
    return str(path)


async def stored(settings: Settings) -> list[Any]:
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value(), pool_size=1)
    try:
        async with database.reading() as session:
            return list(await session.scalars(select(Ticket.external_id).order_by(Ticket.external_id)))
    finally:
        await database.close()


async def test_a_dry_run_shows_what_is_understood_and_stores_nothing(settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, table({}, {"record_no": "ORNEK-2", "answered_at": "02.03.2016"}), "utf-8-sig")
    code, out, err = run(settings, tmp_path, file, "--dry-run", by=run_estim_process)
    assert (code, err) == (0, "")
    assert "columns parted by semicolons" in out
    assert "Received 01.07.2014 to 01.07.2014" in out
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if line[:1] == "│"]
    assert ["promise", "late", "1"] in cells
    assert ["kind", "complaint", "2"] in cells
    assert out.endswith("✓ 2 would be imported; nothing was stored, 0 known already, 0 refused.\n")
    assert await stored(settings) == []


async def test_a_file_is_imported_once(settings: Settings, tmp_path: Path) -> None:
    file = write(tmp_path, table({}, {"record_no": "ORNEK-2"}))
    assert run(settings, tmp_path, file)[1].endswith("✓ 2 imported, 0 known already, 0 refused.\n")
    code, out, _ = run(settings, tmp_path, file)
    assert (code, out.splitlines()[-1]) == (0, "✓ 0 imported, 2 known already, 0 refused.")
    assert await stored(settings) == ["ORNEK-1", "ORNEK-2"]


def import_with_refusals(settings: Settings, tmp_path: Path) -> tuple[tuple[int, str, str], Path]:
    """Import a file with two broken lines; return (exit code, output, errors) and the file of refused lines."""
    file, refused = write(tmp_path, table({}, BROKEN, UNANSWERED, {"record_no": "ORNEK-4"})), tmp_path / "red.csv"
    return run(settings, tmp_path, file, "--refused", str(refused)), refused


async def test_refused_lines_are_printed_with_their_reasons(settings: Settings, tmp_path: Path) -> None:
    (code, out, err), _ = import_with_refusals(settings, tmp_path)
    assert (code, err) == (1, "")
    assert out.endswith("✗ 2 imported, 0 known already, 2 refused.\n")
    assert "line 3, received_at: Tarih gg.aa.yyyy" in out
    assert "line 3, phone: Geçerli bir telefon numarası değil" in out
    assert "line 4, answered_at: Cevap tarihi yok" in out
    assert "has to be registered anew." in out
    assert await stored(settings) == ["ORNEK-1", "ORNEK-4"]


async def test_a_corrected_file_of_refused_lines_can_be_imported(settings: Settings, tmp_path: Path) -> None:
    _, refused = import_with_refusals(settings, tmp_path)
    assert stat.S_IMODE(refused.stat().st_mode) == 0o600
    headings, *lines = refused.read_bytes().decode("utf-8-sig").splitlines()
    assert headings == "line;problem;" + ";".join(RECORD)
    assert [line.partition(";")[0] for line in lines] == ["3", "4"]
    corrected = "\n".join([headings, *lines]).replace("gizli telefon", "").replace("gizli tarih", "01.07.2014")
    code, out, _ = run(settings, tmp_path, write(tmp_path, corrected))
    assert (code, out.splitlines()[-1]) == (1, "✗ 1 imported, 0 known already, 1 refused.")
    assert "not read: line, problem" in out
    assert await stored(settings) == ["ORNEK-1", "ORNEK-2", "ORNEK-4"]


async def test_nothing_of_a_record_shows_in_what_is_printed(settings: Settings, tmp_path: Path) -> None:
    changed = {"description": "gizli başka metin"}
    file = write(tmp_path, table({}, BROKEN, changed, {"record_no": 'gizli "numara'}))
    code, out, err = run(settings, tmp_path, file)
    assert code == 1
    personal = [value for name, value in RECORD.items() if name not in {"kind", "outcome", "unit"}]
    assert [value for value in [*personal, "gizli", "Vatandaş", "ORNEK"] if value in out + err] == []


async def test_bytes_that_are_no_utf_8_are_a_problem_of_their_line(settings: Settings, tmp_path: Path) -> None:
    file, refused = tmp_path / "kayitlar.csv", tmp_path / "red.csv"
    good, bad = table({}, {"record_no": "ORNEK-2", "description": "Işık yanmıyor"}).rsplit("\r\n", 2)[:2]
    file.write_bytes(f"{good}\r\n".encode() + f"{bad}\r\n".encode("cp1254"))
    code, out, _ = run(settings, tmp_path, str(file), "--refused", str(refused))
    assert (code, await stored(settings)) == (1, ["ORNEK-1"])
    assert "line 3, description: " in out
    assert "Işık yanmıyor".encode("cp1254") in refused.read_bytes()


async def test_other_headings_are_given_by_name(settings: Settings, tmp_path: Path) -> None:
    text = table({}).replace("record_no", "Dosya").replace("received_at", "BAŞVURU_TARİHİ").replace(";", ",")
    file = write(tmp_path, text)
    code, out, err = run(settings, tmp_path, file)
    assert (code, out, "record_no" in err, "headings" in err) == (1, "", True, True)
    code, out, _ = run(settings, tmp_path, file, "--column", "record_no=dosya")
    assert (code, "columns parted by commas" in out, "“BAŞVURU_TARİHİ”" in out) == (0, True, True)
    assert await stored(settings) == ["ORNEK-1"]


@pytest.mark.parametrize("column", ["dosya", "dosya=record_no", "record_no="])
def test_an_invalid_column_option_is_refused(settings: Settings, tmp_path: Path, column: str) -> None:
    code, _, err = run(settings, tmp_path, write(tmp_path, table({})), "--column", column)
    assert (code, err.startswith("estim: --column is NAME=HEADING; the names are: record_no")) == (1, True)


async def test_no_file_is_overwritten_and_none_is_left_without_need(settings: Settings, tmp_path: Path) -> None:
    file, refused = write(tmp_path, table({})), tmp_path / "red.csv"
    code, _, err = run(settings, tmp_path, file, "--refused", file)
    assert (code, err) == (1, f"estim: File exists: {file}\n")
    assert run(settings, tmp_path, file, "--refused", str(refused))[0] == 0
    assert not refused.exists()


async def test_the_month_in_which_they_were_due_is_reported(
    settings: Settings, tmp_path: Path, client_as: Callers
) -> None:
    late = {"record_no": "ORNEK-2", "answered_at": "04.08.2014"}
    run(settings, tmp_path, write(tmp_path, table({}, late)))
    response = await (await client_as("ops")).get("/v1/reports/compliance", params={"month": "2014-07"})
    assert [(row["clock"], row["on_time"], row["late"]) for row in response.json()["rows"]] == [
        ("promise", 1, 1),
        ("statutory", 1, 1),
    ]

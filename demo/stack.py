"""The temporary stack: the product's servers and programs on a temporary folder, with a fast virtual clock.

Nothing in it is special: the API and the worker are the commands that run in production.
"""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from redis.asyncio import Redis

import app
import config
from app.access.service import create_client
from app.cli.context import open_database
from app.cli.up import install
from app.core import embedded
from app.core.embedded.home import servers_folder
from app.core.embedded.processes import tied_command
from app.core.embedded.state import free_port
from app.people.vault import decode_key, generate_key
from app.standards.catalogue import check_folder_or_file
from config.settings import Settings

MUNICIPALITY = Path(config.__file__).parent / "esenler"
ROLES = (
    "call-centre",
    "sms-gateway",
    "mobile-app",
    "field-team",
    "desk",
    "cimer-clerk",
    "unit-officer",
    "ops",
)
SECONDS_A_DAY = 86_400

MIN_START_SECONDS = 3.0
START_FACTORS = (1.5, 3.0, 6.0)
"""Start-up time of the programs, in multiples of the servers'; after a timeout they start again with the next."""

GRACE_SECONDS = 4.0
RESTART_SECONDS = 0.5
MAX_RESTARTS = 5

Announce = Callable[[str], None]


class StackError(Exception):
    """The stack did not start or does not run; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Running servers with a migrated database and the catalogue, API keys by role, and the seconds it took."""

    folder: Path
    environment: Mapping[str, str]
    keys: Mapping[str, str]
    start_seconds: float

    @property
    def outbox(self) -> Path:
        """Return the folder of notices as mail files."""
        return self.folder / "outbox"


@contextmanager
def open_stack(start: datetime, announce: Announce) -> Iterator[Stack]:
    """Start the servers and fill the database; remove everything afterwards.

    Call it in the main thread, before an event loop runs. Raise `EmbeddedError` if the servers don't start.
    """
    started = time.monotonic()
    with _temporary_folder() as folder, embedded.start(folder, announce=announce, durable=False) as servers:
        environment = {
            "ESTIM_MUNICIPALITY": str(MUNICIPALITY),
            "ESTIM_DATA_DIR": str(folder),
            "ESTIM_DATABASE_URL": servers.database_url,
            "ESTIM_REDIS_URL": servers.redis_url,
            "ESTIM_VAULT_KEYS": f"demo:{generate_key()}",
            "ESTIM_INDEX_KEY": generate_key(),
            "ESTIM_KEY_PEPPER": generate_key(),
            "ESTIM_LOG_LEVEL": "warning",
            "ESTIM_QUIET_HOURS": "false",  # an office day lasts a third of a second
            "ESTIM_DIGEST_FROM": "0",  # each notice is sent by itself
        }
        settings = _settings(environment | _clock_settings(start, datetime.now(UTC), speed=1.0))
        install(settings, check_folder_or_file(MUNICIPALITY))
        keys = asyncio.run(_make_keys(settings, start))
        yield Stack(folder, environment, keys, time.monotonic() - started)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="estim-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the servers' account must enter it if root started us
        try:
            yield folder
        finally:
            shutil.rmtree(servers_folder(folder), ignore_errors=True)  # it may lie elsewhere, behind a link


def _settings(variables: Mapping[str, str]) -> Settings:
    values: dict[str, object] = {name.removeprefix("ESTIM_").lower(): value for name, value in variables.items()}
    return Settings.model_validate(values)


def _clock_settings(start: datetime, origin: datetime, *, speed: float) -> dict[str, str]:
    return {
        "ESTIM_CLOCK_START": start.isoformat(),
        "ESTIM_CLOCK_ORIGIN": origin.isoformat(),
        "ESTIM_CLOCK_SPEED": str(speed),
    }


async def _make_keys(settings: Settings, now: datetime) -> dict[str, str]:
    pepper = decode_key(settings.key_pepper.get_secret_value())
    async with open_database(settings) as database, database.transaction() as session:
        return {
            role: await create_client(session, name=f"Örnek {role}", role=role, unit=None, pepper=pepper, now=now)
            for role in ROLES
        }


@dataclass(slots=True)
class Program:
    """A command of `estim` that is restarted when it ends."""

    name: str
    environment: Mapping[str, str]
    log: Path
    announce: Announce
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def run(self) -> None:
        """Run until cancelled, then end the process; raise `StackError` after too many restarts."""
        for _ in range(MAX_RESTARTS):
            with self.log.open("ab") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *tied_command(os.getpid(), signal.SIGKILL, [sys.executable, "-P", "-m", "app.cli", self.name]),
                    env=self.environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            try:
                await self._process.wait()
            finally:
                await _end(self._process)
            await asyncio.sleep(RESTART_SECONDS)
            self.announce(self.name)
        raise StackError(f"{self.name} ends again and again: {self.last_log_line()}")

    def kill(self) -> None:
        """Kill the process with SIGKILL, like a crash."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def last_log_line(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


@dataclass(frozen=True, slots=True)
class RunningPrograms:
    """The ready programs of the stack; the clock starts at the real instant `origin`."""

    url: str
    origin: datetime
    redis_url: str
    worker: Program

    async def flush_valkey(self) -> None:
        """Delete all data of Valkey: every job that no worker has taken is lost."""
        async with Redis.from_url(self.redis_url) as valkey:
            await valkey.flushall()


@asynccontextmanager
async def run_programs(
    stack: Stack, start: datetime, *, days_a_second: float, restarted: Announce
) -> AsyncIterator[RunningPrograms]:
    """Start the API and the worker on one shared clock, and end them afterwards.

    The clock starts after the API is ready, so that no virtual time is lost. `restarted` is called with the name of a
    program that was restarted. Raise `StackError` if the API does not become ready.
    """
    for factor in START_FACTORS:
        start_seconds = max(MIN_START_SECONDS, factor * stack.start_seconds)
        origin = datetime.now(UTC) + timedelta(seconds=start_seconds)
        port = free_port()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ESTIM_")}
        environment = {
            **inherited,
            "PYTHONPATH": str(Path(app.__file__).parents[1]),
            "ESTIM_PORT": str(port),
            **stack.environment,
            **_clock_settings(start, origin, speed=days_a_second * SECONDS_A_DAY),
        }
        api, worker = (
            Program(name, environment, stack.folder / f"{name}.log", restarted) for name in ("api", "worker")
        )
        url = f"http://127.0.0.1:{port}"
        async with _supervised(api, worker):
            if await _is_ready(f"{url}/health/ready", before=origin):
                yield RunningPrograms(url, origin, stack.environment["ESTIM_REDIS_URL"], worker)
                return
    raise StackError(f"the API did not start within {start_seconds:.0f} s: {api.last_log_line()}")


@asynccontextmanager
async def _supervised(*programs: Program) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        runs = [tasks.create_task(program.run()) for program in programs]
        try:
            yield
        finally:
            for run in runs:
                run.cancel()


async def _is_ready(url: str, *, before: datetime) -> bool:
    async with httpx.AsyncClient(timeout=2.0) as client:
        while datetime.now(UTC) < before:
            with suppress(httpx.TransportError):
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return True
            await asyncio.sleep(0.05)
    return False

"""The throw-away stack: the product's own servers and programs on a temporary folder, and a clock that runs ahead.

Nothing in it is made for the demonstration: the API and the worker are the commands that run in production.
"""

import asyncio
import os
import shutil
import signal
import socket
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

LEAST_START_SECONDS = 3.0
START_FACTORS = (1.5, 3.0, 6.0)
"""So many times what the servers took, the programs get before the clock starts; too little, and all begins anew."""

GRACE_SECONDS = 4.0
RESTART_SECONDS = 0.5
MOST_RESTARTS = 5

Tell = Callable[[str], None]


class StageError(Exception):
    """The stack does not stand; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Servers with a migrated database and the catalogue, and the real seconds that they took; API keys by role."""

    folder: Path
    environment: Mapping[str, str]
    keys: Mapping[str, str]
    seconds: float

    @property
    def outbox(self) -> Path:
        """Where the notices lie as mail files."""
        return self.folder / "outbox"


@contextmanager
def built(start: datetime, tell: Tell) -> Iterator[Stage]:
    """Start the servers and lay out the database; everything is gone afterwards.

    Must be called in the main thread, before any loop runs. Raises `EmbeddedError`.
    """
    began = time.monotonic()
    with _folder() as folder, embedded.start(folder, announce=tell, durable=False) as servers:
        ours = {
            "ESTIM_MUNICIPALITY": str(MUNICIPALITY),
            "ESTIM_DATA_DIR": str(folder),
            "ESTIM_DATABASE_URL": servers.database_url,
            "ESTIM_REDIS_URL": servers.redis_url,
            "ESTIM_VAULT_KEYS": f"demo:{generate_key()}",
            "ESTIM_INDEX_KEY": generate_key(),
            "ESTIM_KEY_PEPPER": generate_key(),
            "ESTIM_LOG_LEVEL": "warning",
            "ESTIM_QUIET_HOURS": "false",  # an office day is a third of a second here
            "ESTIM_DIGEST_FROM": "0",  # each notice is to be seen for itself
        }
        settings = _settings(ours | _clock(start, datetime.now(UTC), speed=1.0))
        install(settings, check_folder_or_file(MUNICIPALITY))
        keys = asyncio.run(_make_keys(settings, start))
        yield Stage(folder, ours, keys, time.monotonic() - began)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="estim-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the servers' account has to pass where root started us
        try:
            yield folder
        finally:
            shutil.rmtree(servers_folder(folder), ignore_errors=True)  # elsewhere, where that account could not pass


def _settings(variables: Mapping[str, str]) -> Settings:
    values: dict[str, object] = {name.removeprefix("ESTIM_").lower(): value for name, value in variables.items()}
    return Settings.model_validate(values)


def _clock(start: datetime, origin: datetime, *, speed: float) -> dict[str, str]:
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
    """One of our own commands, kept running: what ends unasked is started again."""

    name: str
    environment: Mapping[str, str]
    log: Path
    tell: Tell
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def keep(self) -> None:
        """Run until cancelled, then end it. Raises `StageError` when it keeps dying."""
        for _ in range(MOST_RESTARTS):
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
            self.tell(self.name)
        raise StageError(f"{self.name} ends again and again: {self.last_words()}")

    def kill(self) -> None:
        """End it as a crash would: SIGKILL, no farewell."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def last_words(self) -> str:
        """The last line of its log."""
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
class Running:
    """The programs on the stage, ready; the clock starts at the real instant `origin`."""

    url: str
    origin: datetime
    redis_url: str
    worker: Program

    async def flush_valkey(self) -> None:
        """Wipe Valkey: every job that was enqueued and not heard is gone."""
        async with Redis.from_url(self.redis_url) as valkey:
            await valkey.flushall()


@asynccontextmanager
async def running(stage: Stage, start: datetime, *, days_a_second: float, restarted: Tell) -> AsyncIterator[Running]:
    """Start the API and the worker on one shared clock; they end with the context.

    The clock begins when the API answers, so that no virtual time is lost. `restarted` is told the name of a program
    that had died and was started again. Raises `StageError`.
    """
    for factor in START_FACTORS:
        allowance = max(LEAST_START_SECONDS, factor * stage.seconds)
        origin = datetime.now(UTC) + timedelta(seconds=allowance)
        port = _free_port()
        own = {name: value for name, value in os.environ.items() if not name.startswith("ESTIM_")}
        environment = {
            **own,
            "PYTHONPATH": str(Path(app.__file__).parents[1]),
            "ESTIM_PORT": str(port),
            **stage.environment,
            **_clock(start, origin, speed=days_a_second * SECONDS_A_DAY),
        }
        api, worker = (
            Program(name, environment, stage.folder / f"{name}.log", restarted) for name in ("api", "worker")
        )
        url = f"http://127.0.0.1:{port}"
        async with _kept(api, worker):
            if await _answers(f"{url}/health/ready", before=origin):
                yield Running(url, origin, stage.environment["ESTIM_REDIS_URL"], worker)
                return
    raise StageError(f"the API did not start within {allowance:.0f} s: {api.last_words()}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@asynccontextmanager
async def _kept(*programs: Program) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        keepers = [tasks.create_task(program.keep()) for program in programs]
        try:
            yield
        finally:
            for keeper in keepers:
                keeper.cancel()


async def _answers(url: str, *, before: datetime) -> bool:
    async with httpx.AsyncClient(timeout=2.0) as client:
        while datetime.now(UTC) < before:
            with suppress(httpx.TransportError):
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return True
            await asyncio.sleep(0.05)
    return False

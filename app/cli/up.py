"""`estim up`: start the servers, the installation, the API and the workers in order, and end them together.

A second start finds the data, the secrets and the API key of the first. A start after a crash at any point completes.
"""

import asyncio
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.access.service import Authenticator, create_client
from app.cli.catalogue import check_loadable, store
from app.cli.context import (
    CommandError,
    check_port_is_free,
    current_time,
    database_url,
    local_host,
    open_database,
)
from app.cli.keys import generate_secrets
from app.core import embedded, supervisor
from app.core.db import Database
from app.core.embedded.home import servers_folder
from app.core.embedded.processes import chown_like_parent
from app.core.errors import Unauthenticated
from app.operations.readiness import READY_PATH
from app.people.vault import decode_key
from app.standards.catalogue import CatalogueCheck
from config.settings import SECRETS_FILE, STACK_FILE, Settings, running_stack_settings
from migrations import revisions

PROGRAM = (sys.executable, "-P", "-m", "app.cli")
"""The `estim` command; `-P`: a folder called `app` in the working folder must not shadow ours."""

KEY_FILE = "api-key"

RestartServers = Callable[[], None]


def up(settings: Settings, *, workers: int, console: Console) -> int:
    """Start everything, serve until SIGTERM or Ctrl-C, end everything; return the exit code.

    Raise errors that `app.cli.errors` explains: a port in use, a faulty folder, servers that don't start.
    """
    announce = partial(console.print, style="dim", markup=False, soft_wrap=True)
    for number in supervisor.STOP_SIGNALS:
        signal.signal(number, _exit)
    check_port_is_free(settings)
    catalogue = check_loadable(settings.municipality, console)
    announce("Starting …")
    _make_data_folder(settings.data_dir)
    _ensure_secrets(settings)
    with _servers(settings, announce) as restart_servers:
        settings_with_servers = running_stack_settings(settings.data_dir)
        install(settings_with_servers, catalogue)
        welcome = partial(_print_welcome, settings_with_servers, console)
        readiness = supervisor.ReadinessProbe(local_host(settings.host), settings.port, READY_PATH, welcome)
        return supervisor.run(
            _children(workers), announce=announce, restart_servers=restart_servers, readiness=readiness
        )


def _exit(_number: int, _frame: FrameType | None) -> None:
    """Leave through every `finally` with exit code 0 if the user stops the command during the start."""
    sys.exit(0)


def _make_data_folder(folder: Path) -> None:
    """Make a missing data folder closed to others; if root makes it, the servers' account may pass through."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _ensure_secrets(settings: Settings) -> None:
    """Make development secrets if the variables give none; never replace lost secrets of existing data."""
    path = settings.data_dir / SECRETS_FILE
    secrets = (settings.vault_keys, settings.index_key, settings.key_pepper)
    if path.exists() or all(secret.get_secret_value() for secret in secrets):
        return
    if (servers_folder(settings.data_dir) / "postgres").exists():
        raise CommandError(
            f"{path} is missing, without which nobody can read the personal data in {settings.data_dir}: "
            "restore it, or move that folder away to begin anew."
        )
    _write_private(path, generate_secrets())


@contextmanager
def _servers(settings: Settings, announce: Callable[[str], None]) -> Iterator[RestartServers | None]:
    """Run the embedded servers, with their addresses in `stack.env`, unless the variables name other servers."""
    if settings.database_url is not None and settings.redis_url is not None:
        yield None
        return
    if settings.database_url is not None or settings.redis_url is not None:
        raise CommandError("Set both ESTIM_DATABASE_URL and ESTIM_REDIS_URL, or neither for the embedded servers.")
    addresses = settings.data_dir / STACK_FILE
    with embedded.start(settings.data_dir, announce=announce) as servers:
        _write_private(addresses, f"ESTIM_DATABASE_URL={servers.database_url}\nESTIM_REDIS_URL={servers.redis_url}\n")
        try:
            yield servers.restart_dead
        finally:
            addresses.unlink(missing_ok=True)


def install(settings: Settings, catalogue: CatalogueCheck) -> None:
    """Migrate the database, load the catalogue and make an API key; leave unchanged what exists already."""
    if not asyncio.run(_is_migrated(settings)):
        revisions.upgrade(database_url(settings))
    asyncio.run(_load_catalogue_and_key(settings, catalogue))


async def _is_migrated(settings: Settings) -> bool:
    async with open_database(settings) as database, database.reading() as session:
        return await revisions.current(session) == revisions.head()


async def _load_catalogue_and_key(settings: Settings, catalogue: CatalogueCheck) -> None:
    async with open_database(settings) as database:
        await store(settings, database, catalogue)
        await _ensure_key(settings, database)


async def _ensure_key(settings: Settings, database: Database) -> None:
    """Write a key with all scopes to `api-key`, unless the file has one that this database accepts."""
    path = settings.data_dir / KEY_FILE
    pepper, now = decode_key(settings.key_pepper.get_secret_value()), current_time(settings)
    if path.exists():
        try:
            await Authenticator(database, pepper=pepper).identify(path.read_text().strip(), now=now)
        except Unauthenticated:
            pass  # another database, or other secrets: the old key no longer works
        else:
            return
    async with database.transaction() as session:
        key = await create_client(session, name="development", role="developer", unit=None, pepper=pepper, now=now)
    _write_private(path, f"{key}\n")


def _write_private(path: Path, content: str) -> None:
    """Write a file of mode 600 atomically; a file of root gets its folder's owner, who may start next time."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    chown_like_parent(Path(name))
    Path(name).replace(path)


def _children(workers: int) -> list[supervisor.ChildProcess]:
    names = ["worker"] if workers == 1 else [f"worker {number}" for number in range(1, workers + 1)]
    api = supervisor.ChildProcess("api", (*PROGRAM, "api"))
    return [api, *(supervisor.ChildProcess(name, (*PROGRAM, "worker")) for name in names)]


def _print_welcome(settings: Settings, console: Console) -> None:
    """Print the addresses and paths, and a request to copy, outside of the frame, whose blanks would break it."""
    address = settings.public_url or f"http://{local_host(settings.host)}:{settings.port}"
    key = settings.data_dir / KEY_FILE
    facts = Table.grid(padding=(0, 2))
    for label, value in (
        ("API docs", f"{address}/docs (or /redoc)"),
        ("API key", f"{key}, which may do everything here"),
        ("Outbox", f"{settings.outbox}, every notice as a mail file"),
    ):
        facts.add_row(Text(label, style="bold"), Text(value, overflow="fold"))
    title = Text(" ESTİM is ready ", style="bold green")
    console.print(Panel(facts, box=box.ROUNDED, title=title, title_align="left", border_style="green", expand=False))
    console.print(Text("Try next:", style="bold"))
    console.print(Text(_example_request(address, shlex.quote(str(key))), style="cyan"), soft_wrap=True)
    console.print(Text("Ctrl-C stops everything.", style="bold"))


def _example_request(address: str, key: str) -> str:
    lines = (
        f"curl {address}/v1/tickets \\",
        f'  -H "X-API-Key: $(cat {key})" \\',
        "  -H 'Content-Type: application/json' \\",
        """  -d '{"channel": "call-center", "description": "Kaldırımda çukur var",""",
        """       "applicant": {"phone": "0532 000 00 00"}}'""",
    )
    return "\n".join(lines)

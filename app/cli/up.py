"""`estim up`: everything that ESTİM needs on a bare machine, started in order and ended together.

Run again it finds its data, its secrets and its key again; killed at any point it starts as if nothing had been.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from rich.console import Console

from app.cli.catalogue import readable
from app.cli.errors import CommandError
from app.cli.install import install
from app.cli.keys import secrets
from app.cli.port import reachable, refuse_taken_port
from app.cli.private_files import make_data_folder, write_private
from app.cli.welcome import print_welcome
from app.core import embedded, supervisor
from app.core.embedded.home import servers_folder
from app.operations.readiness import READY_PATH
from config.settings import SECRETS_FILE, STACK_FILE, Settings, running_stack_settings

PROGRAM = (sys.executable, "-P", "-m", "app.cli")
"""Our own command; `-P`, for a folder called `app` where it is started must not be taken for ours."""

RestartServers = Callable[[], None]


def up(settings: Settings, *, workers: int, console: Console) -> int:
    """Start everything, serve until SIGTERM or Ctrl-C, end everything; the exit code.

    Raises what `commands.failures.explain` explains: a port in use, a faulty folder, servers that don't start.
    """
    say = partial(console.print, style="dim", markup=False, soft_wrap=True)
    for number in supervisor.STOP_SIGNALS:
        signal.signal(number, _stop_early)
    refuse_taken_port(settings)
    catalogue = readable(settings.municipality, console)
    say("Starting …")
    make_data_folder(settings.data_dir)
    _keep_secrets(settings)
    with _servers(settings, say) as restart_servers:
        whole = running_stack_settings(settings.data_dir)
        install(whole, catalogue)
        welcome = partial(print_welcome, whole, console)
        readiness = supervisor.ReadinessProbe(reachable(settings.host), settings.port, READY_PATH, welcome)
        return supervisor.run(_children(workers), announce=say, restart_servers=restart_servers, readiness=readiness)


def _keep_secrets(settings: Settings) -> None:
    """Make the development secrets where the variables give none; they are never made anew over sealed data."""
    path = settings.data_dir / SECRETS_FILE
    given = (settings.vault_keys, settings.index_key, settings.key_pepper)
    if path.exists() or all(secret.get_secret_value() for secret in given):
        return
    if (servers_folder(settings.data_dir) / "postgres").exists():
        raise CommandError(
            f"{path} is missing, without which nobody can read the personal data in {settings.data_dir}: "
            "restore it, or move that folder away to begin anew."
        )
    write_private(path, secrets())


@contextmanager
def _servers(settings: Settings, say: Callable[[str], None]) -> Iterator[RestartServers | None]:
    """The embedded servers with their addresses in `stack.env`, unless the variables name others."""
    if settings.database_url is not None and settings.redis_url is not None:
        yield None
        return
    if settings.database_url is not None or settings.redis_url is not None:
        raise CommandError("Set both ESTIM_DATABASE_URL and ESTIM_REDIS_URL, or neither for the embedded servers.")
    addresses = settings.data_dir / STACK_FILE
    with embedded.start(settings.data_dir, announce=say) as servers:
        write_private(addresses, f"ESTIM_DATABASE_URL={servers.database_url}\nESTIM_REDIS_URL={servers.redis_url}\n")
        try:
            yield servers.restart_dead
        finally:
            addresses.unlink(missing_ok=True)


def _children(workers: int) -> list[supervisor.ChildProcess]:
    names = ["worker"] if workers == 1 else [f"worker {number}" for number in range(1, workers + 1)]
    api = supervisor.ChildProcess("api", (*PROGRAM, "api"))
    return [api, *(supervisor.ChildProcess(name, (*PROGRAM, "worker")) for name in names)]


def _stop_early(_number: int, _frame: FrameType | None) -> None:
    """Stopped before everything stood: leave through every `finally`, with the exit code of a wanted stop."""
    sys.exit(0)

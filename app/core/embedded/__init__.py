"""Embedded servers for a machine without any: a real PostgreSQL and a real Valkey with their data in a folder.

`start` runs them for as long as the calling process runs; `attach` finds the ones that another process runs.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from app.core.embedded.errors import AlreadyRunningError, EmbeddedError, NotRunningError
from app.core.embedded.home import Announce, Home, Lock, open_home, servers_folder
from app.core.embedded.postgres import Postgres, accepts_queries
from app.core.embedded.processes import ignore_stop_signals
from app.core.embedded.state import ClusterState, load_or_create_state, load_state
from app.core.embedded.valkey import Valkey, responds_to_ping

PORT_ATTEMPTS = 3

__all__ = ["AlreadyRunningError", "EmbeddedError", "NotRunningError", "Servers", "attach", "start"]


class Servers:
    """Running servers of this process: they end with `stop()`, or when this process ends."""

    def __init__(self, home: Home, lock: Lock, *, announce: Announce, durable: bool) -> None:
        self._home = home
        self._lock = lock
        self._announce = announce
        self._postgres = Postgres(home, durable=durable)
        self._valkey = Valkey(home, durable=durable, announce=announce)
        self._state = self._prepare()

    @property
    def database_url(self) -> str:
        """Return the SQLAlchemy URL (asyncpg) of database `estim` for its owner `app`, who is no superuser."""
        return self._state.database_url

    @property
    def redis_url(self) -> str:
        """Return the URL of Valkey with its password."""
        return self._state.redis_url

    def start(self) -> None:
        """Start both servers; choose new ports if another program has taken one meanwhile."""
        for attempt in range(PORT_ATTEMPTS):
            try:
                self._valkey.start(self._state)
                self._postgres.start(self._state)
            except EmbeddedError as error:
                if "Address already in use" not in str(error) or attempt == PORT_ATTEMPTS - 1:
                    raise
                self._valkey.stop()
                self._state = load_or_create_state(self._home)
            else:
                return

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create a database of role `app` as a copy of `template` (without connections) and return its URL."""
        self._postgres.psql(f'CREATE DATABASE "{name}" OWNER app TEMPLATE "{template}"', self._state)
        return self.database_url.rsplit("/", 1)[0] + f"/{name}"

    def restart_dead(self) -> None:
        """Restart a server that has died, at the same address; raise EmbeddedError if that fails."""
        for server in (self._valkey, self._postgres):
            if not server.running:
                self._announce(f"{server.name} has died; starting it again.")
                server.start(self._state)
                self._announce(f"{server.name} is back.")

    def stop(self) -> None:
        """End both servers within 10 s and release the lock; may be called twice."""
        with ignore_stop_signals():
            try:
                self._valkey.stop()
                self._postgres.stop()
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> ClusterState:
        self._postgres.end_leftovers()
        self._valkey.end_leftovers()
        state = load_or_create_state(self._home)
        self._postgres.prepare(state)
        self._valkey.prepare()
        return state


def start(data_dir: Path, *, announce: Announce, durable: bool = True) -> Servers:
    """Start PostgreSQL and Valkey on the data in `data_dir`; create the data if there is none.

    `announce` gets one English line per message for the user. `durable=False` is for throw-away data (tests,
    demonstrations).

    Raise EmbeddedError with one line for the user. Reasons: another process runs the servers, the disk is full, the
    data are damaged or of another version, permissions are missing.
    """
    with ExitStack() as undo:
        undo.enter_context(_os_errors_converted(data_dir))
        home = open_home(data_dir, announce)
        lock = Lock(home.folder)
        undo.callback(lock.release)
        servers = Servers(home, lock, announce=announce, durable=durable)
        undo.callback(servers.stop)
        servers.start()
        undo.pop_all()
    return servers


def attach(data_dir: Path) -> ClusterState:
    """Return the addresses (`database_url`, `redis_url`) of the servers that another process runs in `data_dir`.

    Raise NotRunningError unless both servers respond.
    """
    with _os_errors_converted(data_dir):
        state = load_state(servers_folder(data_dir))
    if state is None or not responds_to_ping(state) or not accepts_queries(state):
        raise NotRunningError(f"ESTİM is not running with the data in {data_dir}: start it with “make run”.")
    return state


@contextmanager
def _os_errors_converted(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(f"{error.strerror or error}: {error.filename or data_dir}") from error

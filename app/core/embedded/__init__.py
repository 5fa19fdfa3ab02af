"""The servers of a bare machine: a real PostgreSQL and a real Valkey whose data stay in a folder.

`start` runs them for as long as the caller lives, `attach` finds the ones that somebody else runs.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from app.core.embedded.errors import AlreadyRunningError, EmbeddedError, NotRunningError
from app.core.embedded.home import Announce, Home, Lock, find_home, open_home
from app.core.embedded.postgres import Postgres, proven
from app.core.embedded.processes import undisturbed
from app.core.embedded.state import ClusterState, load_state, settle_state
from app.core.embedded.valkey import Valkey, answers

PORT_ATTEMPTS = 3

__all__ = ["AlreadyRunningError", "EmbeddedError", "NotRunningError", "Servers", "attach", "start"]


class Servers:
    """Running servers, owned by this process: they end with `stop()`, or when this process dies."""

    def __init__(self, home: Home, lock: Lock, *, announce: Announce, durable: bool) -> None:
        self._home = home
        self._lock = lock
        self._announce = announce
        self._postgres = Postgres(home, durable=durable)
        self._valkey = Valkey(home, durable=durable, announce=announce)
        self._state = self._prepare()

    @property
    def database_url(self) -> str:
        """SQLAlchemy address (asyncpg) of database `estim` for its owner `app`, who is no superuser."""
        return self._state.database_url

    @property
    def redis_url(self) -> str:
        """Address of Valkey, password included."""
        return self._state.redis_url

    def start(self) -> None:
        """Start both; other ports are taken where somebody was quicker."""
        for attempt in range(PORT_ATTEMPTS):
            try:
                self._valkey.start(self._state)
                self._postgres.start(self._state)
            except EmbeddedError as error:
                if "Address already in use" not in str(error) or attempt == PORT_ATTEMPTS - 1:
                    raise
                self._valkey.stop()
                self._state = settle_state(self._home)
            else:
                return

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database that belongs to `app`, a copy of `template` (idle at that time); its address."""
        self._postgres.psql(f'CREATE DATABASE "{name}" OWNER app TEMPLATE "{template}"', self._state)
        return self.database_url.rsplit("/", 1)[0] + f"/{name}"

    def drop_database(self, name: str) -> None:
        """Remove a database and end whoever is connected to it."""
        self._postgres.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', self._state)

    def restart_dead(self) -> None:
        """Start again, at the same address, a server that has died. Raises EmbeddedError when it can't be."""
        for server in (self._valkey, self._postgres):
            if not server.running:
                self._announce(f"{server.name} has died; starting it again.")
                server.start(self._state)
                self._announce(f"{server.name} is back.")

    def stop(self) -> None:
        """End both servers within 10 s and let the next one in; may be called twice."""
        with undisturbed():
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
        state = settle_state(self._home)
        self._postgres.prepare(state)
        self._valkey.prepare()
        return state


def start(data_dir: Path, *, announce: Announce, durable: bool = True) -> Servers:
    """Start PostgreSQL and Valkey on the data in `data_dir`, made there if it is new.

    `announce` gets one English line for each thing the person should know. `durable=False` is for data that
    may be thrown away (tests, demonstrations). Raises EmbeddedError (one line, for the person): another one
    runs there, disk full, damaged or foreign data, no rights.
    """
    with ExitStack() as undo:
        undo.enter_context(_os_errors_told(data_dir))
        home = open_home(data_dir, announce)
        lock = Lock(home.folder)
        undo.callback(lock.release)
        servers = Servers(home, lock, announce=announce, durable=durable)
        undo.callback(servers.stop)
        servers.start()
        undo.pop_all()
    return servers


def attach(data_dir: Path) -> ClusterState:
    """Addresses (`database_url`, `redis_url`) of the servers another process runs in `data_dir`.

    Raises NotRunningError when nobody does, proven by asking both of them.
    """
    with _os_errors_told(data_dir):
        state = load_state(find_home(data_dir))
    if state is None or not answers(state) or not proven(state):
        raise NotRunningError(f"ESTİM is not running with the data in {data_dir}: start it with “make run”.")
    return state


@contextmanager
def _os_errors_told(data_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(f"{error.strerror or error}: {error.filename or data_dir}") from error

"""The test suite's PostgreSQL and Valkey: the product's embedded servers on data made for one run.

Each pytest process (each xdist worker) starts its own pair; they end with it, even if it is killed.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from app.core import embedded

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  the folder made in it is this process's own
ROOM_BYTES = 4 * 1024**3
"""Far more than the data of all processes of one run."""


class TestServers:
    """A running pair of servers with cheap copies of a migrated database.

    `database_url` is the database `estim` of the role `app`. Migrate it once, close every connection to it,
    then copy it for each module or test that commits.
    """

    __test__ = False

    def __init__(self, servers: embedded.Servers) -> None:
        self._servers = servers
        self._numbers = itertools.count(1)
        self.database_url = servers.database_url
        self.redis_url = servers.redis_url

    @contextmanager
    def database(self, template: str = "estim") -> Iterator[str]:
        """Copy `template` (`template1`: an empty database), yield the copy's address and drop it afterwards."""
        name = f"copy_{next(self._numbers)}"
        self._servers._postgres.psql(
            # file_copy writes no WAL per page: half the work of the default strategy
            f'CREATE DATABASE "{name}" OWNER app TEMPLATE "{template}" STRATEGY file_copy',
            self._servers._state,
        )
        try:
            yield self.database_url.rsplit("/", 1)[0] + f"/{name}"
        finally:
            self._servers._postgres.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', self._servers._state)


@contextmanager
def running() -> Iterator[TestServers]:
    """Start servers on a temporary folder and random ports, without syncing to disk; remove them afterwards."""
    with open_folder(_memory_folder()) as folder, embedded.start(folder, announce=print, durable=False) as servers:
        yield TestServers(servers)


@contextmanager
def open_folder(place: Path | None = None) -> Iterator[Path]:
    """Make a temporary folder that the servers' account can enter; pytest's own has mode 700."""
    prefix = f"estim-test-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def _memory_folder() -> Path | None:
    """Return /dev/shm after removing leftovers of killed runs; None if it is small, closed or mounted noexec.

    Every database is some hundred files, which cost a disk more time than their content.
    """
    if not SHARED_MEMORY.is_dir() or not os.access(SHARED_MEMORY, os.W_OK | os.X_OK):
        return None
    for left in SHARED_MEMORY.glob("estim-test-*-*"):
        if not psutil.pid_exists(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    found = os.statvfs(SHARED_MEMORY)
    roomy = found.f_bavail * found.f_frsize >= ROOM_BYTES
    return SHARED_MEMORY if roomy and not found.f_flag & os.ST_NOEXEC else None

"""The test suite's PostgreSQL and Valkey: the product's own embedded servers, on data made for one run.

Each pytest process (each xdist worker) starts its own pair; they end with it, even when it is killed.
"""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core import embedded


class TestServers:
    """A running pair of servers with cheap copies of a migrated database.

    `database_url` is the database `estim` of the role `app`: migrate it once, close every connection to it,
    then take a copy for each module or test that commits.
    """

    __test__ = False

    def __init__(self, servers: embedded.Servers) -> None:
        self._servers = servers
        self._numbers = itertools.count(1)
        self.database_url = servers.database_url
        self.redis_url = servers.redis_url

    @contextmanager
    def database(self, template: str = "estim") -> Iterator[str]:
        """Address of a fresh copy of `template` (`template1`: an empty database), removed afterwards."""
        name = f"copy_{next(self._numbers)}"
        self._servers._postgres.psql(
            # without a word in the log of what is thrown away: half the work of the default strategy
            f'CREATE DATABASE "{name}" OWNER app TEMPLATE "{template}" STRATEGY file_copy',
            self._servers._state,
        )
        try:
            yield self.database_url.rsplit("/", 1)[0] + f"/{name}"
        finally:
            self._servers.drop_database(name)


@contextmanager
def running() -> Iterator[TestServers]:
    """Servers on a folder of their own, random ports, nothing synced to disk; gone afterwards."""
    with open_folder() as folder, embedded.start(folder, announce=print, durable=False) as servers:
        yield TestServers(servers)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that the servers' account can enter; pytest's own has mode 700."""
    with tempfile.TemporaryDirectory(prefix="estim-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)

"""The installation to measure: embedded servers that sync to disk, an empty service, and child programs."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

from rich.console import Console

from app.cli.catalogue import check_loadable
from app.cli.up import KEY_FILE, install
from app.core import embedded
from app.core.embedded.processes import tied_command
from app.core.embedded.state import free_port
from app.people.vault import generate_key
from config.settings import Settings

ROOT = Path(__file__).parents[1]
ESENLER = ROOT / "config/esenler"


class BenchmarkError(Exception):
    """A measured program did not do its work, so its figures mean nothing."""


class ChildProgram:
    """A child process that exchanges lines of JSON with this one and ends with it."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str]) -> None:
        self._name = module
        self._process = subprocess.Popen(
            tied_command(os.getpid(), signal.SIGKILL, [sys.executable, "-m", module, *arguments]),
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Return the process id, for a profiler."""
        return self._process.pid

    def send(self, message: Any) -> None:
        """Send a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def receive(self) -> Any:
        """Wait for a line; raise `BenchmarkError` if the program has ended."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError(f"{self._name} has ended with exit code {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@dataclass(frozen=True, slots=True)
class Installation:
    """Running servers with an installed, empty service, and the key of a client with every scope."""

    settings: Settings
    servers: embedded.Servers
    key: str

    def copy(self, name: str, *, empty: bool = False) -> Settings:
        """Create a database, a copy of the installation or empty, and return its settings; none may be connected."""
        url = self.servers.create_database(name, template="template1" if empty else "estim")
        return Settings(**{**_plain(self.settings), "database_url": url, "port": free_port(0)})


@contextmanager
def open_installation() -> Iterator[Installation]:
    """Start servers with an installation and remove them afterwards; ignore the caller's `ESTIM_…` variables."""
    for name in [name for name in os.environ if name.startswith("ESTIM_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="estim-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # the servers' account must enter it
        with embedded.start(folder, announce=_quiet) as servers:
            settings = Settings(
                municipality=ESENLER,
                data_dir=folder,
                port=free_port(0),
                database_url=servers.database_url,
                redis_url=servers.redis_url,
                vault_keys=f"bench:{generate_key()}",
                index_key=generate_key(),
                key_pepper=generate_key(),
                log_level="warning",
            )
            install(settings, check_loadable(ESENLER, Console(stderr=True)))
            yield Installation(settings, servers, (folder / KEY_FILE).read_text().strip())


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables."""
    return {f"ESTIM_{name.upper()}": str(value) for name, value in _plain(settings).items()}


def await_http(port: int) -> None:
    """Wait until a server responds; an open port is no proof."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError, HTTPException), closing(HTTPConnection("127.0.0.1", port, timeout=5)) as probe:
            probe.request("GET", "/")
            probe.getresponse()
            return
        time.sleep(0.05)
    raise BenchmarkError(f"nothing answers on port {port}")


def _plain(settings: Settings) -> dict[str, Any]:
    """Return the explicit settings with plain secrets."""
    explicit = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {k: v.get_secret_value() if hasattr(v, "get_secret_value") else v for k, v in explicit.items()}


def _quiet(_line: str) -> None:
    pass

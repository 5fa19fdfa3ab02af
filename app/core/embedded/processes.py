"""Start, recognise and end the processes of the embedded servers.

A server is recognised by its program's name and its working folder, which is its data folder. A process id from a file
is no proof: it may belong to another program by now.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from app.core.embedded import die_with_parent
from app.core.embedded.errors import EmbeddedError

Owner = tuple[int, int] | None
"""User and group id of a server; None: the user who runs ESTİM."""

Step = tuple[int, float]
"""A signal and the seconds to wait after it."""

MAX_LOG_BYTES = 10 * 1024 * 1024
REAP_SECONDS = 1.0
"""Wait for the exit code: a process is a zombie before its last thread ends and it can be reaped."""
FULL_DISK_BYTES = 32 * 1024 * 1024


def tied_command(parent: int, death_signal: int, program: Iterable[str], owner: Owner = None) -> list[str]:
    """Return the command line that runs `program` and sends it `death_signal` when process `parent` ends."""
    account = "-" if owner is None else f"{owner[0]}:{owner[1]}"
    return [
        sys.executable,
        "-I",
        "-S",
        str(die_with_parent.__file__),
        str(parent),
        str(int(death_signal)),
        account,
        *program,
    ]


def spawn(program: list[str], *, folder: Path, log: Path, death_signal: int, owner: Owner) -> subprocess.Popen[bytes]:
    """Start a server in its own session, which Ctrl-C does not reach; append its output to `log`."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.old"))
    log.touch(mode=0o600)
    chown_like_parent(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  the program is one of the installed wheels
            tied_command(os.getpid(), death_signal, program, owner),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def chown_like_parent(path: Path) -> None:
    """Give a file that root made to the owner of its folder, who may start the servers next time."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def run_as(owner: Owner, program: list[str], *, text: str = "", folder: Path | None = None) -> str:
    """Run a helper program of a server to its end and return its output, stdout and stderr.

    Raise EmbeddedError with its error line, or its last line, if it fails.
    """
    uid, gid = owner if owner is not None else (None, None)
    done = subprocess.run(  # noqa: S603  the program is one of the installed wheels
        program,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder or "/",
        user=uid,
        group=gid,
        extra_groups=None if owner is None else [],
    )
    if done.returncode != 0:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        reason = next((line for line in lines if "error:" in line or "FATAL" in line), lines[-1] if lines else "")
        raise EmbeddedError(f"{Path(program[0]).name} failed (exit code {done.returncode}): {reason}")
    return done.stdout + done.stderr


def processes_in(name: str, folder: Path) -> list[psutil.Process]:
    """Return the processes called `name` with working folder `folder`, parents before children."""
    found = [each for each in psutil.process_iter(["name"]) if each.info["name"] == name and _works_in(each, folder)]
    return sorted(found, key=lambda process: process.pid)


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder.resolve()
    except (psutil.Error, OSError):
        return False


def end_processes(processes: Iterable[psutil.Process], steps: Iterable[Step]) -> None:
    """Send each step's signal to the remaining processes and wait; raise EmbeddedError if one survives."""
    alive = list(processes)
    for number, seconds in steps:
        for process in alive:
            _send(process, number)
        alive = still_alive(alive, seconds)
    if alive:
        raise EmbeddedError(f"process {alive[0].pid} of an earlier run can't be ended")


def still_alive(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait up to `seconds` for processes to end and return those that have not.

    A zombie counts as ended: in a container no init process may be there to reap an orphan.
    """
    alive = list(processes)
    deadline = time.monotonic() + seconds
    while (alive := [each for each in alive if _is_alive(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise EmbeddedError(f"process {process.pid} of an earlier run belongs to another user") from error


def last_error_line(log: Path, mark: int, words: Iterable[str]) -> str:
    """Return the last line after byte `mark` of a log that contains one of `words`, else the last line."""
    with log.open("rb") as file:
        file.seek(mark)
        lines = file.read().decode(errors="replace").splitlines()
    errors = [line for line in lines if any(word in line for word in words)]
    message = (errors or lines or ["it said nothing"])[-1].strip()
    if shutil.disk_usage(log).free < FULL_DISK_BYTES:
        return f"the disk of {log.parent} is full; {message}"
    return message


@contextmanager
def ignore_stop_signals() -> Iterator[None]:
    """Ignore SIGINT, SIGTERM and SIGHUP during a stop: a second one must not interrupt it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

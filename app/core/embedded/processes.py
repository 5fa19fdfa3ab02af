"""Start, recognise and end the processes of the embedded servers.

A server is known by its program's name and by its working folder, which is its data folder: a process id from
a file may belong to somebody else by now, a working folder can't.
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
"""User and group id a server runs as; None is whoever runs ESTİM."""

Step = tuple[int, float]
"""A signal and the seconds to wait for its effect."""

LOG_LIMIT_BYTES = 10 * 1024 * 1024
REAP_SECONDS = 1.0
"""A process is a zombie before the last of its threads is gone; only then can it be collected."""
FULL_DISK_BYTES = 32 * 1024 * 1024


def tied_command(parent: int, death_signal: int, program: Iterable[str], owner: Owner = None) -> list[str]:
    """Command line that runs `program` so that it gets `death_signal` when process `parent` has died."""
    who = "-" if owner is None else f"{owner[0]}:{owner[1]}"
    return [
        sys.executable,
        "-I",
        "-S",
        str(die_with_parent.__file__),
        str(parent),
        str(int(death_signal)),
        who,
        *program,
    ]


def spawn(program: list[str], *, folder: Path, log: Path, death_signal: int, owner: Owner) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own (a Ctrl-C is ours to pass on), its output appended to `log`."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.old"))
    log.touch(mode=0o600)
    adopt(log)
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  the program is one of the installed wheels
            tied_command(os.getpid(), death_signal, program, owner),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def adopt(path: Path) -> None:
    """Give a file that root made to the owner of its folder, who may start the servers the next time."""
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid)


def run_as(owner: Owner, program: list[str], *, text: str = "", folder: Path | None = None) -> str:
    """Run a helper program of a server to its end and return what it printed, on both channels.

    Raises EmbeddedError with the last line it printed when it fails.
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
        why = next((line for line in lines if "error:" in line or "FATAL" in line), lines[-1] if lines else "")
        raise EmbeddedError(f"{Path(program[0]).name} failed (exit code {done.returncode}): {why}")
    return done.stdout + done.stderr


def working_in(name: str, folder: Path) -> list[psutil.Process]:
    """Processes called `name` that work in `folder`, parents before children."""
    found = [each for each in psutil.process_iter(["name"]) if each.info["name"] == name and _in(each, folder)]
    return sorted(found, key=lambda process: process.pid)


def _in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()) == folder.resolve()
    except (psutil.Error, OSError):
        return False


def end(processes: Iterable[psutil.Process], steps: Iterable[Step]) -> None:
    """Send each step's signal to what still lives and wait that long; EmbeddedError if one survives."""
    alive = list(processes)
    for number, seconds in steps:
        for process in alive:
            _send(process, number)
        alive = still_alive(alive, seconds)
    if alive:
        raise EmbeddedError(f"process {alive[0].pid} of an earlier run can't be ended")


def still_alive(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that have not ended within `seconds`.

    A zombie has ended: in a container nobody may be there to collect an orphan, and it would be waited for in
    vain.
    """
    alive = list(processes)
    deadline = time.monotonic() + seconds
    while (alive := [each for each in alive if _lives(each)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _lives(process: psutil.Process) -> bool:
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


def last_complaint(log: Path, mark: int, words: Iterable[str]) -> str:
    """The last line since byte `mark` of a log that holds one of `words`, else its last line."""
    with log.open("rb") as file:
        file.seek(mark)
        lines = file.read().decode(errors="replace").splitlines()
    complaints = [line for line in lines if any(word in line for word in words)]
    said = (complaints or lines or ["it said nothing"])[-1].strip()
    if shutil.disk_usage(log).free < FULL_DISK_BYTES:
        return f"the disk of {log.parent} is full; {said}"
    return said


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C and its kin while servers are being stopped: a second one must not leave half of it."""
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

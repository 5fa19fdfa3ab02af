"""Supervisor of `estim up`: it restarts programs that crash; one Ctrl-C or SIGTERM ends all of them.

Each program runs in its own session, so Ctrl-C in the terminal reaches the supervisor alone, which ends the programs in
order. Each is tied to the supervisor (`die_with_parent.py`), so that kill -9 on it leaves no program running.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from app.core.embedded.errors import EmbeddedError
from app.core.embedded.processes import tied_command

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 4.0
"""Time between SIGTERM and SIGKILL; with the servers' 5 s everything ends within 10 s."""

MIN_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 30.0
STABLE_SECONDS = 30.0
"""Uptime after which the backoff of a program starts at its minimum again."""


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A program to supervise; `env` is its whole environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """A request to `http://host:port/path`; `on_ready` is called once, after its first 2xx response."""

    host: str
    port: int
    path: str
    on_ready: Callable[[], None]


def run(
    children: Sequence[ChildProcess],
    *,
    announce: Callable[[str], None],
    restart_servers: Callable[[], None] | None = None,
    readiness: ReadinessProbe | None = None,
) -> int:
    """Run `children` until SIGINT, SIGTERM or SIGHUP, then end them all; return the exit code.

    `restart_servers` is called every second and restarts dead embedded servers; an EmbeddedError of it is announced and
    delays the next call. Call `run` in the main thread.
    """

    def announce_safely(text: str) -> None:
        with suppress(OSError):  # a closed terminal must not prevent the end of the programs
            announce(text)

    return asyncio.run(_supervise(children, announce_safely, restart_servers, readiness))


async def _supervise(
    children: Sequence[ChildProcess],
    announce: Callable[[str], None],
    restart_servers: Callable[[], None] | None,
    readiness: ReadinessProbe | None,
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(_run_child(child, announce)) for child in children]
    if restart_servers is not None:
        tasks.append(asyncio.create_task(_keep_restarting(restart_servers, announce)))
    if readiness is not None:
        tasks.append(asyncio.create_task(_await_ready(readiness)))
    for task in tasks:
        task.add_done_callback(lambda done: _stop_on_failure(done, stop))
    await stop.wait()
    announce("Stopping …")
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failures = [each for each in results if isinstance(each, Exception)]
    if failures:
        raise failures[0]
    return 0


def _stop_on_failure(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    if not task.cancelled() and task.exception() is not None:
        stop.set()


async def _run_child(child: ChildProcess, announce: Callable[[str], None]) -> None:
    """Start the child again whenever it ends, with exponential backoff while it ends early."""
    loop = asyncio.get_running_loop()
    backoff = MIN_BACKOFF_SECONDS
    while True:
        started = loop.time()
        process = await asyncio.create_subprocess_exec(
            *tied_command(os.getpid(), signal.SIGKILL, child.argv), env=dict(child.env), start_new_session=True
        )
        try:
            code = await process.wait()
        finally:
            await _end(process)
        if loop.time() - started >= STABLE_SECONDS:
            backoff = MIN_BACKOFF_SECONDS
        announce(f"{child.name} ended unexpectedly ({_reason(code)}); starting it again in {backoff:g} s.")
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Send SIGTERM, wait for the grace period, then send SIGKILL to the program and its own children."""
    if process.returncode is None:
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name


async def _keep_restarting(restart_servers: Callable[[], None], announce: Callable[[str], None]) -> None:
    backoff = 1.0
    while True:
        await asyncio.sleep(backoff)
        try:
            restart_servers()
        except (EmbeddedError, OSError) as error:
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)
            announce(f"{error} – next try in {backoff:g} s.")
        else:
            backoff = 1.0


async def _await_ready(readiness: ReadinessProbe) -> None:
    while not await _responds(readiness):  # noqa: ASYNC110  another process has no asyncio.Event to give
        await asyncio.sleep(0.05)
    readiness.on_ready()


async def _responds(readiness: ReadinessProbe) -> bool:
    request = f"GET {readiness.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(readiness.host, readiness.port)
            writer.write(request.encode())
            status = await reader.readline()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status[8:10] == b" 2"

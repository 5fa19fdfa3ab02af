"""Run the programs of `estim up` side by side: what crashes is started again, one Ctrl-C or SIGTERM ends all.

Each program is a session of its own, so that a Ctrl-C in the terminal reaches the supervisor alone and the
programs end in order; each is tied to the supervisor (`die_with_parent.py`), so that its kill -9 leaves none behind.
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
"""What a program gets between SIGTERM and SIGKILL; with the servers' 5 s all is over within 10 s."""

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 30.0
"""A program that ran this long has earned the first, short pause again."""


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A program to keep running; `env` is its whole environment."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """`then()` is called once, when `GET http://host:port/path` first answers 2xx."""

    host: str
    port: int
    path: str
    then: Callable[[], None]


def run(
    children: Sequence[ChildProcess],
    *,
    announce: Callable[[str], None],
    restart_servers: Callable[[], None] | None = None,
    ready: ReadinessProbe | None = None,
) -> int:
    """Keep `children` running until SIGINT, SIGTERM or SIGHUP, then end them all; exit code for the shell.

    `restart_servers` is called every second to start again what else has died (the embedded servers); it may raise
    EmbeddedError, which is announced before the next, later try. Must be called in the main thread.
    """

    def say(text: str) -> None:
        with suppress(OSError):  # a closed terminal must not keep the programs from being ended
            announce(text)

    return asyncio.run(_supervise(children, say, restart_servers, ready))


async def _supervise(
    children: Sequence[ChildProcess],
    announce: Callable[[str], None],
    restart_servers: Callable[[], None] | None,
    ready: ReadinessProbe | None,
) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(_keep(child, announce)) for child in children]
    if restart_servers is not None:
        tasks.append(asyncio.create_task(_keep_restarting(restart_servers, announce)))
    if ready is not None:
        tasks.append(asyncio.create_task(_await_ready(ready)))
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


async def _keep(child: ChildProcess, announce: Callable[[str], None]) -> None:
    """Start the child again and again, with growing pauses while it dies young."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE_SECONDS
    while True:
        began = loop.time()
        process = await asyncio.create_subprocess_exec(
            *tied_command(os.getpid(), signal.SIGKILL, child.argv), env=dict(child.env), start_new_session=True
        )
        try:
            code = await process.wait()
        finally:
            await _end(process)
        if loop.time() - began >= STEADY_SECONDS:
            pause = FIRST_PAUSE_SECONDS
        announce(f"{child.name} ended unexpectedly ({_reason(code)}); starting it again in {pause:g} s.")
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, the grace period, then SIGKILL; whatever the program had started goes with it."""
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
    pause = 1.0
    while True:
        await asyncio.sleep(pause)
        try:
            restart_servers()
        except (EmbeddedError, OSError) as error:
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            announce(f"{error} – next try in {pause:g} s.")
        else:
            pause = 1.0


async def _await_ready(ready: ReadinessProbe) -> None:
    while not await _answers(ready):  # noqa: ASYNC110  another process has no asyncio.Event to give
        await asyncio.sleep(0.05)
    ready.then()


async def _answers(ready: ReadinessProbe) -> bool:
    request = f"GET {ready.path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(ready.host, ready.port)
            writer.write(request.encode())
            status = await reader.readline()
            writer.close()
            await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status[8:10] == b" 2"

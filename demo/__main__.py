"""`python -m demo`: a month of a city in half a minute; it exits with 0 only if every figure is as expected."""

import argparse
import asyncio
import signal
import sys
import time
from contextlib import ExitStack, suppress
from functools import partial
from types import FrameType

import httpx
from rich.console import Console
from rich.status import Status

from app.core.embedded import EmbeddedError
from demo.api_client import ApiClient, ApiError
from demo.checks import Observations, failed_checks
from demo.display import Display, Event, EventStyle, make_display
from demo.report import print_report
from demo.scenario import START
from demo.simulation import Faults, Simulation
from demo.stack import RunningPrograms, Stack, StackError, open_stack, run_programs

PROGRAM_LABELS = {"api": "API", "worker": "Zamanlayıcı (worker)"}
EXIT_INTERRUPTED = 130
REQUEST_SECONDS = 20.0
TITLE = "ESTİM · otuz saniyede dört hafta: her kanaldan başvuru, gerçek takvim"
BUILDING = "Geçici kurulum hazırlanıyor: PostgreSQL, Valkey, hizmet standartları tablosu …"
STARTING = "API ve zamanlayıcı (worker) başlıyor …"


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration and return the exit code."""
    options = _options(arguments)
    console = Console(highlight=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it by default
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    started = time.monotonic()
    console.print(TITLE, style="bold")
    try:
        with ExitStack() as context:
            status = context.enter_context(console.status(BUILDING))
            stack = context.enter_context(open_stack(START, partial(console.print, style="dim", markup=False)))
            status.update(STARTING)
            observed = asyncio.run(_run(stack, options, console, status))
            print_report(console, observed, stack.outbox, seconds=time.monotonic() - started)
    except KeyboardInterrupt:
        console.print("\nDurduruldu; geçici veriler silindi.")
        return EXIT_INTERRUPTED
    except (EmbeddedError, StackError, ApiError) as failure:
        console.print(f"✗ {failure}", style="bold red", markup=False)
        return 1
    return 1 if failed_checks(observed) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="A month of a city in half a minute.")
    parser.add_argument("--flush-valkey", action="store_true", help="wipe Valkey in the middle (FLUSHALL)")
    parser.add_argument("--kill-worker", action="store_true", help="kill -9 the worker in the middle")
    parser.add_argument("--pace", type=float, default=1.0, metavar="DAYS", help="days a second (default: 1)")
    options = parser.parse_args(arguments)
    if not 0.1 <= options.pace <= 5:
        parser.error("--pace takes 0.1 to 5 days a second")
    return options


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End everything in order, as with Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


async def _run(stack: Stack, options: argparse.Namespace, console: Console, status: Status) -> Observations:
    """Run the month on a running stack; raise the first error alone, not as a group."""
    display = make_display(console, days_a_second=options.pace)

    def restarted(program: str) -> None:
        message = f"{PROGRAM_LABELS[program]} yeniden başlatıldı; kaldığı yeri veritabanında buldu."
        display.add(Event(None, None, None, message, EventStyle.FAULT))

    try:
        async with run_programs(stack, START, days_a_second=options.pace, restarted=restarted) as programs:
            status.stop()
            return await _simulate(stack, programs, display, Faults(options.flush_valkey, options.kill_worker))
    except BaseExceptionGroup as group:
        raise _first_error(group) from None
    finally:
        display.stop()


async def _simulate(stack: Stack, programs: RunningPrograms, display: Display, faults: Faults) -> Observations:
    async with httpx.AsyncClient(base_url=programs.url, timeout=REQUEST_SECONDS) as client:
        return await Simulation(ApiClient(client, stack.keys), programs, display, stack.outbox, faults).run()


def _first_error(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())

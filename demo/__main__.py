"""`python -m demo`: a month of a city in half a minute. Exits with 0 only if every figure is the expected one."""

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
from demo.city import City, CityError
from demo.closing import print_closing
from demo.play import Mishaps, Play
from demo.scenario import START
from demo.screen import Mood, News, Screen, make_screen
from demo.stage import Running, Stage, StageError, built, running
from demo.verdict import Facts, differences

PROGRAMS = {"api": "API", "worker": "Zamanlayıcı (worker)"}
STOPPED = 130
CALL_SECONDS = 20.0
TITLE = "ESTİM · otuz saniyede dört hafta: her kanaldan başvuru, gerçek takvim"
BUILDING = "Geçici kurulum hazırlanıyor: PostgreSQL, Valkey, hizmet standartları tablosu …"
STARTING = "API ve zamanlayıcı (worker) başlıyor …"


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; the exit code."""
    options = _options(arguments)
    console = Console(highlight=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_interrupt)
    began = time.monotonic()
    console.print(TITLE, style="bold")
    try:
        with ExitStack() as context:
            status = context.enter_context(console.status(BUILDING))
            stage = context.enter_context(built(START, partial(console.print, style="dim", markup=False)))
            status.update(STARTING)
            facts = asyncio.run(_perform(stage, options, console, status))
            print_closing(console, facts, stage.outbox, seconds=time.monotonic() - began)
    except KeyboardInterrupt:
        console.print("\nDurduruldu; geçici veriler silindi.")
        return STOPPED
    except (EmbeddedError, StageError, CityError) as failure:
        console.print(f"✗ {failure}", style="bold red", markup=False)
        return 1
    return 1 if differences(facts) else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="A month of a city in half a minute.")
    parser.add_argument("--flush-valkey", action="store_true", help="wipe Valkey in the middle (FLUSHALL)")
    parser.add_argument("--kill-worker", action="store_true", help="kill -9 the worker in the middle")
    parser.add_argument("--pace", type=float, default=1.0, metavar="DAYS", help="days a second (default: 1)")
    options = parser.parse_args(arguments)
    if not 0.1 <= options.pace <= 5:
        parser.error("--pace takes 0.1 to 5 days a second")
    return options


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    """Whoever ends us wants everything ended in order, as with Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


async def _perform(stage: Stage, options: argparse.Namespace, console: Console, status: Status) -> Facts:
    """Play the month on a running stack. Raises the first thing that went wrong, alone."""
    screen = make_screen(console, days_a_second=options.pace)

    def restarted(program: str) -> None:
        words = f"{PROGRAMS[program]} yeniden başlatıldı; kaldığı yeri veritabanında buldu."
        screen.tell(News(None, None, None, words, Mood.MISHAP))

    try:
        async with running(stage, START, days_a_second=options.pace, restarted=restarted) as stack:
            status.stop()
            return await _play(stage, stack, screen, Mishaps(options.flush_valkey, options.kill_worker))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    finally:
        screen.close()


async def _play(stage: Stage, stack: Running, screen: Screen, mishaps: Mishaps) -> Facts:
    async with httpx.AsyncClient(base_url=stack.url, timeout=CALL_SECONDS) as client:
        return await Play(City(client, stage.keys), stack, screen, stage.outbox, mishaps).run()


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        sys.exit(main())

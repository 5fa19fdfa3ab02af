"""`python -m bench [PART …] [--quick]`: measure everything or the named parts, print, keep the results."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bench import boston_replay, deadlines, delivery, intake, recompute, report, sweep
from bench.boston_data import VARIABLE, file_of_requests
from bench.ground import Wrong, laid_out

PARTS = ("deadlines", "boston", "intake", "sweep", "recompute", "delivery")
NOTICES = 10_000
OPEN_CLOCKS = 200_000
FULL = (intake.Length(3, 5, 6), sweep.Size(open_timers=1_000_000, due=30_000, a_second=1000, seconds=20))
QUICK = (intake.Length(1, 2, 2), sweep.Size(open_timers=45_000, due=4_000, a_second=500, seconds=3))


def main() -> int:
    """Measure what was asked for, or everything; the exit code says whether all figures can be believed."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures the product; replays a city.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--quick", action="store_true", help="a minute instead of five; rougher figures")
    parser.add_argument("--boston-csv", type=Path, help=f"the requests to replay (or {VARIABLE})")
    given = parser.parse_args()
    console = Console()
    try:
        if "boston" in (given.parts or PARTS):
            _replay_boston(file_of_requests(given.boston_csv), console, quick=given.quick)
        _measure(given.parts or PARTS, console, quick=given.quick)
    except Wrong as error:
        console.print(f"[red]wrong:[/] {error}", soft_wrap=True)
        return 1
    return 0


def _replay_boston(path: Path, console: Console, *, quick: bool) -> None:
    if not path.is_file():
        console.print(f"boston: skipped, there is no {path} (name the file with --boston-csv or {VARIABLE})")
        return
    figures = boston_replay.measure(path)
    report.show_boston(console, figures)
    report.write("boston_replay", figures, quick=quick)


def _measure(parts: list[str] | tuple[str, ...], console: Console, *, quick: bool) -> None:
    length, size = QUICK if quick else FULL
    if "deadlines" in parts:
        medians = deadlines.measure(2000)
        report.show_deadlines(console, medians)
        report.write("deadlines", medians, quick=quick)
    if {"intake", "sweep", "recompute", "delivery"} & set(parts):
        with laid_out() as ground:
            if "intake" in parts:
                taken = intake.measure(ground, length)
                report.show_intake(console, taken)
                report.write("intake", taken, quick=quick)
            if "sweep" in parts:
                fired = sweep.measure(ground, size)
                report.show_sweep(console, fired)
                report.write("sweep", fired, quick=quick)
            if "recompute" in parts:
                renewed = recompute.measure(ground, OPEN_CLOCKS // 10 if quick else OPEN_CLOCKS)
                report.show_recompute(console, renewed)
                report.write("recompute", renewed, quick=quick)
            if "delivery" in parts:
                handed = delivery.measure(ground, NOTICES // 10 if quick else NOTICES)
                report.show_delivery(console, handed)
                report.write("delivery", handed, quick=quick)


if __name__ == "__main__":
    sys.exit(main())

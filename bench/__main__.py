"""`python -m bench [PART …] [--quick]`: run all benchmarks or the named ones, print and store the results."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from bench import boston_replay, deadlines, delivery, intake, recompute, report, sweep
from bench.boston_data import FILE_VARIABLE, requests_file
from bench.installation import BenchmarkError, open_installation

PARTS = ("deadlines", "boston", "intake", "sweep", "recompute", "delivery")
NOTICES = 10_000
OPEN_CLOCKS = 200_000
FULL = (intake.Schedule(3, 5, 6), sweep.Size(open_timers=1_000_000, due=30_000, a_second=1000, seconds=20))
QUICK = (intake.Schedule(1, 2, 2), sweep.Size(open_timers=45_000, due=4_000, a_second=500, seconds=3))


def main() -> int:
    """Run the named benchmarks, or all; return 1 if a benchmark did not do its work."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures the product; replays a city.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all by default")
    parser.add_argument("--quick", action="store_true", help="a minute instead of five; rougher figures")
    parser.add_argument("--boston-csv", type=Path, help=f"the requests to replay (or {FILE_VARIABLE})")
    options = parser.parse_args()
    console = Console()
    try:
        if "boston" in (options.parts or PARTS):
            _replay_boston(requests_file(options.boston_csv), console, quick=options.quick)
        _measure(options.parts or PARTS, console, quick=options.quick)
    except BenchmarkError as error:
        console.print(f"[red]wrong:[/] {error}", soft_wrap=True)
        return 1
    return 0


def _replay_boston(path: Path, console: Console, *, quick: bool) -> None:
    if not path.is_file():
        console.print(f"boston: skipped, there is no {path} (name the file with --boston-csv or {FILE_VARIABLE})")
        return
    figures = boston_replay.measure(path)
    report.show_boston(console, figures)
    report.write("boston_replay", figures, quick=quick)


def _measure(parts: list[str] | tuple[str, ...], console: Console, *, quick: bool) -> None:
    schedule, size = QUICK if quick else FULL
    if "deadlines" in parts:
        medians = deadlines.measure(2000)
        report.show_deadlines(console, medians)
        report.write("deadlines", medians, quick=quick)
    if {"intake", "sweep", "recompute", "delivery"} & set(parts):
        with open_installation() as installation:
            if "intake" in parts:
                figures = intake.measure(installation, schedule)
                report.show_intake(console, figures)
                report.write("intake", figures, quick=quick)
            if "sweep" in parts:
                figures = sweep.measure(installation, size)
                report.show_sweep(console, figures)
                report.write("sweep", figures, quick=quick)
            if "recompute" in parts:
                figures = recompute.measure(installation, OPEN_CLOCKS // 10 if quick else OPEN_CLOCKS)
                report.show_recompute(console, figures)
                report.write("recompute", figures, quick=quick)
            if "delivery" in parts:
                figures = delivery.measure(installation, NOTICES // 10 if quick else NOTICES)
                report.show_delivery(console, figures)
                report.write("delivery", figures, quick=quick)


if __name__ == "__main__":
    sys.exit(main())

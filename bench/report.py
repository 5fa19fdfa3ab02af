"""The results as tables at the terminal and as JSON files."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


def write(name: str, figures: Any, *, quick: bool) -> None:
    """Write a result to `bench/results/<name>.json`, with facts about the machine."""
    machine = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "quick": quick,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")


def show_intake(console: Console, figures: dict[str, Any]) -> None:
    """Print both apps and their ratio."""
    table = _table(f"Intake, {figures['connections']} connections", "", "requests/s", "p50 ms", "p99 ms", "generator")
    for name, words in (("estim", "ESTİM: a whole ticket"), ("floor", "floor: one bare INSERT")):
        side = figures[name]
        load = f"{side['generator_load']:.0%} busy"
        table.add_row(words, f"{side['requests_per_second']:,}", str(side["p50_ms"]), str(side["p99_ms"]), load)
    table.add_row("ESTİM: no work (404)", f"{figures['api_404_per_second']:,}", "", "", "")
    console.print(table)
    console.print(f"intake / floor = [bold]{figures['ratio']:.2f}[/] (aim ≥ 0.50; rounds {figures['ratios']})\n")


def show_sweep(console: Console, figures: dict[str, Any]) -> None:
    """Print the bursts and the steady stream."""
    title = f"Sweep, {figures['open_timers']:,} timers open"
    table = _table(title, "", "fired", "per second", "p50 ms", "p99 ms", "worker")
    for row in (*figures["bursts"], figures["steady"]):
        delays = [str(row.get(name, "")) for name in ("p50_ms", "p99_ms")]
        busy = f"{row['worker_load']:.0%} busy"
        table.add_row(row["measurement"], f"{row['fired']:,}", f"{row['per_second']:,}", *delays, busy)
    console.print(table)
    console.print(
        "Delay: from the due instant to the committed notice (aim: p99 ≤ 500 ms; bursts ≥ 15,000/s). "
        f"A sweep that finds nothing takes {figures['idle_sweep_ms']} ms.\n"
    )


def show_delivery(console: Console, figures: dict[str, Any]) -> None:
    """Print the rate of one worker."""
    table = _table("Delivery, one worker, e-mail and SMS", "", "notices", "per second", "worker")
    load = f"{figures['worker_load']:.0%} busy"
    table.add_row("backlog", f"{figures['notices']:,}", f"{figures['per_second']:,} (aim ≥ 200)", load)
    console.print(table)


def show_deadlines(console: Console, figures: list[dict[str, Any]]) -> None:
    """Print the medians and their targets."""
    table = _table("deadline()", "limit", "median µs", "aim µs")
    for row in figures:
        table.add_row(row["case"], str(row["median_us"]), f"≤ {row['aim_us']}")
    console.print(table)


def show_recompute(console: Console, figures: dict[str, Any]) -> None:
    """Print the times of a leave day: the preview, and the change that recomputes every open clock."""
    table = _table(
        f"Leave, {figures['open_clocks']:,} clocks open",
        "",
        "dates move",
        "preview s",
        "apply s",
        "aim s",
        "of it busy s",
    )
    for row in figures["changes"]:
        seconds = str(row["preview_seconds"]), str(row["apply_seconds"])
        busy = str(row["apply_processor_seconds"])
        table.add_row(row["change"], f"{row['moved']:,}", *seconds, "≤ 10", busy)
    console.print(table)


def show_boston(console: Console, figures: dict[str, Any]) -> None:
    """Print the agreement with the city's targets and flags by type, then each class of difference."""
    oracle = figures["oracle"]
    console.print(
        f"{figures['requests']:,} requests of Boston. The city's flags and targets agree with on_time() in "
        f"{oracle['agree']:,} of {oracle['closed_with_target_and_flag']:,} closed requests."
    )
    for name, title in (("named", "Types whose clock is known"), ("further", "Types with a learnt limit")):
        group = figures[name]
        _show_types(console, f"{title}: {group['deadlines_per_second']:,} deadlines/s", group)
        _show_differences(console, group["differences"])
    left_out = figures["left_out"]
    console.print(f"No limit could be learnt for {left_out['types']} types ({left_out['requests']:,} requests).")
    console.print("In the rows: " + ", ".join(f"{words} {count:,}" for words, count in figures["faults"].items()))


def _show_types(console: Console, title: str, group: dict[str, Any]) -> None:
    table = _table(title, "type", "limit", "requests", "due agree", "but for the clocks", "verdicts agree")
    for row in (*group["types"], group | {"type": "all", "clock": "", "days": ""}):
        names = "due_share", "due_share_but_for_change_of_clocks", "verdict_share"
        shares = [f"{row[name]:.2%}" for name in names]
        table.add_row(row["type"], f"{row['days']} {row['clock']}", f"{row['requests']:,}", *shares)
    console.print(table)


def _show_differences(console: Console, rows: list[dict[str, Any]]) -> None:
    table = _table("Where they differ", "class", "due dates", "verdicts", "why")
    table.columns[3].justify = "left"
    for row in rows:
        table.add_row(row["class"], f"{row['due_dates']:,}", str(row["verdicts"]), row["why"])
    console.print(table)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table

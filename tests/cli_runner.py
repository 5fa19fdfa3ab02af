"""Run the `estim` command with settings from environment variables: in a process of its own, or in this one.

A process takes a second to start. One test of each group of commands runs `run_estim_process`; the others run
`run_estim`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from app.cli import main as cli
from config.settings import Settings
from tests.installation import ESENLER, ROOT

PROGRAM = (sys.executable, "-P", "-m", "app.cli")


def environment(settings: Settings | None = None, **given: object) -> dict[str, str]:
    """Return the environment of a process with these settings, without any of this machine's."""
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "ESTIM_MUNICIPALITY": str(ESENLER),
        "COLUMNS": "200",
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
    }
    if settings is not None:
        assert settings.database_url is not None
        assert settings.redis_url is not None
        variables |= {
            "ESTIM_DATA_DIR": str(settings.data_dir),
            "ESTIM_DATABASE_URL": settings.database_url.get_secret_value(),
            "ESTIM_REDIS_URL": settings.redis_url.get_secret_value(),
            "ESTIM_VAULT_KEYS": settings.vault_keys.get_secret_value(),
            "ESTIM_INDEX_KEY": settings.index_key.get_secret_value(),
            "ESTIM_KEY_PEPPER": settings.key_pepper.get_secret_value(),
        }
    return variables | {f"ESTIM_{name.upper()}": str(value) for name, value in given.items()}


def clock_from(start: datetime) -> dict[str, str]:
    """Return the settings of a clock that shows `start` at this moment and runs on from there."""
    return {"clock_start": start.isoformat(), "clock_origin": datetime.now(UTC).isoformat()}


def run_estim_process(*arguments: str, env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a process of its own, in `folder`."""
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, env=env, cwd=folder)


def run_estim(*arguments: str, env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in this process, with `env` and `folder` for its own; raise unexpected errors.

    The command gets its own thread: a test may be running an event loop, and commands start their own.
    """
    output, errors = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(output),
        redirect_stderr(errors),
        ThreadPoolExecutor(1) as thread,
    ):
        for name in os.environ.keys() - env.keys():
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(sys, "argv", [PROGRAM[-1], *arguments])
        patch.setattr(cli, "out", Console(file=output, highlight=False))
        code = thread.submit(_run_main).result()
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), errors.getvalue())


def _run_main() -> int:
    """Run the command in `sys.argv` and return its exit code."""
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


class Running:
    """A running command whose output is read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def wait_for(self, words: str) -> str:
        """Wait for a line that contains `words`; return the output up to it."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError(f"ended without printing {words!r}:\n{''.join(lines)}")

    def family(self) -> list[psutil.Process]:
        """Return the process and all its descendants."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]


@contextmanager
def running_estim(*arguments: str, env: dict[str, str], folder: Path) -> Iterator[Running]:
    """Start a command and yield it running; kill it afterwards."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, cwd=folder
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()

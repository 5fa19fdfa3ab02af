"""The `estim` command as a person runs it: told everything by variables, in a process of its own or in this one.

A process takes a second to start. Of each group of commands one test runs `estim_process`, for the start itself;
the others are told the same by `estim`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from app.cli import main as cli
from config.settings import Settings
from tests.installation import ESENLER, ROOT

PROGRAM = (sys.executable, "-P", "-m", "app.cli")


def variables(settings: Settings | None = None, **given: object) -> dict[str, str]:
    """The environment of a process that runs with these settings, and with nothing of this machine's."""
    shown = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ESTIM_MUNICIPALITY": str(ESENLER), "COLUMNS": "200"}
    if settings is not None:
        assert settings.database_url is not None
        assert settings.redis_url is not None
        shown |= {
            "ESTIM_DATA_DIR": str(settings.data_dir),
            "ESTIM_DATABASE_URL": settings.database_url.get_secret_value(),
            "ESTIM_REDIS_URL": settings.redis_url.get_secret_value(),
            "ESTIM_VAULT_KEYS": settings.vault_keys.get_secret_value(),
            "ESTIM_INDEX_KEY": settings.index_key.get_secret_value(),
            "ESTIM_KEY_PEPPER": settings.key_pepper.get_secret_value(),
        }
    return shown | {f"ESTIM_{name.upper()}": str(value) for name, value in given.items()}


def estim_process(*arguments: str, env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a process of its own, in `folder`."""
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, env=env, cwd=folder)


def estim(*arguments: str, env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in this process, as if `env` and `folder` were its own; raises what nobody foresaw.

    It has a thread for itself: a test may be running an event loop, and commands start their own.
    """
    output, complaints = StringIO(), StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(output),
        redirect_stderr(complaints),
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
    return subprocess.CompletedProcess(arguments, code, output.getvalue(), complaints.getvalue())


def _run_main() -> int:
    """Exit code of the command that `sys.argv` has."""
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


class Running:
    """A command that goes on, read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def said(self, words: str) -> str:
        """Wait for a line that holds `words`; everything up to it."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        raise AssertionError(f"ended without saying {words!r}:\n{''.join(lines)}")

    def family(self) -> list[psutil.Process]:
        """The process and everything below it."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]


@contextmanager
def going_on(*arguments: str, env: dict[str, str], folder: Path) -> Iterator[Running]:
    """A command that is still running; killed at the end if it is then."""
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, cwd=folder
    )
    with process:
        try:
            yield Running(process)
        finally:
            process.kill()

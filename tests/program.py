"""The `estim` command as a person runs it: a process of its own, told everything by variables."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

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


def estim(*arguments: str, env: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, in `folder`."""
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False, env=env, cwd=folder)


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

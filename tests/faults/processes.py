"""The product's programs as real processes, which a test can kill."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from config.settings import Settings

ROOT = Path(__file__).parents[2]


def environment(settings: Settings, *, now: datetime, **other: object) -> dict[str, str]:
    """Return the variables under which a program is part of the installation of `settings`, at the instant `now`."""
    values = {**settings.model_dump(exclude_unset=True), "clock_start": now, "clock_origin": datetime.now(UTC), **other}
    variables = {}
    for name, value in values.items():
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        variables[f"ESTIM_{name.upper()}"] = plain.isoformat() if isinstance(plain, datetime) else str(plain)
    return {**os.environ, **variables}


@contextmanager
def running(program: str, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `estim PROGRAM` as a process that ends with the block."""
    tie = [sys.executable, "-I", "-S", str(ROOT / "app/core/embedded/die_with_parent.py"), str(os.getpid()), "9", "-"]
    process = subprocess.Popen([*tie, sys.executable, "-m", "app.cli", program], env=variables, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def eventually(reached: Callable[[], Awaitable[bool]], process: subprocess.Popen[bytes], what: str) -> None:
    """Poll a condition until it is true; fail after a minute, or when the process has ended."""
    last = time.monotonic() + 60
    while not await reached():
        assert process.poll() is None, f"the program ended before {what}"
        assert time.monotonic() < last, f"no sign that {what}"
        await asyncio.sleep(0.01)


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

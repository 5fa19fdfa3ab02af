"""The demonstration as a person runs it, with the faults that it must survive."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import demo

pytestmark = pytest.mark.server

ROOT = Path(demo.__file__).parents[1]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files that the servers' account can enter; pytest's own has mode 700."""
    with tempfile.TemporaryDirectory(prefix="estim-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


def start(temporary: Path, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "demo", *options],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.timeout(240)
def test_every_figure_is_as_expected_after_valkey_is_wiped_and_the_worker_killed(temporary: Path) -> None:
    with start(temporary, "--flush-valkey", "--kill-worker") as process:
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert "FLUSHALL" in output
    assert "kill -9" in output
    assert "yeniden başlatıldı" in output
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_in_the_middle_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    with start(temporary) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "alındı" in line:
                break
        process.send_signal(number)
        rest = process.stdout.read()
    assert process.returncode == 130, "".join([*lines, rest])
    assert "Durduruldu" in rest
    assert list(temporary.iterdir()) == []

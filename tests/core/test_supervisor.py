"""The supervisor with real programs: it restarts crashed ones, ends all on one signal, and leaves none behind."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psutil
import pytest

from app.core.embedded.processes import still_alive
from tests.servers import open_folder

pytestmark = pytest.mark.server

ROOT = Path(__file__).parents[2]

# One write a line: several programs share the output, and a print may come in pieces.
STEADY = "import os, time; os.write(1, b'child %d\\n' % os.getpid()); time.sleep(600)"
IGNORING_SIGTERM = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "os.write(1, b'child %d\\n' % os.getpid()); time.sleep(600)"
)
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {STEADY!r}]); time.sleep(600)"

SUPERVISOR = """
import json, os, sys
from app.core import supervisor
children, port = json.loads(sys.argv[1])
def announce(text): os.write(1, f"{text}\\n".encode())
readiness = supervisor.ReadinessProbe("127.0.0.1", port, "/health", lambda: announce("ready"))
sys.exit(supervisor.run(
    [supervisor.ChildProcess(name, [sys.executable, "-c", code]) for name, code in children.items()],
    announce=announce, readiness=readiness,
))
"""

UP = """
import os, sys
from pathlib import Path
from app.core import embedded, supervisor
def announce(text): os.write(1, f"{text}\\n".encode())
with embedded.start(Path(sys.argv[1]), announce=announce, durable=False) as servers:
    sys.exit(supervisor.run(
        [supervisor.ChildProcess("api", [sys.executable, "-c", sys.argv[2]])],
        announce=announce, restart_servers=servers.restart_dead,
    ))
"""

SERVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", {port}), Handler).serve_forever()
"""


class Run:
    """A supervisor in its own process, whose output is read line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def line(self, start: str) -> str:
        """Return the next line that begins with `start`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(start):
                return line
        raise AssertionError(f"ended without saying {start!r}")

    def child(self) -> psutil.Process:
        """Return the next child that prints its process id."""
        return psutil.Process(int(self.line("child").split()[1]))

    def family(self) -> list[psutil.Process]:
        """Return the supervisor and all its descendants."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]


@contextmanager
def running(code: str, *arguments: str) -> Iterator[Run]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )
    with process:
        try:
            yield Run(process)
        finally:
            process.kill()


def supervising(port: int = 9, **children: str) -> AbstractContextManager[Run]:
    """Run a supervisor with small Python programs, given as name=source."""
    return running(SUPERVISOR, json.dumps([children, port]))


def assert_gone(processes: list[psutil.Process], seconds: float = 10) -> None:
    assert still_alive(processes, seconds) == []


def test_a_crashed_child_is_started_again_with_a_message() -> None:
    with supervising(worker=STEADY) as run:
        first = run.child()
        first.kill()
        assert run.line("worker") == "worker ended unexpectedly (SIGKILL); starting it again in 0.5 s.\n"
        assert run.child() != first


def test_a_child_that_keeps_dying_is_tried_with_growing_pauses() -> None:
    with supervising(api="raise SystemExit(3)") as run:
        assert run.line("api") == "api ended unexpectedly (exit code 3); starting it again in 0.5 s.\n"
        assert run.line("api") == "api ended unexpectedly (exit code 3); starting it again in 1 s.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_everything_politely(number: signal.Signals) -> None:
    with supervising(api=STEADY, worker=STEADY) as run:
        run.child(), run.child()
        family = run.family()
        run.process.send_signal(number)
        assert run.process.stdout is not None
        assert run.process.stdout.read() == "Stopping …\n"
        assert run.process.wait(10) == 0
        assert_gone(family)


def test_a_child_that_does_not_listen_is_killed_in_time() -> None:
    with supervising(api=IGNORING_SIGTERM, worker=STEADY) as run:
        run.child(), run.child()
        family = run.family()
        run.process.terminate()
        assert run.process.wait(10) == 0
        assert_gone(family)


def test_what_a_child_has_started_ends_with_it() -> None:
    with supervising(api=PARENT) as run:
        grandchild = run.child()
        run.process.terminate()
        assert run.process.wait(10) == 0
        assert_gone([grandchild])


def test_a_killed_supervisor_takes_its_children_along() -> None:
    with supervising(api=IGNORING_SIGTERM, worker=STEADY) as run:
        run.child(), run.child()
        family = run.family()
        run.process.kill()
        assert_gone(family)


def test_readiness_is_announced_once_the_address_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with supervising(port, api=SERVER.format(port=port)) as run:
        assert run.line("ready") == "ready\n"


def test_the_whole_stack_ends_on_sigterm_and_comes_back() -> None:
    with open_folder() as folder:
        for _ in range(2):
            with running(UP, str(folder / ".estim"), STEADY) as run:
                run.child()
                family = run.family()
                assert {"postgres", "valkey-server"} <= {process.name() for process in family}
                run.process.terminate()
                assert run.process.wait(10) == 0
                assert_gone(family)


def test_the_whole_stack_ends_with_a_killed_supervisor_and_comes_back() -> None:
    with open_folder() as folder, running(UP, str(folder / ".estim"), STEADY) as run:
        run.child()
        family = run.family()
        run.process.kill()
        run.process.wait(10)
        with running(UP, str(folder / ".estim"), STEADY) as second:
            second.child()
            assert_gone(family)
            second.process.terminate()
            assert second.process.wait(10) == 0


def test_a_killed_database_is_restarted_by_the_supervisor() -> None:
    with open_folder() as folder, running(UP, str(folder / ".estim"), STEADY) as run:
        run.child()
        [postmaster] = [each for each in psutil.Process(run.process.pid).children() if each.name() == "postgres"]
        postmaster.kill()
        assert run.line("PostgreSQL is back")

"""`estim up`: it starts everything, prints the addresses, survives crashes and leaves nothing behind."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from app.core.embedded.processes import still_alive
from tests.cli_runner import Running, environment, run_estim_process, running_estim
from tests.installation import ESENLER
from tests.servers import open_folder

pytestmark = pytest.mark.server

READY = "Ctrl-C stops everything."
CALL = {"channel": "call-center", "description": "Kaldırımda çukur var", "applicant": {"phone": "0532 000 00 00"}}


class Place:
    """A folder to run in, with its port and environment."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.data = folder / ".estim"
        self.env = environment(port=self.port)

    def client(self) -> httpx.Client:
        """Return an HTTP client with the development key, which retries while the API starts."""
        key = (self.data / "api-key").read_text().strip()
        patient = httpx.HTTPTransport(retries=6)  # the last one after 15 s
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"X-API-Key": key}, transport=patient, timeout=20
        )

    def mode(self, name: str) -> int:
        """Return the mode of a file of the data folder."""
        return (self.data / name).stat().st_mode & 0o777


@pytest.fixture
def place() -> Iterator[Place]:
    with open_folder() as folder:
        yield Place(folder)


def process_of(run: Running, command: str) -> psutil.Process:
    """Return the child that runs the command."""
    return next(each for each in run.family() if each.cmdline()[-2:] == ["app.cli", command])


def test_up_serves_outlives_a_kill_of_the_api_and_ends_whole(place: Place) -> None:
    with running_estim("up", env=place.env, folder=place.folder) as run:
        output = run.wait_for(READY)
        assert f"http://127.0.0.1:{place.port}/docs" in output
        assert ".estim/api-key" in output
        assert ".estim/outbox" in output
        assert {place.mode(name) for name in ("api-key", "secrets.env", "stack.env")} == {0o600}
        with place.client() as client:
            assert client.post("/v1/tickets", json=CALL).status_code == 201
        process_of(run, "api").kill()
        run.wait_for("api ended unexpectedly (SIGKILL)")
        with place.client() as client:
            assert len(client.get("/v1/tickets").json()["items"]) == 1
        family = run.family()
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(10) == 0
        assert still_alive(family, 0) == []
        assert not (place.data / "stack.env").exists()


def test_up_after_a_kill_finds_data_secrets_and_key_again(place: Place) -> None:
    with running_estim("up", env=place.env, folder=place.folder) as run:
        run.wait_for(READY)
        with place.client() as client:
            number = client.post("/v1/tickets", json=CALL).json()["number"]
        before = [(place.data / name).read_text() for name in ("api-key", "secrets.env")]
        family = run.family()
        run.process.kill()
        assert still_alive(family, 10) == []
    with running_estim("up", env=place.env, folder=place.folder) as run:
        run.wait_for(READY)
        assert [(place.data / name).read_text() for name in ("api-key", "secrets.env")] == before
        with place.client() as client:
            assert client.get(f"/v1/tickets/{number}").json()["applicant"]["phone"] == "+905320000000"
        other_folder = run_estim_process(
            "keys", "list", env=environment(data_dir=place.data), folder=place.folder.parent
        )
        assert "development" in other_folder.stdout
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(10) == 0


def test_a_stop_while_it_starts_leaves_nothing(place: Place) -> None:
    with running_estim("up", env=place.env, folder=place.folder) as run:
        run.wait_for("Starting")
        family = run.family()
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(10) == 0
        assert still_alive(family, 5) == []


def test_a_port_in_use_is_reported_before_anything_starts(place: Place) -> None:
    with socket.create_server(("127.0.0.1", place.port)):
        done = run_estim_process("up", env=place.env, folder=place.folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "ESTIM_PORT" in done.stderr
    assert not place.data.exists()


def test_a_faulty_folder_stops_with_its_problems(place: Place) -> None:
    faulty = place.folder / "faulty"
    faulty.mkdir()
    for file in ESENLER.glob("*.*"):
        (faulty / file.name).write_bytes(file.read_bytes())
    table = faulty / "standards-table.txt"
    table.write_text(table.read_text().replace("\t10 D", "\t10 X"))
    done = run_estim_process("up", env=place.env | {"ESTIM_MUNICIPALITY": str(faulty)}, folder=place.folder)
    assert done.returncode == 1
    assert "10 X" in done.stdout
    assert "Traceback" not in done.stderr
    assert not place.data.exists()


def test_secrets_are_not_replaced_while_encrypted_data_exist(place: Place) -> None:
    (place.data / "servers/postgres").mkdir(parents=True)
    done = run_estim_process("up", env=place.env, folder=place.folder)
    assert done.returncode == 1
    assert "secrets.env is missing" in done.stderr
    assert not (place.data / "secrets.env").exists()


def test_half_of_the_servers_given_is_refused(place: Place) -> None:
    env = place.env | {"ESTIM_DATABASE_URL": "postgresql+asyncpg://app@127.0.0.1:1/estim"}
    done = run_estim_process("up", env=env, folder=place.folder)
    assert done.returncode == 1
    assert "Set both ESTIM_DATABASE_URL and ESTIM_REDIS_URL" in done.stderr

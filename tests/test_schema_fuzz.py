"""Fuzzing by the OpenAPI file: every operation responds as documented, to valid and invalid requests.

Requests are generated from the OpenAPI file and sent to a real server in a thread of this process.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from app.container import open_container
from app.main import create_app
from config.settings import Settings
from tests.channels import bodies
from tests.installation import SettableClock, make_settings, new_key
from tests.servers import TestServers

NOWHERE = make_settings(database_url="postgresql+asyncpg://x/y", redis_url="redis://x", data_dir=Path("/nonexistent"))
DESCRIBED = schemathesis.openapi.from_dict(create_app(NOWHERE).openapi())
OPERATIONS = {each.ok().label: each.ok() for each in DESCRIBED.get_all_operations() if isinstance(each, Ok)}
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 8
"""Requests per operation; raise it for a longer search."""

KNOWN = 3
"""Number of existing tickets; most generated requests about a ticket name one of them."""


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve `app` in a thread and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True, slots=True)
class Served:
    """A running API with some tickets."""

    url: str
    key: str
    numbers: list[str]
    message_id: str


@pytest.fixture(scope="module")
def served(servers: TestServers, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the API on its own database."""
    with servers.database(template) as database_url:
        folder = tmp_path_factory.mktemp("fuzzed")
        settings_ = make_settings(database_url=database_url, redis_url=servers.redis_url, data_dir=folder)
        app = create_app(settings_, SettableClock())
        with serving(app) as url:
            key = _key_of_a_developer(settings_)
            with httpx.Client(base_url=url, headers={"X-API-Key": key}) as client:
                made = [client.post("/v1/tickets", json=bodies.ticket()).json() for _ in range(KNOWN)]
                quarantined = client.post("/v1/channels/sms/messages", json={}).json()
            yield Served(url, key, [receipt["number"] for receipt in made], quarantined["quarantine_id"])


def _key_of_a_developer(settings_: Settings) -> str:
    async def make() -> str:
        async with open_container(settings_, SettableClock()) as container:
            return await new_key(container, "developer")

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(make())).result()


@pytest.mark.parametrize("label", OPERATIONS)
def test_every_operation_answers_as_its_description_says(served: Served, label: str) -> None:
    """Status and content type are documented, for valid and invalid requests; there is never a 500."""
    operation = OPERATIONS[label]
    made_up = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(made_up, st.sampled_from([None, *served.numbers]), st.sampled_from([{}, {"If-Match": "*"}]))
    def send(case: Any, number: str | None, version: dict[str, str]) -> None:
        if number is not None:
            known = {"number": number, "message_id": served.message_id}
            case.path_parameters = {name: known.get(name, value) for name, value in case.path_parameters.items()}
        headers = {name: value for name, value in (case.headers or {}).items() if name.lower() != "authorization"}
        case.headers = headers | version | {"X-API-Key": served.key}
        response = case.call(base_url=served.url)
        case.validate_response(response, checks=CHECKS)

    send()

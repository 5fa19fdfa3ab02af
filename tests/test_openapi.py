"""The OpenAPI file: every operation is complete, every example works, and a generated client creates a ticket."""

import asyncio
import compileall
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.http.openapi import TAGS, operations
from app.http.openapi_examples import REQUEST_EXAMPLES
from app.main import create_app
from config.settings import Settings
from tests.installation import served
from tests.tables import failing

DOCUMENT = create_app(Settings()).openapi()
PUBLIC = ("/health/", "/v1/tracking")
OPERATIONS = {f"{method} {path}": operation for path, method, operation in operations(DOCUMENT)}
OPEN, KEYED = (
    {name: operation for name, operation in OPERATIONS.items() if name.partition(" ")[2].startswith(PUBLIC) is public}
    for public in (True, False)
)
WITH_BODY = {name: operation for name, operation in OPERATIONS.items() if "requestBody" in operation}
TURKISH = re.compile(r"[çğıöşüÇĞİÖŞÜ]")
BODIES = {
    operation["operationId"]: (path, method) for path, method, operation in operations(DOCUMENT) if "{" not in path
}


def refs(node: Any) -> Iterator[str]:
    """Yield every `$ref` in a part of the file."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def resolved(ref: str) -> dict[str, Any]:
    found: Any = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def shows_values(schema: dict[str, Any]) -> bool:
    """Return whether a schema shows possible values: by an example, the allowed values, or its parts."""
    if "$ref" in schema:
        return shows_values(resolved(schema["$ref"]))
    if {"examples", "example", "enum", "const", "default", "format"} & schema.keys():
        return True
    if schema.get("type") in {"boolean", "null"} or schema.get("type") == "array":
        return True
    parts = schema.get("anyOf") or schema.get("allOf") or list(schema.get("properties", {}).values())
    return bool(parts) and all(shows_values(part) for part in parts if part.get("type") != "null")


def faulty(named: dict[str, dict[str, Any]], check: Callable[[dict[str, Any]], None]) -> list[str]:
    """Return `method path: reason` for each operation that fails `check`."""
    return failing(named, lambda name: check(named[name]))


def test_an_operation_says_what_it_does_and_for_whom() -> None:
    def check(operation: dict[str, Any]) -> None:
        assert operation["summary"], "no summary"
        assert operation["description"], "no description"
        assert "Parameters" not in operation["description"], "parameters in the description"
        assert len(operation["tags"]) == 1
        assert operation["tags"][0] in {tag["name"] for tag in TAGS}
        assert re.fullmatch(r"[a-z][a-z_]+", operation["operationId"])

    assert faulty(OPERATIONS, check) == []


def test_health_and_tracking_need_no_key() -> None:
    def check(operation: dict[str, Any]) -> None:
        assert "security" not in operation

    assert faulty(OPEN, check) == []


def test_every_other_operation_needs_a_key_and_names_its_scope() -> None:
    def check(operation: dict[str, Any]) -> None:
        assert operation["security"] == [{"ApiKey": []}, {"Bearer": []}]
        assert re.search(r"\*\*Scope:\*\* `|scope `intake:<channel>`", operation["description"]), "no scope"
        assert {"401", "403"} <= operation["responses"].keys()

    assert faulty(KEYED, check) == []


def test_every_error_response_is_the_shared_problem() -> None:
    def check(operation: dict[str, Any]) -> None:
        errors = {status: response for status, response in operation["responses"].items() if status >= "400"}
        assert errors, "no error response"
        for status, response in errors.items():
            shared = resolved(response["$ref"])
            assert list(shared["content"]) == ["application/problem+json"]
            content = shared["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert content["example"]["status"] == int(status)
            assert TURKISH.search(content["example"]["title"] + content["example"]["detail"])

    assert faulty(OPERATIONS, check) == []


def test_an_operation_with_a_body_lists_its_rejections() -> None:
    def check(operation: dict[str, Any]) -> None:
        assert {"408", "413", "415", "422"} <= operation["responses"].keys()

    assert faulty(WITH_BODY, check) == []


def test_an_operation_shows_an_example_of_all_it_takes_and_returns() -> None:
    def check(operation: dict[str, Any]) -> None:
        for media in operation.get("requestBody", {}).get("content", {}).values():
            assert "examples" in media or shows_values(media["schema"]), "the body has no example"
        for status, response in operation["responses"].items():
            for media in response.get("content", {}).values():
                assert status < "400"
                assert shows_values(media["schema"]), f"{status} has no example"
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] != "path" or shows_values(parameter["schema"]), f"{parameter['name']}: no example"

    assert faulty(OPERATIONS, check) == []


def test_the_file_refers_to_nothing_that_is_missing_and_keeps_nothing_of_the_frameworks_errors() -> None:
    for ref in set(refs(DOCUMENT)):
        assert resolved(ref)
    assert not {"HTTPValidationError", "ValidationError"} & DOCUMENT["components"]["schemas"].keys()
    assert [name for name in DOCUMENT["components"]["schemas"] if "__" in name] == []
    assert len(json.dumps(DOCUMENT, ensure_ascii=False)) < 300_000


def test_operation_ids_are_unique_and_every_group_is_used() -> None:
    found = [operation for _, _, operation in operations(DOCUMENT)]
    assert len({operation["operationId"] for operation in found}) == len(found)
    assert {operation["tags"][0] for operation in found} == {tag["name"] for tag in TAGS}


@pytest.mark.parametrize(
    ("operation_id", "body"),
    [
        pytest.param(operation_id, body, id=f"{operation_id}: {title}")
        for operation_id, examples in REQUEST_EXAMPLES.items()
        for title, body in examples.items()
    ],
)
async def test_an_example_is_accepted_unchanged(
    operation_id: str, body: dict[str, Any], client_as: Callable[..., Awaitable[AsyncClient]]
) -> None:
    """Send the example of “Try it out”."""
    developer = await client_as("developer")
    path, method = BODIES[operation_id]
    response = await developer.request(method, path, json=body)
    assert response.is_success, response.text
    assert response.json().get("quarantined", 0) == 0


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_docs_pages_load_everything_from_here(page: str, client: AsyncClient) -> None:
    response = await client.get(page)
    assert response.status_code == 200
    assert response.headers["content-security-policy"].startswith("default-src 'self'")
    wanted = re.findall(r"""(?:src|href|url|spec-url)(?:=|: )["']([^"']+)["']""", response.text)
    assert len(wanted) >= 3
    for address in wanted:
        assert "//" not in address
        assert (await client.get(f"/{address}")).status_code == 200


async def test_the_docs_logo_comes_from_here(client: AsyncClient) -> None:
    assert (await client.get("/redoc/logo-mini.svg")).status_code == 200


CREATE = """
import sys
sys.path.insert(0, sys.argv[1])
from estim_client import AuthenticatedClient
from estim_client.api.tickets import create_ticket
from estim_client.models import ApplicantBody, Channel, Problem, Receipt, TicketBody
client = AuthenticatedClient(base_url=sys.argv[2], token=sys.argv[3])
body = TicketBody(channel=Channel.CALL_CENTER, description="Kaldırımda çukur var",
                  applicant=ApplicantBody(phone="0532 000 00 00"))
receipt = create_ticket.sync(client=client, body=body)
assert isinstance(receipt, Receipt), receipt
unknown = create_ticket.sync(client=AuthenticatedClient(base_url=sys.argv[2], token="none"), body=body)
assert isinstance(unknown, Problem), unknown
print(receipt.number, unknown.code)
"""


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run a process to its end and return what it printed."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_a_generated_client_compiles_and_creates_a_ticket(
    app: FastAPI, api_key: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    file, package = tmp_path / "openapi.json", tmp_path / "estim_client"
    file.write_text(json.dumps(app.openapi()))
    (tmp_path / "config.yaml").write_text(
        "post_hooks: []\npackage_name_override: estim_client\n"
        "content_type_overrides: {application/pdf: application/octet-stream}\n"  # its name for files
    )
    generate = ["generate", "--path", file, "--output-path", package, "--meta", "none", "--fail-on-warning"]
    command = [
        sys.executable,
        "-m",
        "openapi_python_client",
        *map(str, generate),
        "--config",
        str(tmp_path / "config.yaml"),
    ]
    made = await asyncio.to_thread(run, *command)
    assert made.returncode == 0, made.stdout + made.stderr
    assert compileall.compile_dir(package, quiet=1)
    async with served(app) as address:
        arguments = [sys.executable, "-c", CREATE, str(tmp_path), address, await api_key("call-centre")]
        used = await asyncio.to_thread(run, *arguments)
    assert used.stderr == ""
    assert re.fullmatch(r"26[0-9]{8} unauthenticated\n", used.stdout)

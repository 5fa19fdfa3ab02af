"""The OpenAPI file: descriptions of the tags, shared error responses and working request examples."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.core.errors import (
    EstimError,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    StaleVersion,
    TooLarge,
    TooMany,
    TooSlow,
    Unauthenticated,
    Unavailable,
    Unsupported,
    VersionRequired,
    WrongState,
)
from app.core.problem import MEDIA_TYPE, Problem, problem_body
from app.http.openapi_examples import REQUEST_EXAMPLES

DESCRIPTION = """
The request desk of a Turkish municipality. Every citizen request becomes one ticket with its published time limit. If
the limit is at risk or missed, the office that the published table names gets one notice.

**Authorize** with an API key (`estim_live_…`; `make run` makes one for development and prints its path), as
`X-API-Key` or as a bearer token. **Errors** are `application/problem+json`, Turkish by default, English with
`Accept-Language: en`. **Retries** are safe: with a channel's own id or an `Idempotency-Key`, a repeated request returns
the same ticket. **Changes** of a ticket need `If-Match` with the `ETag` that was read.
**Instants** need a zone; a date-time without one is refused.
""".strip()

TAGS: list[dict[str, Any]] = [
    {"name": "mobile app", "description": "For the backend of the municipality's app and web page"},
    {"name": "call centre", "description": "For the telephone system and the agents' screens (444 00 73)"},
    {"name": "SMS", "description": "For the SMS gateway"},
    {"name": "field", "description": "For the field teams' tablets, which may send late and more than once"},
    {"name": "desk", "description": "For Çözüm Masası, Danışma and İkram Noktası"},
    {"name": "CİMER", "description": "For the clerk who registers requests of the national portal"},
    {"name": "tickets", "description": "Read tickets and run their commands"},
    {
        "name": "tracking",
        "description": "For citizens: status by number and the last four digits of the phone",
    },
    {"name": "escalation", "description": "Notices to units and to the two application offices"},
    {"name": "feed", "description": "For backends that follow tickets: the change feed, and signed webhooks"},
    {"name": "complaints", "description": "Complaints about the published table, to either application office"},
    {"name": "catalogue", "description": "The published table that applies, and its versions"},
    {"name": "calendar", "description": "Working days: holidays, leave and short days; previews of changes"},
    {"name": "reports", "description": "Compliance with limits, from stored dates"},
    {"name": "operations", "description": "Health, quarantine and overdue work"},
]

_ERRORS: dict[int, tuple[str, str, EstimError]] = {
    401: ("Unauthenticated", "No API key, or an invalid one", Unauthenticated()),
    403: ("Forbidden", "The key lacks the scope for this operation", Forbidden(scope="tickets:read")),
    404: ("NotFound", "The record does not exist or is not visible to this key", NotFound()),
    408: ("TooSlow", "The body did not arrive in time", TooSlow(seconds=20.0)),
    409: (
        "WrongState",
        "The present state forbids it; `code` has the reason",
        WrongState(state="closed", allowed_actions=["reopen"]),
    ),
    412: ("StaleVersion", "If-Match names another version than the present one", StaleVersion(etag='"v4"')),
    413: ("TooLarge", "The body is over 1 MiB", TooLarge(limit=1048576)),
    415: ("Unsupported", "The body is not JSON", Unsupported()),
    422: (
        "Invalid",
        "Some fields are not valid; `errors` names each and what it allows",
        Invalid([FieldError("/applicant/phone", "phone")]),
    ),
    428: ("VersionRequired", "If-Match is missing", VersionRequired()),
    429: ("TooMany", "Too many attempts; `Retry-After` has the seconds to wait", TooMany(retry_after=600)),
    500: ("Internal", "Unexpected error; it was logged", EstimError()),
    503: ("Unavailable", "Not recorded; try again after `Retry-After` seconds", Unavailable(retry_after=5)),
}
"""Status → name of the response component, its description, and an error as its example."""

_SIGNATURE_HEADERS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "webhook-id": {
            "description": "Id of the message, the same at every attempt",
            "schema": {"type": "string", "examples": ["msg_6f1c2a90d1d34c41a50e0a6ba2f7a6b1"]},
        },
        "webhook-timestamp": {
            "description": "Time of sending, in Unix seconds",
            "schema": {"type": "integer", "examples": [1778570000]},
        },
        "webhook-signature": {
            "description": "HMAC-SHA256 of `id.timestamp.body`; during a rotation two, separated by a space",
            "schema": {"type": "string", "examples": ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="]},
        },
    }
)
"""Headers of Standard Webhooks 1.0, which sign every webhook request."""

_BODY_ERRORS = (408, 413, 415, 422)
_KEY_ERRORS = (401, 403)
_REF = "#/components/"


class DocumentedApi(FastAPI):
    """FastAPI with an OpenAPI file that has our error responses, and examples that “Try it out” can send."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI file, made at the first call."""
        if self.openapi_schema is None:
            self.openapi_schema = _completed(super().openapi())
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """Return the operation's id in the OpenAPI file; client generators derive method names from it."""
    return route.name


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and operation of an OpenAPI file."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    components = document["components"]
    for webhook in document["webhooks"].values():
        webhook["post"]["responses"].pop("422")  # added by FastAPI; the receiver chooses its responses
        webhook["post"]["parameters"] = [{"$ref": f"{_REF}parameters/{name}"} for name in _SIGNATURE_HEADERS]
    for _, _, operation in operations(document):
        _describe_scopes(operation)
        _refer_to_error_responses(operation)
        _add_request_examples(operation)
    for framework_schema in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(framework_schema, None)
    problem = Problem.model_json_schema(ref_template=_REF + "schemas/{model}")
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    components["parameters"] = {
        name: {"name": name, "in": "header", "required": True, **parameter}
        for name, parameter in _SIGNATURE_HEADERS.items()
    }
    components["responses"] = {name: _error_response(meaning, error) for name, meaning, error in _ERRORS.values()}
    return document


def _describe_scopes(operation: dict[str, Any]) -> None:
    """Move scopes into the description: `security` can't express that any one of them is enough."""
    required = operation.get("security", ())
    scopes = {scope: None for each in required for listed in each.values() for scope in listed}
    if scopes:
        operation["security"] = [{name: [] for name in each} for each in required]
        named = " or ".join(f"`{scope}`" for scope in scopes)
        operation["description"] = f"{operation.get('description', '')}\n\n**Scope:** {named}".strip()


def _refer_to_error_responses(operation: dict[str, Any]) -> None:
    """Replace error responses by shared components; add those of every operation with a body or a key."""
    responses = operation["responses"]
    expected = {int(status) for status in responses if status.isdigit() and int(status) >= 400}
    expected.update(_BODY_ERRORS if "requestBody" in operation else ())
    expected.update(_KEY_ERRORS if operation.get("security") else ())
    for status in sorted(expected):
        responses[str(status)] = {"$ref": f"{_REF}responses/{_ERRORS[status][0]}"}
    operation["responses"] = dict(sorted(responses.items()))


def _add_request_examples(operation: dict[str, Any]) -> None:
    examples = REQUEST_EXAMPLES.get(operation["operationId"])
    if examples:
        operation["requestBody"]["content"]["application/json"]["examples"] = {
            name: {"summary": name, "value": value} for name, value in examples.items()
        }


def _error_response(meaning: str, error: EstimError) -> dict[str, Any]:
    example = problem_body(
        error, language="tr", instance="/v1/tickets", request_id="01a0c3de-0000-7000-8000-000000000000"
    )
    schema = {"$ref": f"{_REF}schemas/Problem"}
    return {"description": meaning, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}

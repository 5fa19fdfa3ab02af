"""The OpenAPI file: who its groups are for, one set of error answers for all operations, and examples that work."""

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
The request desk of a Turkish municipality: every citizen request becomes one ticket, the published time limit runs on
it, and when it is threatened or missed the office that the published table names gets a notice, once.

**Authorize** with an API key (`estim_live_…`; `make run` makes one for development and says where it lies), as
`X-API-Key` or as a bearer token. **Errors** are `application/problem+json`, Turkish by default, English with
`Accept-Language: en`. **Retries** are safe: a channel's own id or an `Idempotency-Key` makes a repeated request the
same ticket with the same answer. **Changes** of a ticket need `If-Match` with the `ETag` that was read.
**Instants** carry their zone; a date-time without one is refused.
""".strip()

TAGS: list[dict[str, Any]] = [
    {"name": "mobile app", "description": "For the backend of the municipality's app and web page"},
    {"name": "call centre", "description": "For the telephone system and the agents' screens (444 00 73)"},
    {"name": "SMS", "description": "For the SMS gateway"},
    {"name": "field", "description": "For the field teams' tablets, which send later and maybe twice"},
    {"name": "desk", "description": "For Çözüm Masası, Danışma and İkram Noktası"},
    {"name": "CİMER", "description": "For the clerk who mirrors the national portal"},
    {"name": "tickets", "description": "Reading tickets, and every command of their life"},
    {
        "name": "tracking",
        "description": "For citizens: status by number and the last four digits of the phone",
    },
    {"name": "escalation", "description": "Notices to units and to the two application offices"},
    {"name": "feed", "description": "For backends that follow tickets: the change feed, and signed webhooks"},
    {"name": "complaints", "description": "Complaints about the published table, to either application office"},
    {"name": "catalogue", "description": "The published table as it is applied"},
    {"name": "calendar", "description": "Working days: holidays, leave, short days, and what a change moves"},
    {"name": "reports", "description": "How limits were kept, from stored dates"},
    {"name": "operations", "description": "Health, quarantine, and what is stuck"},
]

_ERRORS: dict[int, tuple[str, str, EstimError]] = {
    401: ("Unauthenticated", "No API key, or one that is not valid", Unauthenticated()),
    403: ("Forbidden", "The key lacks the scope for this operation", Forbidden(scope="tickets:read")),
    404: ("NotFound", "Not there, or not visible to this key", NotFound()),
    408: ("TooSlow", "The body did not arrive in time", TooSlow(seconds=20.0)),
    409: (
        "WrongState",
        "The state of things forbids it (`code` says which)",
        WrongState(state="closed", allowed_actions=["reopen"]),
    ),
    412: ("StaleVersion", "Another version than the one named by If-Match", StaleVersion(etag='"v4"')),
    413: ("TooLarge", "The body is over 1 MiB", TooLarge(limit=1048576)),
    415: ("Unsupported", "Not JSON", Unsupported()),
    422: (
        "Invalid",
        "Some fields are not valid; `errors` names each with what is allowed",
        Invalid([FieldError("/applicant/phone", "phone")]),
    ),
    428: ("VersionRequired", "If-Match is missing", VersionRequired()),
    429: ("TooMany", "Too many attempts; `Retry-After` says how long to wait", TooMany(retry_after=600)),
    500: ("Internal", "An error that nobody foresaw; it was recorded", EstimError()),
    503: ("Unavailable", "Not recorded; try again after `Retry-After` seconds", Unavailable(retry_after=5)),
}
"""Status → name of the response component, what it means here, and an error to show as its example."""

_SIGNED: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "webhook-id": {
            "description": "What the message is known by, the same at every attempt",
            "schema": {"type": "string", "examples": ["msg_6f1c2a90d1d34c41a50e0a6ba2f7a6b1"]},
        },
        "webhook-timestamp": {
            "description": "When it was sent, in Unix seconds",
            "schema": {"type": "integer", "examples": [1778570000]},
        },
        "webhook-signature": {
            "description": "HMAC-SHA256 of `id.timestamp.body`; two, parted by a space, while a rotation lasts",
            "schema": {"type": "string", "examples": ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="]},
        },
    }
)
"""The headers of Standard Webhooks 1.0, with which everything is signed that we send."""

_BODY_ERRORS = (408, 413, 415, 422)
_KEY_ERRORS = (401, 403)
_REF = "#/components/"


class DocumentedApi(FastAPI):
    """FastAPI whose OpenAPI file has our errors in place of the framework's, and examples a click can send."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI file, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _finished(super().openapi())
        return self.openapi_schema


def operation_id(route: APIRoute) -> str:
    """The operation's id in the OpenAPI file, from which client generators make their method names."""
    return route.name


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of an OpenAPI file, with its path and method."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _finished(document: dict[str, Any]) -> dict[str, Any]:
    components = document["components"]
    for webhook in document["webhooks"].values():
        webhook["post"]["responses"].pop("422")  # of the framework: what the receiver answers is not ours to say
        webhook["post"]["parameters"] = [{"$ref": f"{_REF}parameters/{name}"} for name in _SIGNED]
    for _, _, operation in operations(document):
        _name_scopes(operation)
        _refer_to_errors(operation)
        _add_examples(operation)
    for stock in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(stock, None)
    problem = Problem.model_json_schema(ref_template=_REF + "schemas/{model}")
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    components["parameters"] = {
        name: {"name": name, "in": "header", "required": True, **parameter} for name, parameter in _SIGNED.items()
    }
    components["responses"] = {name: _answer(meaning, error) for name, meaning, error in _ERRORS.values()}
    return document


def _name_scopes(operation: dict[str, Any]) -> None:
    """Any of the scopes is enough, which `security` can't say: they go into the description."""
    wanted = {scope: None for each in operation.get("security", ()) for scopes in each.values() for scope in scopes}
    if wanted:
        operation["security"] = [{name: [] for name in each} for each in operation["security"]]
        named = " or ".join(f"`{scope}`" for scope in wanted)
        operation["description"] = f"{operation.get('description', '')}\n\n**Scope:** {named}".strip()


def _refer_to_errors(operation: dict[str, Any]) -> None:
    """Every error answer is one of the shared components; those that every operation of its kind has are added."""
    answers = operation["responses"]
    expected = {int(status) for status in answers if status.isdigit() and int(status) >= 400}
    expected.update(_BODY_ERRORS if "requestBody" in operation else ())
    expected.update(_KEY_ERRORS if operation.get("security") else ())
    for status in sorted(expected):
        answers[str(status)] = {"$ref": f"{_REF}responses/{_ERRORS[status][0]}"}
    operation["responses"] = dict(sorted(answers.items()))


def _add_examples(operation: dict[str, Any]) -> None:
    examples = REQUEST_EXAMPLES.get(operation["operationId"])
    if examples:
        operation["requestBody"]["content"]["application/json"]["examples"] = {
            name: {"summary": name, "value": value} for name, value in examples.items()
        }


def _answer(meaning: str, error: EstimError) -> dict[str, Any]:
    example = problem_body(
        error, language="tr", instance="/v1/tickets", request_id="01a0c3de-0000-7000-8000-000000000000"
    )
    schema = {"$ref": f"{_REF}schemas/Problem"}
    return {"description": meaning, "content": {MEDIA_TYPE: {"schema": schema, "example": example}}}

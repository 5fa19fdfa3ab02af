"""Error responses: RFC 9457 `application/problem+json`, Turkish by default, English by `Accept-Language`.

They never repeat what the caller sent: a rejected field may be a phone number.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.core.db import DATABASE_ERRORS, RETRY_AFTER_SECONDS, is_unavailable
from app.core.errors import EstimError, FieldError, Invalid, NotFound, Unavailable
from app.core.field_errors import field_errors
from app.core.wording import (
    FIELD_SENTENCES,
    PROBLEM_DETAILS,
    PROBLEM_TITLES,
    Language,
    preferred_language,
    translate,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[str, int]] = {
    "internal": 500,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_owner": 403,
    "not_found": 404,
    "no_letter": 404,
    "method_not_allowed": 405,
    "too_slow": 408,
    "wrong_state": 409,
    "is_complaint": 409,
    "not_extendable": 409,
    "limit_passed": 409,
    "limit_of_law": 409,
    "no_fee": 409,
    "no_limit": 409,
    "already_received": 409,
    "stale_version": 412,
    "stale_calendar": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "invalid": 422,
    "key_reused": 422,
    "version_required": 428,
    "too_many": 429,
    "unavailable": 503,
}


class ProblemField(BaseModel):
    """One field that broke a rule."""

    pointer: str = Field(examples=["/applicant/phone"])
    code: str = Field(examples=["phone"])
    detail: str = Field(examples=["Geçerli bir telefon numarası değil; 0532 000 00 00 gibi olmalıdır."])


class Problem(BaseModel):
    """The body of every error response (RFC 9457)."""

    type: str = Field(examples=["urn:estim:problem:invalid"])
    title: str = Field(examples=["Geçersiz alanlar var"])
    status: int = Field(examples=[422])
    detail: str = Field(examples=["Her alan için ne beklendiği 'errors' listesinde yazılıdır."])
    instance: str = Field(examples=["/v1/tickets"])
    code: str = Field(examples=["invalid"])
    request_id: str = Field(examples=["01a0c3de-0000-7000-8000-000000000000"])
    errors: list[ProblemField] | None = None


def unreadable_body(error: HTTPException) -> Invalid:
    """Convert FastAPI's bare 400: the body is not UTF-8, or its JSON can't be parsed (depth, a huge number)."""
    return Invalid([FieldError("", "utf8" if isinstance(error.__cause__, UnicodeDecodeError) else "json")])


def problem_fields(errors: Iterable[FieldError], language: Language) -> list[dict[str, str]]:
    """Return field errors in the form of `ProblemField`."""
    return [
        {
            "pointer": error.pointer,
            "code": error.code,
            "detail": translate(FIELD_SENTENCES[error.code], language, error.facts),
        }
        for error in errors
    ]


def problem_body(error: EstimError, *, language: Language, instance: str, request_id: str) -> dict[str, object]:
    """Return the problem+json body of an error; its facts are extra members."""
    facts = dict(error.facts)
    shown = {**facts, "allowed": facts.get("allowed_actions", facts.get("allowed", ""))}
    body: dict[str, object] = {
        "type": f"urn:estim:problem:{error.code}",
        "title": translate(PROBLEM_TITLES[error.code], language, shown),
        "status": STATUS[error.code],
        "detail": translate(PROBLEM_DETAILS[error.code], language, shown),
        "instance": instance,
        "code": error.code,
        "request_id": request_id,
        **facts,
    }
    if isinstance(error, Invalid):
        body["errors"] = problem_fields(error.errors, language)
    return body


def problem_response(request: Request, error: EstimError) -> JSONResponse:
    """Return the response to a request that ended in `error`."""
    language = preferred_language(request.headers.get("accept-language", ""))
    body = problem_body(
        error, language=language, instance=request.url.path, request_id=request.scope.get("request_id", "")
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    if error.code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after"])
    if error.code == "method_not_allowed":
        headers["Allow"] = str(error.facts["allowed"])
    return JSONResponse(body, status_code=STATUS[error.code], headers=headers, media_type=MEDIA_TYPE)


class _MethodNotAllowed(EstimError):
    code = "method_not_allowed"


def install_problem_handlers(app: FastAPI) -> None:
    """Respond to every error of `app` with problem+json."""
    app.add_exception_handler(EstimError, _on_estim_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for database_error in DATABASE_ERRORS:
        app.add_exception_handler(database_error, _on_database_error)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_estim_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EstimError)  # noqa: S101 - narrows for the type checker
    return problem_response(request, error)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows for the type checker
    errors = error.errors()
    skip = 1 if errors and errors[0]["loc"] and errors[0]["loc"][0] in {"body", "query", "path", "header"} else 0
    return problem_response(request, Invalid(field_errors(errors, skip=skip)))


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows for the type checker
    if error.status_code == 405:
        return problem_response(request, _MethodNotAllowed(allowed=(error.headers or {}).get("Allow", "")))
    if error.status_code == 404:
        return problem_response(request, NotFound())
    return problem_response(request, unreadable_body(error))


async def _on_database_error(request: Request, error: Exception) -> JSONResponse:
    if not is_unavailable(error):
        raise error
    log.warning("database_unavailable", request_id=request.scope.get("request_id", ""), error=type(error).__name__)
    return problem_response(request, Unavailable(retry_after=RETRY_AFTER_SECONDS))


async def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    log.error(
        "unexpected_error",
        path=getattr(request.scope.get("route"), "path", ""),
        request_id=request.scope.get("request_id", ""),
        error=type(error).__name__,
        exc_info=error,
    )
    return problem_response(request, EstimError())

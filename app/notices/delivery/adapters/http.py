"""HTTP client of the adapters: ignores the environment, follows no redirect, maps errors to failures."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx

from app.core.retry_after import parse_retry_after
from app.notices.delivery.adapters.base import TemporaryFailure

MAX_RETRY_AFTER_SECONDS = 21_600.0
"""Maximum of `Retry-After`, six hours: after that a retry costs little."""

_PROVIDER_ID = re.compile(r"[0-9A-Za-z._:-]{1,100}")


def open_client(base_url: str, seconds: float, *, auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    """Return a client for one provider; it takes neither proxies nor credentials from the environment."""
    return httpx.AsyncClient(
        base_url=base_url, auth=auth, timeout=httpx.Timeout(seconds), trust_env=False, follow_redirects=False
    )


async def exchange(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    json: Mapping[str, object] | None = None,
    data: Mapping[str, str] | None = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """Send one request; return its response if it is about this message (2xx, or a 4xx that the caller reads).

    Raises `TemporaryFailure` for anything else: no response, too many requests (with `retry_after`), a server error,
    refused credentials (an operator corrects the settings), a redirect.
    """
    try:
        response = await client.request(
            method, url, params=params, json=json, data=data, content=content, headers=headers
        )
    except httpx.TimeoutException as error:
        raise TemporaryFailure("timeout", "the provider took too long") from error
    except httpx.HTTPError as error:
        raise TemporaryFailure("unreachable", "the provider can't be reached") from error
    _raise_unless_about_message(response)
    return response


def _raise_unless_about_message(response: httpx.Response) -> None:
    status = response.status_code
    wait = parse_retry_after(response.headers, datetime.now(UTC), longest=MAX_RETRY_AFTER_SECONDS)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise TemporaryFailure("rate_limited", "the provider asks for a pause", retry_after=wait)
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        raise TemporaryFailure("provider_error", f"the provider says {status}", retry_after=wait)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise TemporaryFailure("auth_refused", "the provider refuses the credentials or this machine's address")
    if response.is_redirect or response.is_informational:
        raise TemporaryFailure("redirected", "the provider's address redirects to another one")


def json_object(response: httpx.Response) -> dict[str, object]:
    """Return the response as a JSON object, empty if it is none."""
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def provider_id(given: object) -> str | None:
    """Return a provider's id of a message as text, or None for anything that is no id."""
    text = str(given).strip()
    return text if given is not None and _PROVIDER_ID.fullmatch(text) else None

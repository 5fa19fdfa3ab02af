"""What every delivery over HTTP shares: a client that trusts no environment and follows nobody, and its failures."""

import re
from datetime import UTC, datetime
from typing import Any

import httpx

from app.core.retry_after import parse_retry_after
from app.notices.delivery.adapters.base import TemporaryFailure

LONGEST_WAIT_SECONDS = 21_600.0
"""A `Retry-After` beyond six hours is taken for six: by then a new try costs nobody anything."""

_PROVIDER_ID = re.compile(r"[0-9A-Za-z._:-]{1,100}")


def open_client(base_url: str, seconds: float, *, auth: tuple[str, str] | None = None) -> httpx.AsyncClient:
    """A client for one provider; neither proxies nor credentials are taken from the environment."""
    return httpx.AsyncClient(
        base_url=base_url, auth=auth, timeout=httpx.Timeout(seconds), trust_env=False, follow_redirects=False
    )


async def exchange(client: httpx.AsyncClient, method: str, url: str, **content: Any) -> httpx.Response:
    """One request; its answer where that is about this message (2xx, or a 4xx to be read by the caller).

    Raises `TemporaryFailure` for whatever is not: no answer, too many requests (with the time to wait), a server's own
    error, refused credentials (they are mended in the settings), a redirect.
    """
    try:
        answer = await client.request(method, url, **content)
    except httpx.TimeoutException as error:
        raise TemporaryFailure("timeout", "the provider took too long") from error
    except httpx.HTTPError as error:
        raise TemporaryFailure("unreachable", "the provider can't be reached") from error
    status = answer.status_code
    wait = parse_retry_after(answer.headers, datetime.now(UTC), longest=LONGEST_WAIT_SECONDS)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        raise TemporaryFailure("rate_limited", "the provider asks for a pause", retry_after=wait)
    if status >= 500 or status == httpx.codes.REQUEST_TIMEOUT:
        raise TemporaryFailure("provider_error", f"the provider says {status}", retry_after=wait)
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise TemporaryFailure("auth_refused", "the provider refuses the credentials or this machine's address")
    if answer.is_redirect or answer.is_informational:
        raise TemporaryFailure("redirected", "the provider's address answers with another one")
    return answer


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """The answer as a JSON object; empty where it is none."""
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def provider_id(given: object) -> str | None:
    """An identity as a provider gives it, None for anything that does not look like one."""
    text = str(given).strip()
    return text if given is not None and _PROVIDER_ID.fullmatch(text) else None

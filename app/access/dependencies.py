"""Dependencies that identify the caller and require scopes."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from app.access.actor import Actor
from app.access.scopes import Scope
from app.core.errors import Forbidden, Unauthenticated

_header = APIKeyHeader(
    name="X-API-Key", scheme_name="ApiKey", description="An API key, `estim_live_…`", auto_error=False
)
_bearer = HTTPBearer(scheme_name="Bearer", description="The same key as a bearer token", auto_error=False)


async def current_actor(
    request: Request,
    _key: Annotated[str | None, Security(_header)],
    _token: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Actor:
    """Return the caller; the two parameters only document how a key is sent."""
    return await identify(request)


async def identify(request: Request) -> Actor:
    """Return the caller by `X-API-Key` or `Authorization: Bearer`; raise `Unauthenticated` without a valid key."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
    if not key:
        raise Unauthenticated
    container = request.app.state.container
    actor: Actor = await container.authenticator.identify(key, now=container.clock.now())
    return actor


def require_scope(*scopes: Scope) -> Callable[[Actor], Coroutine[Any, Any, Actor]]:
    """Return a dependency that returns the caller, or raises `Forbidden` unless it has any of `scopes`."""
    names = [str(scope) for scope in scopes]  # for the API docs only; `check` decides

    async def check(actor: Annotated[Actor, Security(current_actor, scopes=names)]) -> Actor:
        if not any(actor.may(scope) for scope in scopes):
            raise Forbidden(scope=str(scopes[0]))
        return actor

    return check

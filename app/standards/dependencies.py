"""The dependencies of routes on the catalogue: the current rulebook, and the cache with older versions."""

from typing import Annotated

from fastapi import Depends, Request

from app.standards.rulebook import Rulebook, RulebookCache


async def _rulebook_cache(request: Request) -> RulebookCache:
    rulebooks: RulebookCache = request.app.state.container.rulebooks
    return rulebooks


RulebookCacheDep = Annotated[RulebookCache, Depends(_rulebook_cache)]
"""The catalogues and calendars of this process."""


async def _rulebook(rulebooks: RulebookCacheDep) -> Rulebook:
    return await rulebooks.current()


RulebookDep = Annotated[Rulebook, Depends(_rulebook)]
"""The newest catalogue with its calendars. Raises `Unavailable` before one was loaded."""

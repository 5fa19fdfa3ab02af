"""What routes get of the catalogue: the rules that apply now, and the rulebooks that holds older ones too."""

from typing import Annotated

from fastapi import Depends, Request

from app.standards.rulebook import Rulebook, RulebookCache


async def _rulebooks(request: Request) -> RulebookCache:
    rulebooks: RulebookCache = request.app.state.container.rulebooks
    return rulebooks


RulebookCacheDep = Annotated[RulebookCache, Depends(_rulebooks)]
"""Catalogue and calendars of this process."""


async def _rulebook(rulebooks: RulebookCacheDep) -> Rulebook:
    return await rulebooks.current()


RulebookDep = Annotated[Rulebook, Depends(_rulebook)]
"""The newest catalogue with its calendars; raises `Unavailable` before one was loaded."""

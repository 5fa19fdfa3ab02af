"""What routes get of the catalogue: the rules that apply now, and the shelf that holds older ones too."""

from typing import Annotated

from fastapi import Depends, Request

from app.standards.rulebook import Rulebook, Shelf


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.container.shelf
    return shelf


RuleShelf = Annotated[Shelf, Depends(_shelf)]
"""Catalogue and calendars of this process."""


async def _rulebook(shelf: RuleShelf) -> Rulebook:
    return await shelf.current()


CurrentRules = Annotated[Rulebook, Depends(_rulebook)]
"""The newest catalogue with its calendars; raises `Unavailable` before one was loaded."""

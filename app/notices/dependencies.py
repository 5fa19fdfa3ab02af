"""The desks at which notices and their letters are read, for routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.notices.letter_reader import LetterDesk
from app.notices.service import ReadingDesk


async def _desk(request: Request) -> ReadingDesk:
    container = request.app.state.container
    return ReadingDesk(container.renderer, container.facts)


OpenDesk = Annotated[ReadingDesk, Depends(_desk)]
"""The reading desk of this process."""


async def _letter_desk(request: Request) -> LetterDesk:
    container = request.app.state.container
    return LetterDesk(container.database, container.facts, container.renderer.letters)


OpenLetterDesk = Annotated[LetterDesk, Depends(_letter_desk)]
"""The desk of this process at which letters are read."""

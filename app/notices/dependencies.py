"""The desk at which notices are read, for routes."""

from typing import Annotated

from fastapi import Depends, Request

from app.notices.service import ReadingDesk


async def _desk(request: Request) -> ReadingDesk:
    house = request.app.state.house
    return ReadingDesk(house.renderer, house.facts)


OpenDesk = Annotated[ReadingDesk, Depends(_desk)]
"""The reading desk of this process."""

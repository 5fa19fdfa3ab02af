"""Delivery of notices as a job: rung after the commit that wrote them, so that they leave within a moment."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.house import House
from app.notices.outgoing import Postroom


def open_postroom(house: House) -> Postroom:
    """The one postroom of a worker process."""
    return Postroom(
        database=house.database,
        clock=house.clock,
        renderer=house.renderer,
        delivery=house.delivery,
        facts=house.facts,
    )


async def deliver_notices(ctx: dict[str, Any], ids: Sequence[UUID]) -> None:
    """Deliver those of the notices that are still due; returns when they are marked."""
    postroom: Postroom = ctx["postroom"]
    await postroom.deliver(ids)

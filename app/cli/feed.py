"""`estim feed new-epoch`: what a restored backup owes the readers of the change feed."""

from app.cli.database import connected
from app.feed.watermark import begin_epoch
from config.settings import Settings


async def new_epoch(settings: Settings) -> str:
    """Begin a new epoch of the feed; returns it."""
    async with connected(settings) as database, database.transaction() as session:
        return await begin_epoch(session)

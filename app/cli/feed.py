"""`estim feed new-epoch`: invalidate the cursors of the change feed after a restore."""

from app.cli.context import open_database
from app.feed.watermark import begin_epoch
from config.settings import Settings


async def new_epoch(settings: Settings) -> str:
    """Begin a new epoch of the feed and return it."""
    async with open_database(settings) as database, database.transaction() as session:
        return await begin_epoch(session)

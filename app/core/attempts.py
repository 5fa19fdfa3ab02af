"""A bound on attempts, exact across processes: for questions whose answer could be guessed by asking often."""

from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.core.errors import TooMany


class Attempts:
    """Counts failed attempts by a key; without Valkey each process counts for itself, so that a bound always holds.

    Every attempt is counted before its answer is known and taken off again if it was right: guesses that are sent at
    the same moment can't all be judged by the count before the first of them.
    """

    def __init__(self, redis_url: str, *, per_hour: int) -> None:
        self._limit = parse(f"{per_hour}/hour")
        self._shared = FixedWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy"))
        self._own = FixedWindowRateLimiter(MemoryStorage())

    async def begin(self, key: str) -> None:
        """Count an attempt; raises `TooMany` where the bound was reached before."""
        if not await self._hit(key, 1):
            raise TooMany(retry_after=3600)

    async def forgive(self, key: str) -> None:
        """Take an attempt off again that turned out right."""
        await self._hit(key, -1)

    async def _hit(self, key: str, cost: int) -> bool:
        try:
            return await self._shared.hit(self._limit, key, cost=cost)
        except (RedisError, OSError):
            return await self._own.hit(self._limit, key, cost=cost)

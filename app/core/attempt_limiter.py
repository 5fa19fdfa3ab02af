"""A maximum of failed attempts, exact across processes: it stops callers from guessing a short secret."""

from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.core.errors import TooMany


class AttemptLimiter:
    """Counter of failed attempts per key and hour, shared by all processes through Valkey.

    Each process counts for itself while Valkey is unavailable, so some maximum always applies. An attempt is counted
    before its result is known and cancelled if it succeeds: concurrent guesses can't all pass the same count.
    """

    def __init__(self, redis_url: str, *, per_hour: int) -> None:
        self._rate = parse(f"{per_hour}/hour")
        self._shared = FixedWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy"))
        self._local = FixedWindowRateLimiter(MemoryStorage())

    async def record(self, key: str) -> None:
        """Count an attempt; raise `TooMany` if the maximum of this hour was reached before."""
        if not await self._hit(key, 1):
            raise TooMany(retry_after=3600)

    async def cancel(self, key: str) -> None:
        """Uncount an attempt that succeeded."""
        await self._hit(key, -1)

    async def _hit(self, key: str, cost: int) -> bool:
        try:
            return await self._shared.hit(self._rate, key, cost=cost)
        except (RedisError, OSError):
            return await self._local.hit(self._rate, key, cost=cost)

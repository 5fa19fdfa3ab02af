"""A bound on attempts, exact across processes: for questions whose answer could be guessed by asking often."""

from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.core.errors import TooMany


class Attempts:
    """Counts failed attempts by a key; without Valkey each process counts for itself, so that a bound always holds."""

    def __init__(self, redis_url: str, *, per_hour: int) -> None:
        self._limit = parse(f"{per_hour}/hour")
        self._shared = FixedWindowRateLimiter(RedisStorage(f"async+{redis_url}", implementation="redispy"))
        self._own = FixedWindowRateLimiter(MemoryStorage())

    async def check(self, key: str) -> None:
        """Raises `TooMany` where the bound is reached already."""
        try:
            allowed = await self._shared.test(self._limit, key)
        except (RedisError, OSError):
            allowed = await self._own.test(self._limit, key)
        if not allowed:
            raise TooMany(retry_after=3600)

    async def count(self, key: str) -> None:
        """Count one failed attempt."""
        try:
            await self._shared.hit(self._limit, key)
        except (RedisError, OSError):
            await self._own.hit(self._limit, key)

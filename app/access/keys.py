"""API keys: `estim_live_` + 8 characters that name the key + 32 secret ones + 6 of a checksum.

Only a keyed hash (HMAC-SHA256 under the pepper) is stored: a stolen table opens nothing, and a check takes
microseconds. The checksum rejects a typo without a query.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

PREFIX = "estim_live_"
_ALPHABET = string.ascii_letters + string.digits
_SHAPE = re.compile(r"estim_live_[A-Za-z0-9]{46}")


class InvalidApiKey(ValueError):
    """The text can't be an API key; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """A new key; `plain` is displayed once and never stored."""

    plain: str = field(repr=False)
    prefix: str


def generate_api_key() -> GeneratedKey:
    """Return a new key from the system's random source."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(40))
    plain = f"{PREFIX}{body}{_checksum(body)}"
    return GeneratedKey(plain, prefix_of(plain))


def prefix_of(plain: str) -> str:
    """Return the part that names the key; raise `InvalidApiKey` for malformed text."""
    _check(plain)
    return plain[: len(PREFIX) + 8]


def hash_key(plain: str, pepper: bytes) -> bytes:
    """Return the keyed hash for storage; raise `InvalidApiKey` for malformed text."""
    _check(plain)
    return hmac.digest(pepper, plain.encode(), hashlib.sha256)


def hashes_match(one: bytes, other: bytes) -> bool:
    """Return whether the hashes are equal, in constant time."""
    return hmac.compare_digest(one, other)


def _check(plain: str) -> None:
    if not _SHAPE.fullmatch(plain) or _checksum(plain[len(PREFIX) : -6]) != plain[-6:]:
        raise InvalidApiKey("not an API key")


def _checksum(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), []
    for _ in range(6):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return "".join(letters)

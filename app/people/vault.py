"""The vault: personal data leave the process only as ciphertext that is bound to its row.

A blob is `0x01 | key id length | key id | 12-byte nonce | AES-GCM ciphertext and tag`. The additional data are
`table|column|row id`, so a ciphertext copied to another row or column does not open there.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION = 1
_NONCE = 12
_KEY = 32

IndexKind = Literal["phone", "national_id", "message"]


class VaultError(Exception):
    """A key is missing or malformed, or a ciphertext was altered or moved; the message contains no secret."""


class Vault:
    """Encryption of personal fields: the first key seals, every key opens.

    A rotation puts the new key before the old ones, which stay until nothing is sealed with them. `index_key` can't be
    rotated, because stored blind indexes depend on it.
    """

    def __init__(self, keys: Mapping[str, bytes], *, index_key: bytes) -> None:
        if not keys or any(len(key) != _KEY for key in (*keys.values(), index_key)):
            raise VaultError("keys are 32 bytes, and there is at least one")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._active = next(iter(keys))
        active = self._active.encode()
        self._header = bytes([_VERSION, len(active)]) + active
        self._index_keys = {kind: _derive(index_key, kind) for kind in ("phone", "national_id", "message")}

    def seal(self, value: str | bytes, *, table: str, column: str, row_id: UUID) -> bytes:
        """Encrypt `value` for exactly this row and column."""
        nonce = os.urandom(_NONCE)
        ciphertext = self._ciphers[self._active].encrypt(nonce, _bytes(value), _place(table, column, row_id))
        return self._header + nonce + ciphertext

    def open_bytes(self, blob: bytes, *, table: str, column: str, row_id: UUID) -> bytes:
        """Decrypt a blob that `seal` made for this row and column; raise `VaultError` for any other."""
        try:
            version, length = blob[0], blob[1]
            if version != _VERSION:
                raise VaultError("unknown version of the blob")
            start = 2 + length
            cipher = self._ciphers[blob[2:start].decode()]
            nonce, ciphertext = blob[start : start + _NONCE], blob[start + _NONCE :]
            return cipher.decrypt(nonce, ciphertext, _place(table, column, row_id))
        except (InvalidTag, IndexError, KeyError, ValueError):
            raise VaultError("the ciphertext does not open here") from None

    def open(self, blob: bytes, *, table: str, column: str, row_id: UUID) -> str:
        """Decrypt text; raise `VaultError` if the blob does not open or is no text."""
        try:
            return self.open_bytes(blob, table=table, column=column, row_id=row_id).decode()
        except UnicodeDecodeError:
            raise VaultError("the ciphertext holds no text") from None

    def blind_index(self, kind: IndexKind, value: str | bytes) -> bytes:
        """Return a keyed digest that finds equal values; without the key the value can't be guessed from it.

        Equal means byte for byte: pass E.164 for a phone, and the bare digits of an identity number.
        """
        return hmac.digest(self._index_keys[kind], _bytes(value), hashlib.sha256)


def generate_key() -> str:
    """Return a new random 32-byte key in base64."""
    return base64.b64encode(os.urandom(_KEY)).decode()


def decode_key(text: str) -> bytes:
    """Decode a 32-byte key from base64; raise `VaultError` if it is none."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        raise VaultError("a key is not base64") from None
    if len(key) != _KEY:
        raise VaultError("a key has 32 bytes")
    return key


def parse_keys(text: str) -> dict[str, bytes]:
    """Parse `id:base64,id:base64`, the sealing key first; raise `VaultError` for any other form."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id or len(key_id) > 60 or key_id in keys:
            raise VaultError("keys are written as id:base64, each id once")
        keys[key_id] = decode_key(encoded)
    return keys


def _bytes(value: str | bytes) -> bytes:
    try:
        return value.encode() if isinstance(value, str) else value
    except UnicodeEncodeError:  # a lone surrogate; the library's error would carry the value
        raise VaultError("the text is no Unicode") from None


def _place(table: str, column: str, row_id: UUID) -> bytes:
    return f"{table}|{column}|{row_id}".encode()


def _derive(index_key: bytes, kind: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"blind-index:{kind}".encode()).derive(index_key)

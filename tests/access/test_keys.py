"""API keys: random, verified by a keyed hash, with a checksum that rejects typos without a query."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.keys import PREFIX, InvalidApiKey, generate_api_key, hash_key, hashes_match, prefix_of

PEPPER = bytes(range(32))
KEY = generate_api_key().plain

positions = st.integers(len(PREFIX), len(KEY) - 1)


def test_a_key_has_a_public_prefix_and_a_secret_rest() -> None:
    key = generate_api_key()

    assert re.fullmatch(r"estim_live_[A-Za-z0-9]{46}", key.plain)
    assert key.prefix == prefix_of(key.plain) == key.plain[: len("estim_live_") + 8]
    assert key.plain not in repr(key)


def test_no_two_keys_are_alike() -> None:
    keys = [generate_api_key() for _ in range(200)]

    assert len({key.plain for key in keys}) == len({key.prefix for key in keys}) == 200


def test_a_hash_depends_on_the_key_and_the_pepper() -> None:
    stored = hash_key(KEY, PEPPER)

    assert len(stored) == 32
    assert hashes_match(stored, hash_key(KEY, PEPPER))
    assert not hashes_match(stored, hash_key(KEY, bytes(32)))
    assert not hashes_match(stored, hash_key(generate_api_key().plain, PEPPER))


@given(positions, st.sampled_from("aB3xZ09q"))
def test_every_wrong_letter_is_rejected(place: int, letter: str) -> None:
    wrong = KEY[:place] + (letter if KEY[place] != letter else "7") + KEY[place + 1 :]

    with pytest.raises(InvalidApiKey):
        prefix_of(wrong)


@given(positions.filter(lambda place: place < len(KEY) - 1))
def test_every_swap_of_neighbours_is_rejected(place: int) -> None:
    swapped = KEY[:place] + KEY[place + 1] + KEY[place] + KEY[place + 2 :]

    assert swapped == KEY or _refused(prefix_of, swapped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PREFIX,
        KEY[:-1],
        KEY + "0",
        KEY + "\n",
        " " + KEY,
        KEY.removeprefix(PREFIX),
        KEY.replace("estim_live_", "estim_test_"),
        KEY.upper(),
        "estim_live_" + "ğ" * 46,
        "x" * 100_000,
    ],
    ids=range(11),
)
def test_a_malformed_key_is_rejected_without_being_repeated(text: str) -> None:
    assert _refused(prefix_of, text)
    assert _refused(lambda plain: hash_key(plain, PEPPER), text)


def _refused(read: Callable[[str], object], text: str) -> bool:
    with pytest.raises(InvalidApiKey) as refused:
        read(text)
    return str(refused.value) == "not an API key"

"""The vault: a sealed value opens only at its place, and the stored bytes reveal nothing of it."""

import base64
import os
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import new_id
from app.people.vault import Vault, VaultError, decode_key, generate_key, parse_keys

INDEX_KEY = bytes(range(32))
KEY = bytes(range(32, 64))
VAULT = Vault({"k1": KEY}, index_key=INDEX_KEY)
ROW = UUID("01890000-0000-7000-8000-000000000001")
PLACE: dict[str, Any] = {"table": "applicant", "column": "name", "row_id": ROW}


@given(st.text(), st.sampled_from(["name", "phone", "address"]), st.uuids())
def test_a_sealed_value_opens_at_its_place(value: str, column: str, row_id: UUID) -> None:
    blob = VAULT.seal(value, table="applicant", column=column, row_id=row_id)

    assert VAULT.open(blob, table="applicant", column=column, row_id=row_id) == value


@given(st.binary())
def test_bytes_open_as_the_bytes_they_were(value: bytes) -> None:
    assert VAULT.open_bytes(VAULT.seal(value, **PLACE), **PLACE) == value


@given(st.text(min_size=4))
def test_a_blob_does_not_contain_its_value(value: str) -> None:
    assert value.encode() not in VAULT.seal(value, **PLACE)


def test_equal_values_are_sealed_to_different_blobs() -> None:
    assert len({VAULT.seal("Örnek Vatandaş", **PLACE) for _ in range(50)}) == 50


def test_a_blob_begins_with_its_version_and_key_id() -> None:
    blob = VAULT.seal("Örnek Vatandaş", **PLACE)

    assert blob[:4] == b"\x01\x02k1"
    assert len(blob) == 4 + 12 + len("Örnek Vatandaş".encode()) + 16


@pytest.mark.parametrize(
    "elsewhere", [{"table": "ticket"}, {"column": "address"}, {"row_id": new_id()}], ids=["table", "column", "row"]
)
def test_a_blob_that_was_moved_does_not_open(elsewhere: dict[str, Any]) -> None:
    blob = VAULT.seal("Örnek Vatandaş", **PLACE)

    with pytest.raises(VaultError):
        VAULT.open(blob, **(PLACE | elsewhere))


@given(st.data())
def test_a_blob_with_any_bit_changed_does_not_open(data: st.DataObject) -> None:
    blob = bytearray(VAULT.seal("Örnek Vatandaş", **PLACE))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(VaultError):
        VAULT.open(bytes(blob), **PLACE)


@given(st.integers(0, 45))
def test_a_shortened_blob_does_not_open(length: int) -> None:
    with pytest.raises(VaultError):
        VAULT.open(VAULT.seal("Örnek Vatandaş", **PLACE)[:length], **PLACE)


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_with_the_vaults_own_error(blob: bytes) -> None:
    with pytest.raises(VaultError):
        VAULT.open(blob, **PLACE)


def test_another_key_of_the_same_id_does_not_open_a_blob() -> None:
    other = Vault({"k1": bytes(32)}, index_key=INDEX_KEY)

    with pytest.raises(VaultError):
        other.open(VAULT.seal("Örnek Vatandaş", **PLACE), **PLACE)


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = VAULT.seal("Örnek Vatandaş", **PLACE)
    rotated = Vault({"k2": bytes(32), "k1": KEY}, index_key=INDEX_KEY)
    new = rotated.seal("Örnek Vatandaş", **PLACE)

    assert rotated.open(old, **PLACE) == rotated.open(new, **PLACE) == "Örnek Vatandaş"
    assert new[2:4] == b"k2"
    with pytest.raises(VaultError):
        VAULT.open(new, **PLACE)


def test_a_key_id_may_have_turkish_letters() -> None:
    vault = Vault(parse_keys(f"anahtarı:{generate_key()}"), index_key=INDEX_KEY)

    assert vault.open(vault.seal("Örnek Vatandaş", **PLACE), **PLACE) == "Örnek Vatandaş"


def test_bytes_that_are_no_text_are_not_opened_as_text() -> None:
    with pytest.raises(VaultError):
        VAULT.open(VAULT.seal(b"\xff\xfe", **PLACE), **PLACE)


@pytest.mark.parametrize("act", [lambda text: VAULT.seal(text, **PLACE), lambda text: VAULT.blind_index("phone", text)])
def test_half_a_character_is_refused_without_repeating_the_text(act: Callable[[str], bytes]) -> None:
    with pytest.raises(VaultError) as refused:
        act("Örnek \ud800")

    assert "Örnek" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_blind_index_finds_equal_values_of_its_kind_only() -> None:
    phone = VAULT.blind_index("phone", "+905320000000")

    assert phone == VAULT.blind_index("phone", b"+905320000000")
    assert len(phone) == 32
    assert phone != VAULT.blind_index("phone", "+905320000001")
    assert phone != VAULT.blind_index("national_id", "+905320000000")


def test_a_blind_index_depends_on_its_key() -> None:
    other = Vault({"k1": KEY}, index_key=bytes(32))

    assert VAULT.blind_index("phone", "+905320000000") != other.blind_index("phone", "+905320000000")


def test_a_blind_index_outlives_the_sealing_keys() -> None:
    rotated = Vault({"k2": bytes(32)}, index_key=INDEX_KEY)

    assert VAULT.blind_index("phone", "+905320000000") == rotated.blind_index("phone", "+905320000000")


@pytest.mark.parametrize(
    ("keys", "index_key"),
    [
        ({}, INDEX_KEY),
        ({"k1": b"short"}, INDEX_KEY),
        ({"k1": KEY}, b"short"),
    ],
)
def test_a_vault_rejects_missing_and_short_keys(keys: dict[str, bytes], index_key: bytes) -> None:
    with pytest.raises(VaultError):
        Vault(keys, index_key=index_key)


def test_generated_keys_are_read_back_in_their_order() -> None:
    first, second = generate_key(), generate_key()
    keys = parse_keys(f" k2:{second}, k1:{first},")

    assert list(keys) == ["k2", "k1"]
    assert keys["k1"] == decode_key(first)
    assert len({first, second}) == 2


@pytest.mark.parametrize(
    "written",
    [
        "{key}",
        ":{key}",
        "k1:",
        "k1:not base64",
        "k1:ğ",
        "k1:{short}",
        "k1:{key},k1:{key}",
        "{long}:{key}",
    ],
)
def test_a_malformed_list_of_keys_is_rejected_without_repeating_it(written: str) -> None:
    key, short = generate_key(), base64.b64encode(os.urandom(16)).decode()

    with pytest.raises(VaultError) as refused:
        parse_keys(written.format(key=key, short=short, long="k" * 61))

    assert key not in str(refused.value)
    assert short not in str(refused.value)

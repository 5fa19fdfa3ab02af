"""Ids of rows: UUIDv7 that sort in the order of creation."""

import time
from uuid import UUID

from app.core.ids import new_id


def test_an_id_is_a_version_7_uuid_of_the_standard_library() -> None:
    made = new_id()

    assert type(made) is UUID
    assert made.version == 7


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_id() for _ in range(20_000)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_begins_with_the_milliseconds_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    stamp = new_id().int >> 80
    after = time.time_ns() // 1_000_000

    assert before - 1 <= stamp <= after + 1

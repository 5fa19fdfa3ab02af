"""Entity tags: our counter is recognised in every form that a proxy or a person gives it."""

import pytest

from app.core.etag import format_etag, names_version


@pytest.mark.parametrize(
    "header",
    [
        '"v3"',
        'W/"v3"',
        '"v3-gzip"',
        '"v3--gzip"',
        'W/"v3-br"',
        '"v3;gzip"',
        '"v3:zstd"',
        "v3",
        '"v2", "v3"',
        " * ",
        '*, "v1"',
    ],
)
def test_the_present_version_is_named(header: str) -> None:
    assert names_version(header, 3)


@pytest.mark.parametrize(
    "header",
    [
        '"v2"',
        'W/"v2"',
        '"v33"',
        '"v3',
        'v3"',
        '"3"',
        "3",
        '"v3-gzip-x y"',
        '"xv3"',
        "",
        ",",
        '"v3 "',
        '"v' + "9" * 5000 + '"',
    ],
)
def test_another_version_or_another_tag_is_not(header: str) -> None:
    assert not names_version(header, 3)


def test_a_tag_is_strong() -> None:
    assert format_etag(3) == '"v3"'

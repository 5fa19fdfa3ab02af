"""The collection of `make fast`: files in which every test needs a server are not imported a second time.

Importing all test files takes half of a fast run. The names of those files are in pytest's cache, each with the time
of its last change; a changed file or `conftest.py` is read again.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

KEY = "estim/files_that_need_servers"


def is_fast(config: pytest.Config) -> bool:
    """Return whether the run leaves out the tests that need servers."""
    return config.option.markexpr == "not server" and getattr(config, "cache", None) is not None


def needs_servers(config: pytest.Config, file: Path) -> bool:
    """Return whether an earlier run found only tests with the mark `server` in the file as it is now."""
    assert config.cache is not None
    return bool(config.cache.get(KEY, {}).get(str(file)) == _state(config, file))


def remember(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Store the files of `items` in which every test has the mark `server`."""
    assert config.cache is not None
    files: dict[Path, bool] = {}
    for item in items:
        files[item.path] = files.get(item.path, True) and item.get_closest_marker("server") is not None
    found = {str(file): _state(config, file) for file, only_servers in files.items() if only_servers}
    if found:
        config.cache.set(KEY, config.cache.get(KEY, {}) | found)


def _state(config: pytest.Config, file: Path) -> float:
    return max(file.stat().st_mtime, _last_change_of_fixtures(config.rootpath / "tests"))


@cache
def _last_change_of_fixtures(tests: Path) -> float:
    return max(each.stat().st_mtime for each in tests.rglob("conftest.py"))

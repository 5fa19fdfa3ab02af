"""Logging configuration for tests: it is undone afterwards, so that later tests can capture the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

from config.logging import configure_logging


@contextmanager
def configured_logging(*, level: str, style: Literal["console", "json"]) -> Iterator[None]:
    """Run `configure_logging` and restore the earlier configuration afterwards; every logger follows each change.

    The programs configure once and cache each logger's processors at its first line. In tests a cached logger would
    keep a configuration that is gone, and `structlog.testing.capture_logs` would miss its lines.
    """
    root, before = logging.getLogger(), structlog.get_config()
    level_before, handlers = root.level, root.handlers
    configure_logging(level=level, style=style)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        root.setLevel(level_before)

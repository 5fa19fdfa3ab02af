"""What is logged, for tests that listen: set up so that no test makes a logger deaf for the next one."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

from config.logging import configure_logging


@contextmanager
def logging_set_up(*, level: str, style: Literal["console", "json"]) -> Iterator[None]:
    """`configure_logging`, taken back afterwards; loggers that were used before or within follow each set-up.

    The programs set up once and let a logger keep the processors of its first line. In tests such a logger would
    stay with a set-up that is gone, where `structlog.testing.capture_logs` does not hear it.
    """
    root, before = logging.getLogger(), structlog.get_config()
    kept, handlers = root.level, root.handlers
    configure_logging(level=level, style=style)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        root.setLevel(kept)

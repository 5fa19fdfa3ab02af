"""`estim api`: the API under uvicorn."""

import signal
import sys
from types import FrameType

import uvicorn

from app.cli.context import check_port_is_free
from app.core.garbage_collection import tune_garbage_collector
from app.main import create_app
from config.logging import configure_logging
from config.settings import Settings

GRACE_SECONDS = 3
"""Time for running requests to end; the supervisor waits a little longer, so that the container can close."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, which exit with 0."""
    check_port_is_free(settings)
    configure_logging(level=settings.log_level, style=settings.log_format)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _exit)  # uvicorn raises the signal again after its shutdown
    app = create_app(settings)
    tune_garbage_collector()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)

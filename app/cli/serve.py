"""`estim api`: the API under uvicorn."""

import signal
import sys
from types import FrameType

import uvicorn

from app.cli.port import refuse_taken_port
from app.core.garbage_collection import tune_garbage_collector
from app.main import create_app
from config.logging import configure_logging
from config.settings import Settings

GRACE_SECONDS = 3
"""What running requests get to end; then, and for the container to close, the supervisor waits a little longer."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; a stop that was asked for exits with 0."""
    refuse_taken_port(settings)
    configure_logging(level=settings.log_level, style=settings.log_format)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _asked_to_stop)  # uvicorn raises the signal again when it has stopped
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


def _asked_to_stop(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)

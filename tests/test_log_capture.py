"""Log lines are captured, whatever configuration came before."""

import structlog
from structlog.testing import capture_logs

from tests.log_capture import configured_logging


def test_lines_are_captured_after_another_configuration() -> None:
    earlier, within = structlog.get_logger("tests.earlier"), structlog.get_logger("tests.within")
    earlier.info("before")
    with configured_logging(level="debug", style="json"):
        within.info("before")
    with capture_logs() as logs:
        earlier.info("captured")
        within.info("captured")
    assert [entry["event"] for entry in logs] == ["captured", "captured"]

"""Tests that listen to the log hear it whatever was set up before them."""

import structlog
from structlog.testing import capture_logs

from tests.hearing import logging_set_up


def test_loggers_are_heard_after_another_set_up() -> None:
    earlier, within = structlog.get_logger("tests.earlier"), structlog.get_logger("tests.within")
    earlier.info("said")
    with logging_set_up(level="debug", style="json"):
        within.info("said")
    with capture_logs() as logs:
        earlier.info("heard")
        within.info("heard")
    assert [entry["event"] for entry in logs] == ["heard", "heard"]

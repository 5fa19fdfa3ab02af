"""Who runs a command, and when: what is recorded with everything that a command changes."""

import getpass
from datetime import datetime

from app.core.clock import make_clock
from config.settings import Settings


def person() -> str:
    """The name under which the operating system knows whoever runs the command."""
    return getpass.getuser()


def present(settings: Settings) -> datetime:
    """The instant by the installation's clock, UTC."""
    return make_clock(settings.virtual_clock).now()

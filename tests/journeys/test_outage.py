"""Three days without a worker and fifty thousand due checkpoints: all is told once, in order, with its instant."""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, select, text

from app.core.clock import ISTANBUL
from app.escalation.model import Escalation
from app.notices.model import Notice
from app.sla.calendar import Calendar
from app.sla.deadline import Policy, deadline
from app.sla.limit import Limit, Unit
from app.sla.model import Checkpoint, SlaClock
from app.tickets.model import Ticket
from bench.copies import multiply
from tests.bugs.desk import another_worker
from tests.servers import TestServers
from tests.tickets.counter import AT_WORK, CALL, INFORMATION, ORDER, VISIT, Counter, end_of, opened_counter
from workers.timers import sweep

BACK = datetime(2026, 6, 4, 10, 0, tzinfo=ISTANBUL)
"""A Thursday morning; the workers had stopped on Monday at the same hour."""
OF_OFFICES = Notice.kind.in_(("warning", "escalation_1", "escalation_2"))


@pytest.fixture
async def counter(servers: TestServers, template: str, tmp_path: Path) -> AsyncIterator[Counter]:
    """A counter on a database of this test alone."""
    async with opened_counter(servers, template, tmp_path) as opened:
        yield opened


def working_days_after(instant: datetime, days: int, calendar: Calendar) -> datetime:
    return deadline(Policy(Limit(days, Unit.WORKING_DAY)), instant, calendar).due_at

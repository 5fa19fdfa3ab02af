"""What is sent when, and what has to come of it: a month of a municipality, 11 May to 9 June 2026.

The month has everything that bends a date: 19 May, the eve (26 May, a half day) and four days of Kurban Bayramı, and
weekends.
"""

from datetime import timedelta
from typing import Final

from demo import broken, kept
from demo.values import Story, Totals, at

START: Final = at("2026-05-11 09:00")
END: Final = at("2026-06-09 12:00")
"""Half a day after the last notice: of 8 June, that a limit of law comes near."""

CUT_OFF: Final = END + timedelta(days=21)
"""So long a hampered machine may take for what should be there at `END`; then it counts as missing."""

FLUSH_AT: Final = at("2026-05-24 12:00")
KILL_AT: Final = at("2026-05-31 18:00")
"""A day and a quarter before eight limits end, and three days after their last warnings, which a busy machine has sent
by then; no clock has two checkpoints in the nine days after it."""

STORIES: Final[tuple[Story, ...]] = (
    kept.POTHOLE,
    broken.RUBBISH,
    kept.ROADS_LIST,
    kept.RAMP,
    kept.STREET_LIGHT,
    broken.SWING,
    broken.FIRST_OFFICE,
    kept.ATTORNEY,
    kept.MARKET,
    kept.LIBRARY,
    broken.BRANCHES,
    kept.EXTRA_FLOOR,
    kept.MARRIAGE,
    kept.TEA,
)

SPECIMEN: Final = broken.BRANCHES
"""The story whose level-1 and level-2 notices are printed at the end: it has a unit, a referral and both levels."""

TOTALS: Final = Totals(
    on_time=9,
    breached=4,
    withdrawn=1,
    notices={
        "receipt": 10,
        "missing_documents": 1,
        "referral": 5,
        "warning": 12,
        "escalation_1": 3,
        "escalation_2": 5,
        "resolution": 5,
        "forwarded_out": 1,
        "withdrawal": 1,
    },
    levels={1: 3, 2: 4},
)

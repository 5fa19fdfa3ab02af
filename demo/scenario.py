"""The scenario: a month of a municipality, 11 May to 9 June 2026, with its requests and expected totals.

The month has every kind of special day: 19 May, the eve (26 May, a half day) and four days of Kurban Bayramı, and
weekends.
"""

from datetime import timedelta
from typing import Final

from demo import requests_late, requests_on_time
from demo.model import CitizenRequest, Totals, at

START: Final = at("2026-05-11 09:00")
END: Final = at("2026-06-09 12:00")
"""Half a day after the last notice, which warns on 8 June of a limit of law."""

LATEST_END: Final = END + timedelta(days=21)
"""Latest instant by the virtual clock at which a slow machine must have reached the state of `END`."""

FLUSH_AT: Final = at("2026-05-24 12:00")
KILL_AT: Final = at("2026-05-31 18:00")
"""A day and a quarter before eight limits end, and three days after their last warnings.

A busy machine has sent those by then. No clock has two checkpoints in the nine days after it.
"""

REQUESTS: Final[tuple[CitizenRequest, ...]] = (
    requests_on_time.POTHOLE,
    requests_late.RUBBISH,
    requests_on_time.ROADS_LIST,
    requests_on_time.RAMP,
    requests_on_time.STREET_LIGHT,
    requests_late.SWING,
    requests_late.FIRST_OFFICE,
    requests_on_time.ATTORNEY,
    requests_on_time.MARKET,
    requests_on_time.LIBRARY,
    requests_late.BRANCHES,
    requests_on_time.EXTRA_FLOOR,
    requests_on_time.MARRIAGE,
    requests_on_time.TEA,
)

SAMPLE: Final = requests_late.BRANCHES
"""The request whose level-1 and level-2 notices are printed at the end; it has a unit, a referral and both levels."""

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

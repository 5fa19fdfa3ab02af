"""ESTİM: the request desk of a Turkish municipality as a service."""

import zoneinfo

# Python prefers the machine's time zones to those of the locked package tzdata. A legal date must not depend on when
# somebody last updated a machine, so the whole program knows the locked ones alone, from before its first zone.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()

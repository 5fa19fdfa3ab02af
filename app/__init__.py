"""ESTİM: the request desk of a Turkish municipality as a service."""

import zoneinfo

# Python prefers the machine's time zones to those of the locked package tzdata. A legal date must not depend on the
# age of the machine's data, so this program uses the locked package alone, before it loads its first zone.
zoneinfo.reset_tzpath(())
zoneinfo.ZoneInfo.clear_cache()

"""Entity tags of a resource with a version counter (RFC 9110 §8.8): `"v3"`.

Proxies that compress change a tag on its way: to the weak form `W/"v3"`, or with a suffix such as `"v3-gzip"`. The
counter survives in each form, and it alone is compared. So a proxy never turns an unchanged ticket into a stale one.
"""

import re

_TAG = re.compile(r'(?:W/)?"v(\d{1,18})(?:[-;:]{1,2}[A-Za-z0-9]{1,20})?"|v(\d{1,18})', re.IGNORECASE)
"""A tag of ours, as sent, weak or with a suffix; also without quotes, as people type it."""


def format_etag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"v{version}"'


def names_version(header: str, version: int) -> bool:
    """Return whether an If-Match or If-None-Match header names the version; `*` names every version."""
    tags = [tag.strip() for tag in header.split(",")]
    if "*" in tags:
        return True
    matches = [match for tag in tags if (match := _TAG.fullmatch(tag))]
    return any(int(match[1] or match[2]) == version for match in matches)

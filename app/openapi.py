"""What the API docs say above the operations: who the groups are for, and how to call."""

from typing import Any

from fastapi.routing import APIRoute

DESCRIPTION = """
The request desk of a Turkish municipality: every citizen request becomes one ticket, the published time limit runs on
it, and when it is threatened or missed the office that the published table names gets a notice, once.

**Authorize** with an API key (`estim_live_…`; `make run` makes one for development and says where it lies), as
`X-API-Key` or as a bearer token. **Errors** are `application/problem+json`, Turkish by default, English with
`Accept-Language: en`. **Retries** are safe: a channel's own id or an `Idempotency-Key` makes a repeated request the
same ticket with the same answer. **Changes** of a ticket need `If-Match` with the `ETag` that was read.
**Instants** carry their zone; a date-time without one is refused.
""".strip()

TAGS: list[dict[str, Any]] = [
    {"name": "mobile app", "description": "For the backend of the municipality's app and web page"},
    {"name": "call centre", "description": "For the telephone system and the agents' screens (444 00 73)"},
    {"name": "SMS", "description": "For the SMS gateway"},
    {"name": "field", "description": "For the field teams' tablets, which send later and maybe twice"},
    {"name": "desk", "description": "For Çözüm Masası, Danışma and İkram Noktası"},
    {"name": "CİMER", "description": "For the clerk who mirrors the national portal"},
    {"name": "tickets", "description": "Reading tickets, and every command of their life"},
    {
        "name": "tracking",
        "description": "For citizens: status by number and the last four digits of the phone",
    },
    {"name": "escalation", "description": "Notices to units and to the two application offices"},
    {"name": "catalogue", "description": "The published table as it is applied"},
    {"name": "operations", "description": "Health, quarantine, and what is stuck"},
]


def operation_id(route: APIRoute) -> str:
    """The operation's id in the OpenAPI file, from which client generators make their method names."""
    return route.name

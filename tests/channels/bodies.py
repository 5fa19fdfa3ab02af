"""Valid messages of every channel, which the tests vary."""

from typing import Any

from tests.installation import VALID_NATIONAL_ID

TEXT = "Kaldırımdaki çukur yayalar için tehlikeli, onarılmasını istiyorum."

APPLICANT: dict[str, Any] = {"name": "Örnek Vatandaş", "phone": "0532 123 45 67"}


def ticket(**other: Any) -> dict[str, Any]:
    """Return a request in canonical form."""
    given: dict[str, Any] = {"channel": "call-center", "description": TEXT, "applicant": APPLICANT}
    return given | other


def call(call_id: str = "call-1", **other: Any) -> dict[str, Any]:
    """Return a call of the telephone system."""
    given: dict[str, Any] = {"call_id": call_id, "caller": "05321234567", "description": TEXT}
    return given | other


def sms(message_id: str = "sms-1", **other: Any) -> dict[str, Any]:
    """Return an incoming SMS."""
    given: dict[str, Any] = {"message_id": message_id, "sender": "+905321234567", "text": TEXT}
    return given | other


def report(report_id: str = "report-1", **other: Any) -> dict[str, Any]:
    """Return a report of the mobile app."""
    given: dict[str, Any] = {"report_id": report_id, "reporter": APPLICANT, "description": TEXT}
    return given | other


def visit(visit_id: str = "visit-1", **other: Any) -> dict[str, Any]:
    """Return a visit at a desk."""
    given: dict[str, Any] = {"visit_id": visit_id, "visitor": APPLICANT, "description": TEXT}
    return given | other


def field_item(item_id: str = "item-1", **other: Any) -> dict[str, Any]:
    """Return a request that a field team recorded."""
    given: dict[str, Any] = {
        "item_id": item_id,
        "captured_at": "2026-05-12T09:30:00+03:00",
        "resident": APPLICANT,
        "description": TEXT,
    }
    return given | other


def application(number: str = "2600004717", **other: Any) -> dict[str, Any]:
    """Return a record of CİMER."""
    given: dict[str, Any] = {
        "application_number": number,
        "application_date": "2026-05-12T09:00:00+03:00",
        "text": TEXT,
    }
    return given | other


MESSAGES: dict[str, dict[str, Any]] = {
    "/v1/tickets": ticket(external_id="any-1"),
    "/v1/channels/call-center/calls": call("any-2"),
    "/v1/channels/sms/messages": sms("any-3"),
    "/v1/channels/mobile/reports": report("any-4"),
    "/v1/channels/desk/visits": visit("any-5"),
    "/v1/channels/cimer/applications": application("any-6"),
    "/v1/channels/field/batches": {"items": [field_item("any-7")]},
}
"""Path of intake → a valid message."""

FULL_TICKET = ticket(
    external_id="full-1",
    kind="complaint",
    service="call-center",
    occurred_at="2026-05-12T09:59:00+03:00",
    applicant={
        **APPLICANT,
        "role": "self",
        "national_id": VALID_NATIONAL_ID,
        "address": "Örnek Mah. Örnek Sok. No: 1",
        "email": "ornek@example.org",
        "hide_identity": False,
    },
    place={"latitude": 41.04, "longitude": 28.87, "neighbourhood": "Oruçreis Mah.", "note": "Pazarın karşısı"},
)
"""The canonical form with every field."""

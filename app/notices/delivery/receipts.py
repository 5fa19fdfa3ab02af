"""Delivery receipts: authenticate the reports of SMS providers, store them and apply them to their notices.

A report may arrive twice, late, early or about an unknown message. Each is stored once, and the response is a success:
after an error the provider would only send it again (B63).
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

import structlog

from app.core.clock import Clock
from app.core.db import Database, insert_new
from app.core.errors import NotFound, Unauthenticated
from app.core.ids import new_id
from app.notices.delivery.adapters.http import provider_id
from app.notices.delivery.adapters.registry import receipts_url
from app.notices.delivery.adapters.sms import Report, kannel, netgsm, twilio, verimor
from app.notices.delivery.outcomes import apply_receipts
from app.notices.model import DeliveryReceipt
from app.notices.ports import PersonalFacts
from config.settings import Settings

log = structlog.get_logger(__name__)

MAX_REPORTS = 1000
"""Maximum of reports read from one request; providers send at most a few hundred."""

MAX_FIELDS = 100
"""Maximum of fields in a signed callback; Twilio sends a dozen."""


@dataclass(frozen=True, slots=True)
class ReceiptRecorder:
    """Records reports: authenticates and parses them, and applies them to the notices."""

    settings: Settings
    database: Database
    clock: Clock
    personal_facts: PersonalFacts

    async def from_twilio(self, *, query: str, body: bytes, signature: str, scheme: str) -> int:
        """Record a signed status callback and return the number of known messages. Raises `Unauthenticated`.

        `scheme` is the header that names the digest. The signed address is the one we published, whatever the proxy.
        """
        token, address = self.settings.sms_password, receipts_url(self.settings)
        if self.settings.sms != "twilio" or token is None or address is None:
            raise NotFound
        try:
            form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError as error:
            raise Unauthenticated from error
        digest = "sha256" if "HMAC_SHA256" in scheme else "sha1"
        url = f"{address}?{query}" if query else address
        expected = twilio.signature(token.get_secret_value(), url, form, digest)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Unauthenticated
        return await self._record("twilio", twilio.reports(dict(form)))

    async def from_secret_address(self, provider: str, secret: str, *, query: dict[str, str], body: bytes) -> int:
        """Record a report sent to the secret address and return the number of known messages. Raises `NotFound`."""
        expected = self.settings.receipts_secret
        read = _READERS.get(provider)
        if read is None or expected is None:
            raise NotFound
        if not hmac.compare_digest(expected.get_secret_value().encode(), secret.encode()):
            raise NotFound
        return await self._record(provider, read(self.settings, query, body)[:MAX_REPORTS])

    async def _record(self, adapter: str, reports: Sequence[Report]) -> int:
        """Store new reports, then apply them to their notices; return the number of reports with a notice.

        The reports are stored in a transaction of their own: see `apply_early_receipts`.
        """
        if not reports:
            return 0
        now = self.clock.now()
        distinct = {(report.provider_id, report.code): report for report in reports}
        rows = [_receipt_row(adapter, report, now) for report in distinct.values()]
        async with self.database.transaction() as session:
            new = await insert_new(session, DeliveryReceipt, rows)
        async with self.database.transaction() as session:
            provider_ids = [report.provider_id for report in reports]
            known = await apply_receipts(session, provider_ids, personal_facts=self.personal_facts, now=now)
        if known < len(new):
            log.warning("receipts_unknown", adapter=adapter, count=len(new) - known)
        return known


def _receipt_row(adapter: str, report: Report, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "adapter": adapter,
        "provider_id": report.provider_id,
        "delivered": report.delivered,
        "code": report.code,
        "received_at": now,
    }


def _from_kannel(_settings: Settings, query: dict[str, str], _body: bytes) -> list[Report]:
    identity = provider_id(query.get("id"))
    return [] if identity is None else kannel.reports(identity, query.get("status", ""))


def _from_verimor(_settings: Settings, _query: dict[str, str], body: bytes) -> list[Report]:
    return verimor.reports(_json(body))


def _from_netgsm(settings: Settings, _query: dict[str, str], body: bytes) -> list[Report]:
    return netgsm.reports(_json(body), settings.netgsm_status)


_READERS: dict[str, Callable[[Settings, dict[str, str], bytes], list[Report]]] = {
    "kannel": _from_kannel,
    "verimor": _from_verimor,
    "netgsm": _from_netgsm,
}


def _json(body: bytes) -> object:
    """Return the parsed body, or None if it is no JSON: after an error the sender would only repeat it."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None

"""Delivery receipts taken in: what providers report about messages ends at the notice, and never in a new error.

A report comes once, twice, late, early or about a message of somebody else: each is kept once and answered with
success, for a provider that gets an error only sends it again (B63).
"""

import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import structlog

from app.core.clock import Clock
from app.core.db import Database, insert_new
from app.core.errors import NotFound, Unauthenticated
from app.core.ids import new_id
from app.notices.delivery.adapters.http import provider_id
from app.notices.delivery.adapters.registry import receipts_url
from app.notices.delivery.adapters.sms import Report, kannel, netgsm, twilio, verimor
from app.notices.delivery.outcomes import settle_receipts
from app.notices.model import DeliveryReceipt
from app.notices.ports import PersonalFacts
from config.settings import Settings

log = structlog.get_logger(__name__)

MOST_REPORTS = 1000
"""Reports read from one call; providers send at most a few hundred."""

MOST_FIELDS = 100
"""Fields of a callback that are worth a signature; Twilio sends a dozen."""


@dataclass(frozen=True, slots=True)
class ReceiptRecorder:
    """Takes reports in: proves where they come from, reads them, and settles the notices."""

    settings: Settings
    database: Database
    clock: Clock
    facts: PersonalFacts

    async def from_twilio(self, *, query: str, body: bytes, signature: str, scheme: str) -> int:
        """A signed status callback; `scheme` is the header that names another key's digest. Raises `Unauthenticated`.

        The address is the one that we gave out, whatever proxy stands between.
        """
        token, address = self.settings.sms_password, receipts_url(self.settings)
        if self.settings.sms != "twilio" or token is None or address is None:
            raise NotFound
        try:
            form = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
        except ValueError as error:
            raise Unauthenticated from error
        digest = "sha256" if "HMAC_SHA256" in scheme else "sha1"
        url = f"{address}?{query}" if query else address
        expected = twilio.signature(token.get_secret_value(), url, form, digest)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise Unauthenticated
        return await self._take("twilio", twilio.reports(dict(form)))

    async def from_secret_address(self, provider: str, secret: str, *, query: dict[str, str], body: bytes) -> int:
        """A report to the address that only the provider knows; raises `NotFound` for any other."""
        expected = self.settings.receipts_secret
        read = _READERS.get(provider)
        if read is None or expected is None:
            raise NotFound
        if not hmac.compare_digest(expected.get_secret_value().encode(), secret.encode()):
            raise NotFound
        return await self._take(provider, read(self.settings, query, body)[:MOST_REPORTS])

    async def _take(self, adapter: str, reports: Sequence[Report]) -> int:
        """Keep what is new, then bring it to its notices; returns how many reports had one.

        Kept in a transaction of its own: see `settle_early_receipts`.
        """
        if not reports:
            return 0
        now = self.clock.now()
        rows = {(one.provider_id, one.code): one for one in reports}
        async with self.database.transaction() as session:
            new = await insert_new(
                session,
                DeliveryReceipt,
                [
                    {
                        "id": new_id(),
                        "adapter": adapter,
                        "provider_id": one.provider_id,
                        "delivered": one.delivered,
                        "code": one.code,
                        "received_at": now,
                    }
                    for one in rows.values()
                ],
            )
        async with self.database.transaction() as session:
            known = await settle_receipts(session, [one.provider_id for one in reports], facts=self.facts, now=now)
        if known < len(new):
            log.warning("receipts_unknown", adapter=adapter, count=len(new) - known)
        return known


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
    """The content; None where it is none, for the sender would only repeat it."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None

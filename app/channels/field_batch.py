"""Batches of the field teams: each item is accepted or rejected by itself, and all are stored together."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import ValidationError

from app.access.actor import Actor
from app.channels.field import FieldBatchOut, FieldItemBody, FieldItemOut, correct_device_time
from app.channels.inbound import RawMessage, RejectedMessage
from app.channels.intake import IntakeResult, IntakeService
from app.channels.quarantine import store_rejected
from app.core.db import Database
from app.core.errors import AlreadyReceived, FieldError, Invalid
from app.core.field_errors import field_errors
from app.core.problem import problem_fields
from app.core.wording import Language
from app.people.vault import Vault
from app.standards.values import Channel

FIELD_FORMAT = "field/batches"


class FieldBatchService:
    """Intake of batches: valid items become tickets, the others go to quarantine, each with its own result."""

    def __init__(self, *, intake_service: IntakeService, database: Database, vault: Vault) -> None:
        self._intake_service = intake_service
        self._database = database
        self._vault = vault

    async def store(self, actor: Actor, items: Sequence[object], *, now: datetime, language: Language) -> FieldBatchOut:
        """Store all items and return their results in order; a repeated batch changes nothing.

        Rejected items are stored in one transaction: a bad batch needs one connection, not one per item.
        """
        outcomes = await asyncio.gather(*(self._store_item(actor, item, now) for item in items))
        rejected = [outcome for outcome in outcomes if isinstance(outcome, RejectedMessage)]
        quarantine_ids = await self._quarantine(actor, rejected, now)
        results = [
            _item_out(index, item, outcome, quarantine_ids, language)
            for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
        ]
        counts = {name: sum(r.result == name for r in results) for name in ("accepted", "repeated", "quarantined")}
        return FieldBatchOut(items=results, **counts)

    async def _store_item(self, actor: Actor, item: object, now: datetime) -> IntakeResult | RejectedMessage:
        raw = RawMessage(FIELD_FORMAT, json.dumps(item).encode())
        try:
            body = FieldItemBody.model_validate(item)
            digest = self._vault.blind_index("message", body.model_dump_json())
            intake = correct_device_time(body.to_intake(digest), now)
            return await self._intake_service.store(actor, intake, raw=raw)
        except ValidationError as error:
            errors = field_errors(error.errors(include_input=False, include_url=False))
        except Invalid as error:
            errors = list(error.errors)
        except AlreadyReceived as error:
            errors = [FieldError("/item_id", error.code, error.facts)]
        return RejectedMessage(raw, Channel.FIELD, errors)

    async def _quarantine(self, actor: Actor, rejected: Sequence[RejectedMessage], now: datetime) -> dict[bytes, UUID]:
        """Store rejected items in quarantine; return the id of each copy by the item's content."""
        if not rejected:
            return {}
        async with self._database.transaction() as session:
            return {
                body: await store_rejected(session, message, actor=actor, vault=self._vault, now=now)
                for body, message in {message.raw.body: message for message in rejected}.items()
            }


def _item_out(
    index: int,
    item: object,
    outcome: IntakeResult | RejectedMessage,
    quarantine_ids: Mapping[bytes, UUID],
    language: Language,
) -> FieldItemOut:
    given_id = item.get("item_id") if isinstance(item, dict) else None
    item_id = given_id[:200].encode("utf-8", "replace").decode() if isinstance(given_id, str) else None
    if isinstance(outcome, RejectedMessage):
        return FieldItemOut(
            index=index,
            item_id=item_id,
            result="quarantined",
            quarantine_id=str(quarantine_ids[outcome.raw.body]),
            errors=problem_fields(outcome.errors, language),
        )
    return FieldItemOut(
        index=index,
        item_id=item_id,
        result="repeated" if outcome.replayed else "accepted",
        number=outcome.number,
        due_at=outcome.promise_due_at,
    )

"""A batch of the field teams: every item is judged by itself, and all good ones go in together."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from app.access.actor import Actor
from app.channels.field import FieldBatchOut, FieldItemBody, FieldItemOut, trust_device_time
from app.channels.intake import IntakeResult, IntakeService, RawMessage
from app.channels.quarantine import Refused, keep
from app.core.db import Database
from app.core.errors import AlreadyReceived, FieldError, Invalid
from app.core.field_errors import field_errors
from app.core.problem import problem_fields
from app.core.wording import Language
from app.people.vault import Vault
from app.standards.values import Channel

DOOR = "field/batches"


class FieldBatch:
    """Takes batches: good items become tickets, bad ones go to quarantine, each with its own answer."""

    def __init__(self, *, intake_service: IntakeService, database: Database, vault: Vault) -> None:
        self._intake_service = intake_service
        self._database = database
        self._vault = vault

    async def take(self, actor: Actor, items: Sequence[Any], *, now: datetime, language: Language) -> FieldBatchOut:
        """Take all items at once and answer in their order; sending the batch again changes nothing.

        What was refused is kept in one transaction, so that a bad batch needs one connection, not one an item.
        """
        outcomes = await asyncio.gather(*(self._admit(actor, item, now) for item in items))
        kept = await self._keep(actor, [outcome for outcome in outcomes if isinstance(outcome, Refused)], now)
        answers = [
            _answer(index, item, outcome, kept, language)
            for index, (item, outcome) in enumerate(zip(items, outcomes, strict=True))
        ]
        counts = {name: sum(a.result == name for a in answers) for name in ("accepted", "repeated", "quarantined")}
        return FieldBatchOut(items=answers, **counts)

    async def _admit(self, actor: Actor, item: Any, now: datetime) -> IntakeResult | Refused:
        """One item through the door, or why it can't be."""
        raw = json.dumps(item).encode()
        try:
            body = FieldItemBody.model_validate(item)
            digest = self._vault.blind_index("message", body.model_dump_json())
            intake = trust_device_time(body.to_intake(digest), now)
            return await self._intake_service.store(actor, intake, raw=RawMessage(DOOR, raw))
        except ValidationError as error:
            errors = field_errors(error.errors(include_input=False, include_url=False))
        except Invalid as error:
            errors = list(error.errors)
        except AlreadyReceived as error:
            errors = [FieldError("/item_id", error.code, error.facts)]
        return Refused(DOOR, Channel.FIELD, raw, errors)

    async def _keep(self, actor: Actor, refused: Sequence[Refused], now: datetime) -> dict[bytes, UUID]:
        """Put refused items into quarantine; the ids of their copies by what they contain."""
        if not refused:
            return {}
        async with self._database.transaction() as session:
            return {
                one.body: await keep(session, one, actor=actor, vault=self._vault, now=now)
                for one in {one.body: one for one in refused}.values()
            }


def _answer(
    index: int, item: Any, outcome: IntakeResult | Refused, kept: dict[bytes, UUID], language: Language
) -> FieldItemOut:
    item_id = item.get("item_id") if isinstance(item, dict) else None
    known_id = item_id[:200].encode("utf-8", "replace").decode() if isinstance(item_id, str) else None
    if isinstance(outcome, Refused):
        return FieldItemOut(
            index=index,
            item_id=known_id,
            result="quarantined",
            quarantine_id=str(kept[outcome.body]),
            errors=problem_fields(outcome.errors, language),
        )
    due = next((clock["due_at"] for clock in outcome.receipt["clocks"] if clock["kind"] == "promise"), None)
    return FieldItemOut(
        index=index,
        item_id=known_id,
        result="repeated" if outcome.replayed else "accepted",
        number=outcome.receipt["number"],
        due_at=due,
    )

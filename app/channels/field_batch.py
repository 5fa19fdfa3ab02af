"""A batch of the field teams: every item is judged by itself, and all good ones go in together."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from app.access.actor import Actor
from app.channels.door import Door, RawMessage
from app.channels.field import FieldBatchAnswer, FieldItemAnswer, FieldItemBody, trust_device_time
from app.channels.quarantine import Refused, keep
from app.core.db import Database
from app.core.errors import AlreadyReceived, FieldError, Invalid
from app.core.problem import describe, field_errors
from app.core.wording import Language
from app.people.vault import Vault
from app.standards.values import Channel

DOOR = "field/batches"


class FieldBatch:
    """Takes batches: good items become tickets, bad ones go to quarantine, each with its own answer."""

    def __init__(self, *, door: Door, database: Database, vault: Vault) -> None:
        self._door = door
        self._database = database
        self._vault = vault

    async def take(self, actor: Actor, items: Sequence[Any], *, now: datetime, language: Language) -> FieldBatchAnswer:
        """Take all items at once and answer in their order; sending the batch again changes nothing."""
        answers = await asyncio.gather(
            *(self._take_one(actor, index, item, now=now, language=language) for index, item in enumerate(items))
        )
        counts = {name: sum(a.result == name for a in answers) for name in ("accepted", "repeated", "quarantined")}
        return FieldBatchAnswer(items=list(answers), **counts)

    async def _take_one(
        self, actor: Actor, index: int, item: Any, *, now: datetime, language: Language
    ) -> FieldItemAnswer:
        raw = json.dumps(item).encode()
        item_id = item.get("item_id") if isinstance(item, dict) else None
        known_id = item_id[:200].encode("utf-8", "replace").decode() if isinstance(item_id, str) else None
        try:
            body = FieldItemBody.model_validate(item)
            digest = self._vault.blind_index("message", body.model_dump_json())
            intake = trust_device_time(body.to_intake(digest), now)
            admission = await self._door.intake(actor, intake, raw=RawMessage(DOOR, raw))
        except ValidationError as error:
            errors = field_errors(error.errors(include_input=False, include_url=False))
        except Invalid as error:
            errors = list(error.errors)
        except AlreadyReceived as error:
            errors = [FieldError("/item_id", error.code, error.facts)]
        else:
            due = next((c["due_at"] for c in admission.receipt["clocks"] if c["kind"] == "promise"), None)
            result = "repeated" if admission.replayed else "accepted"
            return FieldItemAnswer(
                index=index, item_id=known_id, result=result, number=admission.receipt["number"], due_at=due
            )
        kept = await self._keep(actor, raw, errors, now)
        told = describe(errors, language)
        return FieldItemAnswer(index=index, item_id=known_id, result="quarantined", quarantine_id=kept, errors=told)

    async def _keep(self, actor: Actor, raw: bytes, errors: list[FieldError], now: datetime) -> str:
        refused = Refused(DOOR, Channel.FIELD, raw, errors)
        async with self._database.transaction() as session:
            return str(await keep(session, refused, actor=actor, vault=self._vault, now=now))

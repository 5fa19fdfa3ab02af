"""Sample messages, and a check that sending one fails as expected."""

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.notices.delivery.adapters.base import DeliveryAdapter, DeliveryError, OutgoingMessage
from app.notices.kinds import Medium

MAIL = OutgoingMessage(
    notice_id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    number="26-000123",
    kind="escalation_1",
    ticket="2600012349",
    dedupe_key="01890a5d-ac96-774b-bcce-b302099a8058:1:escalation_1:1:0:office:1:email",
    medium=Medium.EMAIL,
    recipient_name="Örnek IŞIĞI, Müdür",
    recipient_address="ornek.mudur@example.org",
    subject="[SÜRE AŞIMI – 1. KADEME] 2600012349 – İklim Değişikliği ve Sıfır Atık Müdürlüğü",
    body="Sayın Örnek IŞIĞI,\n\nĞÜŞİÖÇ ğüşıöç – ₺ süre dolmuştur.\n.nokta ile başlayan satır\n",
    at=datetime(2026, 6, 1, 21, 0, 5, tzinfo=UTC),
)
SMS = replace(
    MAIL,
    kind="receipt",
    medium=Medium.SMS,
    recipient_name="Örnek Vatandaş",
    recipient_address="+905321234567",
    body="2600012349 numaralı başvurunuz alındı. Takip için numarayı saklayınız: ğüşıöç.",
)


async def failure_of(adapter: DeliveryAdapter, message: OutgoingMessage, kind: type[DeliveryError]) -> Any:
    """Return the failure, of exactly that kind, that sending raises."""
    with pytest.raises(kind) as caught:
        await adapter.send(message)
    assert type(caught.value) is kind
    return caught.value


def read_back(path: Path) -> EmailMessage:
    """Parse an `.eml` file, which must have no defects."""
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message

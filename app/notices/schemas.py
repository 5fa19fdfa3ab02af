"""Schemas of notices for callers, and of the messages to the mobile backend."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from app.core.schema import ResponseModel

NoticeState = Literal["queued", "sending", "sent", "delivered", "failed", "skipped"]

STATE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "queued": "Sırada",
        "sending": "Gönderiliyor",
        "sent": "Gönderildi",
        "delivered": "Teslim edildi",
        "failed": "Gönderilemedi",
        "skipped": "Gönderilmedi",
    }
)


class NoticeRecipient(ResponseModel):
    """Recipient of a notice; names and addresses of offices and units are published, an applicant's are masked."""

    code: str = Field(examples=["office:1"], description="`applicant`, `unit:<code>` or `office:<level>`")
    name: str | None = Field(examples=["Halkla İlişkiler Müdürü"])
    address: str | None = Field(examples=["ornek.ofis@example.org"])


class NoticeOut(ResponseModel):
    """One notice: its text, its recipient, and the state of its delivery."""

    number: str = Field(examples=["26-000123"])
    kind: str = Field(examples=["escalation_1"])
    kind_label: str = Field(examples=["Süre aşımı bildirimi (1. kademe)"])
    ticket: str | None = Field(
        examples=["2600012349"], description="Number of the ticket; null for a digest, which is about several"
    )
    cycle: int = Field(examples=[1], description="1, and one more for each reopening of the ticket")
    level: int = Field(examples=[1], description="Level of an escalation, percentage of a warning, else 0")
    recipient: NoticeRecipient
    medium: str = Field(examples=["email"])
    subject: str = Field(examples=["[SÜRE AŞIMI – 1. KADEME] 2600012349 – Fen İşleri Müdürlüğü"])
    body: str = Field(examples=["12.05.2026 tarihli ve 2600012349 numaralı başvuru, … sonuçlandırılmamıştır."])
    masked: bool = Field(examples=[True], description="True if personal data are masked in name, address and text")
    template: str = Field(examples=["escalation_1.email.txt"])
    template_version: str = Field(examples=["9f86d081884c"], description="First digits of the text file's SHA-256")
    state: NoticeState = Field(examples=["sent"])
    state_label: str = Field(examples=["Gönderildi"])
    state_reason: str | None = Field(
        examples=[None], description="Code of the last failure, or the reason why it was skipped"
    )
    attempts: int = Field(examples=[1])
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None = Field(description="Null while it is being sent, and after that")
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")


class NoticePage(ResponseModel):
    """Page of notices, newest first."""

    items: list[NoticeOut]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )


class AppNotice(ResponseModel):
    """Notice as the mobile app shows it."""

    notice: str = Field(examples=["26-000123"])
    ticket: str = Field(
        examples=["2600012349"], description="Number of the ticket or complaint that was sent from the app"
    )
    dedupe_key: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015"], description="The same on every attempt")
    title: str = Field(examples=["2600012349 numaralı başvurunuz alındı"])
    text: str = Field(
        examples=["2600012349 numaralı başvurunuz alındı. Sonuç en geç 01.06.2026 tarihine kadar bildirilecektir."]
    )


class AppMessage(ResponseModel):
    """Message that is posted to the mobile backend for an applicant who chose to be notified by the app."""

    type: str = Field(examples=["notice.receipt"], description="`notice.` and the kind")
    timestamp: datetime = Field(examples=["2026-05-12T07:00:00+00:00"])
    data: AppNotice

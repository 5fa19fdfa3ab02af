"""Escalations as callers read them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.core.schema import Answer


class EscalationAnswer(Answer):
    """That a ticket was raised to an application office."""

    ticket: str = Field(examples=["2600012349"], description="Number of the ticket")
    cycle: int = Field(examples=[1], description="1, and one more for each reopening of the ticket")
    level: int = Field(examples=[1], description="1: İlk Müracaat Yeri, 2: İkinci Müracaat Yeri")
    source: Literal["system", "citizen"] = Field(examples=["system"], description="A missed limit, or a complaint")
    legal_risk: bool = Field(examples=[False], description="Raised because the limit of law is near")
    office: dict[str, str] = Field(
        examples=[{"Müracaat Yeri": "Halkla İlişkiler Müdürlüğü", "Unvan": "Halkla İlişkiler Müdürü"}],
        description="The office as the table printed it on that day, field by field",
    )
    open: bool = Field(examples=[True], description="Whether the answer to the citizen is still owed in this cycle")
    raised_at: datetime
    breached_at: datetime | None = Field(description="When the promise ended unkept; null where it still ran")
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")


class EscalationPage(Answer):
    """A page of escalations, newest first."""

    items: list[EscalationAnswer]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )

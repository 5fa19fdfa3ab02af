"""Escalations as callers read them, and the office's answer as it is sent."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.core.schema import LongText, RequestModel, ResponseModel


class ResponseBody(RequestModel):
    """What the office has done or decided; it is stored sealed."""

    text: LongText = Field(
        examples=["Fen İşleri Müdürlüğüne tekit edilmiştir; sonuç 05.06.2026 tarihinde alınacaktır."]
    )


class AddresseeOut(ResponseModel):
    """Who held the office when it was written to."""

    name: str = Field(examples=["Ercan ZENGİN"], description="Empty where nobody held it")
    job_title: str = Field(examples=["Halkla İlişkiler Müdürü"])
    stands_in: bool = Field(examples=[False], description="A deputy (vekil) during leave")
    vacant: bool = Field(examples=[False], description="Nobody held the office; it was written to by its place")


class EscalationOut(ResponseModel):
    """That a ticket was raised to an application office, and what the office did."""

    id: UUID
    ticket: str = Field(examples=["2600012349"], description="Number of the ticket")
    cycle: int = Field(examples=[1], description="1, and one more for each reopening of the ticket")
    level: int = Field(examples=[1], description="1: İlk Müracaat Yeri, 2: İkinci Müracaat Yeri")
    source: Literal["system", "citizen"] = Field(examples=["system"], description="A missed limit, or a complaint")
    legal_risk: bool = Field(examples=[False], description="The limit of law is near, or was when it was raised")
    office: dict[str, str] = Field(
        examples=[{"Müracaat Yeri": "Halkla İlişkiler Müdürlüğü", "Unvan": "Halkla İlişkiler Müdürü"}],
        description="The office as the table printed it on that day, field by field",
    )
    addressed_to: AddresseeOut | None = Field(description="Null on old records")
    state: Literal["raised", "acknowledged", "answered", "closed"] = Field(examples=["raised"])
    state_label: str = Field(examples=["Bildirildi"])
    open: bool = Field(examples=[True], description="Whether the answer to the citizen is still owed in this cycle")
    raised_at: datetime
    breached_at: datetime | None = Field(description="When the promise ended unkept; null where it still ran")
    reminders: int = Field(examples=[0], description="How often the office was reminded, at most five times")
    next_reminder_at: datetime | None = Field(description="Null once the office took note, and after the last")
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")
    response: str | None = Field(examples=["Birime tekit edilmiştir."], description="The office's answer")
    responded_at: datetime | None
    responded_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")
    closed_at: datetime | None = Field(description="When the citizen got the answer, or gave the request up")


class EscalationPage(ResponseModel):
    """A page of escalations, newest first."""

    items: list[EscalationOut]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )

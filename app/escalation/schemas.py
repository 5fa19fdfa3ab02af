"""Bodies and responses of the routes of escalations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.core.schema import LongText, RequestModel, ResponseModel


class ResponseBody(RequestModel):
    """The office's response: its action or its decision, stored encrypted."""

    text: LongText = Field(
        examples=["Fen İşleri Müdürlüğüne tekit edilmiştir; sonuç 05.06.2026 tarihinde alınacaktır."]
    )


class AddresseeOut(ResponseModel):
    """The official to whom the notice of the escalation was addressed."""

    name: str = Field(examples=["Ercan ZENGİN"], description="Empty if the office was vacant")
    job_title: str = Field(examples=["Halkla İlişkiler Müdürü"])
    stands_in: bool = Field(examples=[False], description="true: a deputy (vekil)")
    vacant: bool = Field(examples=[False], description="The office had no official; the notice named its place")


class EscalationOut(ResponseModel):
    """An escalation of a ticket to an application office, and the response of the office."""

    id: UUID
    ticket: str = Field(examples=["2600012349"], description="Number of the ticket")
    cycle: int = Field(examples=[1], description="1, and one more for each reopening of the ticket")
    level: int = Field(examples=[1], description="1: İlk Müracaat Yeri, 2: İkinci Müracaat Yeri")
    source: Literal["system", "citizen"] = Field(
        examples=["system"], description="system: a missed limit; citizen: a complaint"
    )
    legal_risk: bool = Field(examples=[False], description="The statutory limit was near, then or later")
    office: dict[str, str] = Field(
        examples=[{"Müracaat Yeri": "Halkla İlişkiler Müdürlüğü", "Unvan": "Halkla İlişkiler Müdürü"}],
        description="The office as the table printed it on that day, field by field",
    )
    addressed_to: AddresseeOut | None = Field(description="Null on old records")
    state: Literal["raised", "acknowledged", "answered", "closed"] = Field(examples=["raised"])
    state_label: str = Field(examples=["Bildirildi"])
    open: bool = Field(examples=[True], description="true: the citizen still awaits the answer in this cycle")
    raised_at: datetime
    breached_at: datetime | None = Field(description="End of the missed promise; null if it still ran")
    reminders: int = Field(examples=[0], description="Reminders sent to the office, at most five")
    next_reminder_at: datetime | None = Field(description="Null after an acknowledgement and after the last one")
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")
    response: str | None = Field(examples=["Birime tekit edilmiştir."], description="The office's response")
    responded_at: datetime | None
    responded_by: str | None = Field(examples=["Müracaat yeri"], description="Name of the client")
    closed_at: datetime | None = Field(description="Time of the answer to the citizen, or of the withdrawal")


class EscalationPage(ResponseModel):
    """A page of escalations, newest first."""

    items: list[EscalationOut]
    next_cursor: str | None = Field(
        None, examples=["WyIyMDI2LTA1LTEyVDA3OjAwOjAw"], description="Null on the last page"
    )

"""The doors by name: which format each of them reads, so that a kept message can be read again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, Self

from app.channels.call_center import CallBody
from app.channels.cimer import CimerBody
from app.channels.desk import VisitBody
from app.channels.field import FieldItemBody
from app.channels.mobile import ReportBody
from app.channels.sms import SmsBody
from app.tickets.request import Intake


class Message(Protocol):
    """A channel's message once it was understood."""

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """Read plain JSON values; raises pydantic's ValidationError."""
        ...

    def model_dump_json(self) -> str:
        """The message in one canonical spelling."""
        ...

    def to_intake(self, digest: bytes) -> Intake:
        """The intake of the message."""
        ...


FORMATS: Mapping[str, type[Message]] = MappingProxyType(
    {
        "call-center/calls": CallBody,
        "sms/messages": SmsBody,
        "mobile/reports": ReportBody,
        "field/batches": FieldItemBody,
        "desk/visits": VisitBody,
        "cimer/applications": CimerBody,
    }
)

"""Message formats by name: the format of a stored message, so that it can be parsed again."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, Self

from app.channels.call_center import CallBody
from app.channels.cimer import CimerBody
from app.channels.desk import VisitBody
from app.channels.field import FieldItemBody
from app.channels.mobile import ReportBody
from app.channels.sms import SmsBody
from app.tickets.intake import Intake


class ChannelMessage(Protocol):
    """A parsed message of a channel."""

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """Parse plain JSON values; raise pydantic's `ValidationError`."""
        ...

    def model_dump_json(self) -> str:
        """Return the message in canonical JSON."""
        ...

    def to_intake(self, digest: bytes) -> Intake:
        """Return the message as an intake."""
        ...


FORMATS: Mapping[str, type[ChannelMessage]] = MappingProxyType(
    {
        "call-center/calls": CallBody,
        "sms/messages": SmsBody,
        "mobile/reports": ReportBody,
        "field/batches": FieldItemBody,
        "desk/visits": VisitBody,
        "cimer/applications": CimerBody,
    }
)
"""Format name (the column `inbound_message.door`, and the path below `/v1/channels/`) → model of the message."""

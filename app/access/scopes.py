"""Scopes, and the roles that bundle them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """A permission of a client."""

    INTAKE_CALL_CENTER = "intake:call-center"
    INTAKE_SMS = "intake:sms"
    INTAKE_MOBILE = "intake:mobile"
    INTAKE_FIELD = "intake:field"
    INTAKE_DESK = "intake:desk"
    INTAKE_CIMER = "intake:cimer"
    TICKETS_READ = "tickets:read"
    TICKETS_READ_OWN = "tickets:read-own"
    TICKETS_COMMAND = "tickets:command"
    COMPLAINTS_FILE = "complaints:file"
    COMPLAINTS_READ = "complaints:read"
    COMPLAINTS_ANSWER = "complaints:answer"
    NOTICES_READ = "notices:read"
    NOTICES_ACKNOWLEDGE = "notices:acknowledge"
    SECOND_OFFICE = "offices:second"
    CATALOGUE_READ = "catalogue:read"
    CALENDAR_MANAGE = "calendar:manage"
    QUARANTINE_MANAGE = "quarantine:manage"
    PERSONAL_DATA_READ = "personal-data:read"
    REPORTS_READ = "reports:read"
    OPERATIONS_READ = "operations:read"
    WEBHOOKS_MANAGE = "webhooks:manage"


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """A bundle of scopes under a Turkish name."""

    label_tr: str
    scopes: frozenset[Scope]


_S = Scope


def _role(label_tr: str, *scopes: Scope) -> RoleDefinition:
    return RoleDefinition(label_tr, frozenset({*scopes, _S.CATALOGUE_READ}))


ROLES: Mapping[str, RoleDefinition] = MappingProxyType(
    {
        "mobile-app": _role(
            "Mobil uygulama", _S.INTAKE_MOBILE, _S.TICKETS_READ_OWN, _S.COMPLAINTS_FILE, _S.WEBHOOKS_MANAGE
        ),
        "call-centre": _role(
            "Çağrı merkezi",
            _S.INTAKE_CALL_CENTER,
            _S.TICKETS_READ,
            _S.TICKETS_COMMAND,
            _S.COMPLAINTS_FILE,
            _S.PERSONAL_DATA_READ,
        ),
        "sms-gateway": _role("SMS geçidi", _S.INTAKE_SMS),
        "field-team": _role("Saha ekibi", _S.INTAKE_FIELD, _S.TICKETS_READ_OWN),
        "desk": _role(
            "Çözüm masası",
            _S.INTAKE_DESK,
            _S.TICKETS_READ,
            _S.TICKETS_COMMAND,
            _S.COMPLAINTS_FILE,
            _S.PERSONAL_DATA_READ,
        ),
        "cimer-clerk": _role("CİMER görevlisi", _S.INTAKE_CIMER, _S.TICKETS_READ, _S.TICKETS_COMMAND),
        "unit-officer": _role("Birim görevlisi", _S.TICKETS_READ, _S.TICKETS_COMMAND, _S.NOTICES_READ),
        "pr-desk": _role(
            "Halkla ilişkiler masası",
            _S.INTAKE_DESK,
            _S.TICKETS_READ,
            _S.TICKETS_COMMAND,
            _S.COMPLAINTS_FILE,
            _S.COMPLAINTS_READ,
            _S.NOTICES_READ,
            _S.QUARANTINE_MANAGE,
            _S.PERSONAL_DATA_READ,
            _S.REPORTS_READ,
        ),
        "pr-director": _role(
            "İlk müracaat yeri",
            _S.CALENDAR_MANAGE,
            _S.TICKETS_READ,
            _S.COMPLAINTS_READ,
            _S.COMPLAINTS_ANSWER,
            _S.NOTICES_READ,
            _S.NOTICES_ACKNOWLEDGE,
            _S.PERSONAL_DATA_READ,
            _S.REPORTS_READ,
        ),
        "deputy-mayor": _role(
            "İkinci müracaat yeri",
            _S.TICKETS_READ,
            _S.COMPLAINTS_READ,
            _S.COMPLAINTS_ANSWER,
            _S.NOTICES_READ,
            _S.NOTICES_ACKNOWLEDGE,
            _S.SECOND_OFFICE,
            _S.PERSONAL_DATA_READ,
            _S.REPORTS_READ,
        ),
        "ops": _role(
            "İşletim",
            _S.CALENDAR_MANAGE,
            _S.OPERATIONS_READ,
            _S.REPORTS_READ,
            _S.NOTICES_READ,
            _S.QUARANTINE_MANAGE,
            _S.WEBHOOKS_MANAGE,
        ),
        "developer": RoleDefinition("Geliştirici", frozenset(Scope)),
    }
)

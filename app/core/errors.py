"""What can go wrong, as one tree of stable codes.

    EstimError
    ├── Unauthenticated        no key, or one that is not valid
    ├── Forbidden              the key may not do this
    ├── NotOwner               it is another client's
    ├── NotFound               it does not exist, or not for this key
    ├── NoLetter               a notice of a kind that is never a letter
    ├── Invalid                fields that break a rule (each named by its pointer)
    ├── WrongState             the ticket's state forbids the command
    ├── IsComplaint            it is answered to the citizen, as a complaint
    ├── NotExtendable          no law allows a longer limit, or it was taken already
    ├── LimitPassed            too late: the limit is past
    ├── LimitOfLaw             a limit of law is not set by hand
    ├── NoFee                  no law that applies knows a fee
    ├── NoLimit                no promise runs
    ├── StaleVersion           If-Match names an older version
    ├── StaleCalendar          the calendar changed since it was looked at
    ├── VersionRequired        If-Match is missing
    ├── KeyReused              the Idempotency-Key came with another content
    ├── AlreadyReceived        the channel's id came with another content
    ├── Unsupported            another content type than JSON
    ├── TooLarge, TooSlow      the body is over its size or its time
    ├── TooMany                too many attempts, or too much at once (with a time to wait)
    └── Unavailable            a server behind us does not answer

`core/problem.py` turns codes into answers; nothing here knows HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that broke a rule: where (JSON pointer), which rule, and what is allowed; never the value itself."""

    pointer: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class EstimError(Exception):
    """Base of all expected errors; `facts` may be shown to the caller and hold nothing personal."""

    code: ClassVar[str] = "internal"

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class Unauthenticated(EstimError):
    """No API key was sent, or none that is valid."""

    code = "unauthenticated"


class Forbidden(EstimError):
    """The key lacks a scope; facts: `scope`."""

    code = "forbidden"


class NotOwner(EstimError):
    """It is visible to the caller, but belongs to another client, and only that one may change it so."""

    code = "not_owner"


class NotFound(EstimError):
    """The thing does not exist or is not visible to the caller."""

    code = "not_found"


class NoLetter(EstimError):
    """The notice is of a kind that has no official letter; facts: `kind`."""

    code = "no_letter"


class Invalid(EstimError):
    """Fields break rules; `errors` names each."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class WrongState(EstimError):
    """The state forbids the command; facts: `state`, `allowed_actions`."""

    code = "wrong_state"


class IsComplaint(EstimError):
    """The record stands for a citizen's complaint, which is answered by its own command; facts: `complaint`."""

    code = "is_complaint"


class NotExtendable(EstimError):
    """The limit has no longer form in its law, or was extended before."""

    code = "not_extendable"


class LimitPassed(EstimError):
    """The limit is past, so what was asked for comes too late; facts: `due_at`."""

    code = "limit_passed"


class LimitOfLaw(EstimError):
    """A limit of law can't be set by hand."""

    code = "limit_of_law"


class NoFee(EstimError):
    """The law that the ticket is under asks for no fee."""

    code = "no_fee"


class NoLimit(EstimError):
    """No promise runs on the ticket (a thank-you, or documents are still missing)."""

    code = "no_limit"


class StaleVersion(EstimError):
    """If-Match does not name the present version; facts: `etag`."""

    code = "stale_version"


class StaleCalendar(EstimError):
    """The calendar has another version than the one that the change was previewed on; facts: `version`."""

    code = "stale_calendar"


class VersionRequired(EstimError):
    """A change came without If-Match."""

    code = "version_required"


class KeyReused(EstimError):
    """The Idempotency-Key belongs to a request with another content."""

    code = "key_reused"


class AlreadyReceived(EstimError):
    """The channel's external id belongs to a message with another content; facts: `number`."""

    code = "already_received"


class Unsupported(EstimError):
    """The body is not `application/json`."""

    code = "unsupported_media_type"


class TooLarge(EstimError):
    """The body is larger than allowed; facts: `limit` in bytes."""

    code = "too_large"


class TooSlow(EstimError):
    """The body did not arrive in time; facts: `seconds`."""

    code = "too_slow"


class TooMany(EstimError):
    """Too many attempts; facts: `retry_after` in seconds."""

    code = "too_many"


class Unavailable(EstimError):
    """A server behind us does not answer, or more waits than we can take; facts: `retry_after` in seconds."""

    code = "unavailable"

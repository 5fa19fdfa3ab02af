"""Expected errors as one class tree of stable codes.

    EstimError
    ├── Unauthenticated        no API key, or an invalid one
    ├── Forbidden              the key lacks a scope
    ├── NotOwner               the record belongs to another client
    ├── NotFound               the record does not exist or is not visible to this key
    ├── NoLetter               this kind of notice has no official letter
    ├── Invalid                fields break a rule (each named by its pointer)
    ├── WrongState             the ticket's state forbids the command
    ├── IsComplaint            the record is answered by the command for complaints
    ├── NotExtendable          no law allows a longer limit, or it was extended before
    ├── LimitPassed            the limit has passed
    ├── LimitOfLaw             a limit of law can't be set by hand
    ├── NoFee                  the ticket's law knows no fee
    ├── NoLimit                no promise runs
    ├── StaleVersion           If-Match names an older version
    ├── StaleCalendar          the calendar changed after the preview
    ├── VersionRequired        If-Match is missing
    ├── KeyReused              the Idempotency-Key belongs to a request with different content
    ├── AlreadyReceived        the channel's id belongs to a message with different content
    ├── Unsupported            the content type is not JSON
    ├── TooLarge, TooSlow      the body exceeds its size or its time
    ├── TooMany                too many attempts (with a time to wait)
    └── Unavailable            a server that we depend on does not respond, or our queue is full

`core/problem.py` turns codes into responses; this module does not know HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field that broke a rule: its JSON pointer, the rule's code and what is allowed; never the value."""

    pointer: str
    code: str
    facts: Mapping[str, object] = field(default_factory=dict)


class EstimError(Exception):
    """Base of all expected errors; `facts` may be shown to the caller and contain nothing personal."""

    code: ClassVar[str] = "internal"

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code)
        self.facts = facts


class Unauthenticated(EstimError):
    """No API key was sent, or it is not valid."""

    code = "unauthenticated"


class Forbidden(EstimError):
    """The key lacks a scope; facts: `scope`."""

    code = "forbidden"


class NotOwner(EstimError):
    """The record is visible to the caller, but only its owner, another client, may make this change."""

    code = "not_owner"


class NotFound(EstimError):
    """The record does not exist or is not visible to the caller."""

    code = "not_found"


class NoLetter(EstimError):
    """The notice is of a kind that has no official letter; facts: `kind`."""

    code = "no_letter"


class Invalid(EstimError):
    """Fields break rules; `errors` names each of them."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class WrongState(EstimError):
    """The state forbids the command; facts: `state`, `allowed_actions`."""

    code = "wrong_state"


class IsComplaint(EstimError):
    """The record is a citizen's complaint, which has its own command for the answer; facts: `complaint`."""

    code = "is_complaint"


class NotExtendable(EstimError):
    """The law of the limit allows no extension, or the limit was extended before."""

    code = "not_extendable"


class LimitPassed(EstimError):
    """The limit has passed, so the request comes too late; facts: `due_at`."""

    code = "limit_passed"


class LimitOfLaw(EstimError):
    """A limit of law can't be set by hand."""

    code = "limit_of_law"


class NoFee(EstimError):
    """The law that applies to the ticket knows no fee."""

    code = "no_fee"


class NoLimit(EstimError):
    """No promise runs on the ticket (a thank-you, or documents are still missing)."""

    code = "no_limit"


class StaleVersion(EstimError):
    """If-Match does not name the present version; facts: `etag`."""

    code = "stale_version"


class StaleCalendar(EstimError):
    """The calendar's version is not the one that the preview showed; facts: `version`."""

    code = "stale_calendar"


class VersionRequired(EstimError):
    """The request changes a record and has no If-Match."""

    code = "version_required"


class KeyReused(EstimError):
    """The Idempotency-Key belongs to a request with different content."""

    code = "key_reused"


class AlreadyReceived(EstimError):
    """The channel's external id belongs to a message with different content; facts: `number`."""

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
    """A server that we depend on does not respond, or our queue is full; facts: `retry_after` in seconds."""

    code = "unavailable"

"""The life of a ticket as one literal table of state, command and next state.

The table decides every change, feeds `allowed_actions` and draws the diagram. State and outcome are separate: a closed
ticket has both.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.terms import PauseReason


class State(StrEnum):
    """The states of a ticket; offices and citizens read `label_tr`."""

    RECEIVED = "received"
    AWAITING_DOCUMENTS = "awaiting_documents"
    REGISTERED = "registered"
    REFERRED = "referred"
    RETURNED = "returned"
    IN_PROGRESS = "in_progress"
    AWAITING_CITIZEN = "awaiting_citizen"
    AWAITING_EXTERNAL = "awaiting_external"
    AWAITING_FEE = "awaiting_fee"
    PENDING_APPROVAL = "pending_approval"
    RESOLVED = "resolved"
    CALLBACK_PENDING = "callback_pending"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"

    @property
    def label_tr(self) -> str:
        """Return the Turkish name of the state."""
        return STATE_LABELS[self]

    @property
    def is_open(self) -> bool:
        """Return whether an answer to the citizen is still owed."""
        return self in OPEN_STATES


class Command(StrEnum):
    """The commands on a ticket; each is an endpoint, and no endpoint sets a state directly."""

    REGISTER = "register"
    REFER = "refer"
    ACCEPT = "accept"
    RETURN = "return"
    REQUEST_DOCUMENTS = "request_documents"
    PROVIDE_DOCUMENTS = "provide_documents"
    PAUSE = "pause"
    RESUME = "resume"
    INTERIM_REPLY = "interim_reply"
    PROPOSE = "propose"
    REJECT = "reject"
    RESOLVE = "resolve"
    CALLBACK = "callback"
    CLOSE = "close"
    REOPEN = "reopen"
    RECLASSIFY = "reclassify"
    EXTEND = "extend"
    FEE_NOTICE = "fee_notice"
    FEE_PAID = "fee_paid"
    OVERRIDE_DUE = "override_due"
    WITHDRAW = "withdraw"
    LINK_DUPLICATE = "link_duplicate"
    COMMENT = "comment"


STATE_LABELS: Mapping[State, str] = MappingProxyType(
    {
        State.RECEIVED: "Alındı",
        State.AWAITING_DOCUMENTS: "Eksik Belge Bekleniyor",
        State.REGISTERED: "Kaydedildi",
        State.REFERRED: "Birime Sevk Edildi",
        State.RETURNED: "Birimden İade",
        State.IN_PROGRESS: "İşlemde",
        State.AWAITING_CITIZEN: "Vatandaş Yanıtı Bekleniyor",
        State.AWAITING_EXTERNAL: "Dış Kurum Yanıtı Bekleniyor",
        State.AWAITING_FEE: "Ücret Ödemesi Bekleniyor",
        State.PENDING_APPROVAL: "Cevap Onayda",
        State.RESOLVED: "Sonuçlandı",
        State.CALLBACK_PENDING: "Geri Dönüş Bekleniyor",
        State.CLOSED: "Kapatıldı",
        State.REOPENED: "Yeniden Açıldı",
        State.WITHDRAWN: "Vazgeçildi",
    }
)

OPEN_STATES = frozenset(State) - {State.RESOLVED, State.CALLBACK_PENDING, State.CLOSED, State.WITHDRAWN}
"""States in which an answer is still owed."""

_S, _C = State, Command

_ENDINGS = {
    _C.RESOLVE: _S.RESOLVED,
    _C.WITHDRAW: _S.WITHDRAWN,
    _C.LINK_DUPLICATE: _S.CLOSED,
}
_ABOUT_THE_LIMIT: dict[Command, State | None] = {
    _C.RECLASSIFY: None,
    _C.EXTEND: None,
    _C.OVERRIDE_DUE: None,
}
_AT_THE_DESK = {
    _C.REQUEST_DOCUMENTS: _S.AWAITING_DOCUMENTS,
    _C.REFER: _S.REFERRED,
    _C.FEE_NOTICE: _S.AWAITING_FEE,
    _C.INTERIM_REPLY: None,
    _C.COMMENT: None,
    **_ABOUT_THE_LIMIT,
    **_ENDINGS,
}

TRANSITIONS: Mapping[State, Mapping[Command, State | None]] = MappingProxyType(
    {
        _S.RECEIVED: {_C.REGISTER: _S.REGISTERED, **_AT_THE_DESK},
        _S.AWAITING_DOCUMENTS: {
            _C.PROVIDE_DOCUMENTS: _S.REGISTERED,
            _C.INTERIM_REPLY: None,
            _C.COMMENT: None,
            **_ABOUT_THE_LIMIT,
            **_ENDINGS,
        },
        _S.REGISTERED: _AT_THE_DESK,
        _S.REFERRED: {
            _C.ACCEPT: _S.IN_PROGRESS,
            _C.RETURN: _S.RETURNED,
            **_AT_THE_DESK,
        },
        _S.RETURNED: _AT_THE_DESK,
        _S.IN_PROGRESS: {
            _C.RETURN: _S.RETURNED,
            _C.REFER: _S.REFERRED,
            _C.PAUSE: _S.AWAITING_CITIZEN,
            _C.FEE_NOTICE: _S.AWAITING_FEE,
            _C.PROPOSE: _S.PENDING_APPROVAL,
            _C.INTERIM_REPLY: None,
            _C.COMMENT: None,
            **_ABOUT_THE_LIMIT,
            **_ENDINGS,
        },
        _S.AWAITING_CITIZEN: {
            _C.RESUME: _S.IN_PROGRESS,
            _C.INTERIM_REPLY: None,
            _C.COMMENT: None,
            **_ABOUT_THE_LIMIT,
            **_ENDINGS,
        },
        _S.AWAITING_EXTERNAL: {
            _C.RESUME: _S.IN_PROGRESS,
            _C.INTERIM_REPLY: None,
            _C.COMMENT: None,
            **_ABOUT_THE_LIMIT,
            **_ENDINGS,
        },
        _S.AWAITING_FEE: {
            _C.FEE_PAID: _S.IN_PROGRESS,
            _C.INTERIM_REPLY: None,
            _C.COMMENT: None,
            **_ENDINGS,
        },
        _S.PENDING_APPROVAL: {
            _C.REJECT: _S.IN_PROGRESS,
            _C.COMMENT: None,
            **_ABOUT_THE_LIMIT,
            **_ENDINGS,
        },
        _S.RESOLVED: {
            _C.CALLBACK: _S.CALLBACK_PENDING,
            _C.CLOSE: _S.CLOSED,
            _C.REOPEN: _S.REOPENED,
            _C.COMMENT: None,
        },
        _S.CALLBACK_PENDING: {
            _C.CALLBACK: _S.CALLBACK_PENDING,
            _C.CLOSE: _S.CLOSED,
            _C.REOPEN: _S.REOPENED,
            _C.COMMENT: None,
        },
        _S.CLOSED: {_C.REOPEN: _S.REOPENED, _C.COMMENT: None},
        _S.REOPENED: {_C.ACCEPT: _S.IN_PROGRESS, **_AT_THE_DESK},
        _S.WITHDRAWN: {_C.COMMENT: None},
    }
)
"""State → command → next state; None means that the command does not change the state.

The next state of two commands depends on their arguments, see `next_state`. A pause leads to the state of its reason.
A callback that reached the citizen (or the last allowed attempt) leads to `closed`.
"""

PAUSED_STATE: Mapping[PauseReason, State] = MappingProxyType(
    {
        PauseReason.AWAITING_CITIZEN: _S.AWAITING_CITIZEN,
        PauseReason.AWAITING_EXTERNAL: _S.AWAITING_EXTERNAL,
        PauseReason.FORCE_MAJEURE: _S.AWAITING_EXTERNAL,
    }
)

CALLBACK_ATTEMPTS = 3
"""The number of callbacks after which a ticket is closed although the citizen was not reached."""


def allowed_actions(state: State) -> tuple[Command, ...]:
    """Return the commands that the table allows in `state`, in its order."""
    return tuple(TRANSITIONS[state])


def next_state(
    state: State,
    command: Command,
    *,
    pause_reason: PauseReason | None = None,
    callback_done: bool = False,
) -> State | None:
    """Return the state after `command` in `state`, or None if the table forbids it.

    `pause_reason` applies to a pause; `callback_done` applies to the callback that closes the ticket.
    """
    allowed = TRANSITIONS[state]
    if command not in allowed:
        return None
    if command is Command.PAUSE and pause_reason is not None:
        return PAUSED_STATE[pause_reason]
    if command is Command.CALLBACK and callback_done:
        return State.CLOSED
    return allowed[command] or state

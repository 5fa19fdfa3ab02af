"""The table of transitions, walked through whole: every state, every command."""

from itertools import product

import pytest

from app.domain.terms import Outcome, PauseReason
from app.tickets.workflow import (
    CALLBACK_ATTEMPTS,
    OPEN_STATES,
    PAUSED_STATE,
    TRANSITIONS,
    Command,
    State,
    allowed_actions,
    next_state,
)
from tests.tables import failing

_ENDED = {State.RESOLVED, State.CALLBACK_PENDING, State.CLOSED, State.WITHDRAWN}
_ENDINGS = {Command.RESOLVE, Command.WITHDRAW, Command.LINK_DUPLICATE}


def next_states(state: State) -> set[State]:
    """All states to which one command can lead, with every reason for a pause and both ends of a callback."""
    reached = {
        next_state(state, command, pause_reason=reason, callback_done=done)
        for command, reason, done in product(Command, [None, *PauseReason], [False, True])
    }
    return {found for found in reached if found is not None}


def reachable(start: State) -> set[State]:
    known, fresh = {start}, {start}
    while fresh:
        fresh = {found for state in fresh for found in next_states(state)} - known
        known |= fresh
    return known


def test_every_state_is_judged() -> None:
    assert set(TRANSITIONS) == set(State)


def test_a_command_leads_where_the_table_says_and_is_offered_only_there() -> None:
    def check(pair: tuple[State, Command]) -> None:
        state, command = pair
        expected = (TRANSITIONS[state][command] or state) if command in TRANSITIONS[state] else None
        assert next_state(state, command) is expected
        assert (command in allowed_actions(state)) == (expected is not None)

    assert failing(product(State, Command), check) == []


def test_an_argument_of_a_command_never_allows_it() -> None:
    def check(row: tuple[State, Command, PauseReason | None, bool]) -> None:
        state, command, reason, done = row
        reached = next_state(state, command, pause_reason=reason, callback_done=done)
        assert (reached is not None) == (command in TRANSITIONS[state])

    assert failing(product(State, Command, [None, *PauseReason], [False, True]), check) == []


def test_every_command_can_be_used_somewhere() -> None:
    assert {command for allowed in TRANSITIONS.values() for command in allowed} == set(Command)


def test_every_state_can_be_reached_from_receipt() -> None:
    assert reachable(State.RECEIVED) == set(State)


@pytest.mark.parametrize("state", sorted(set(State) - {State.WITHDRAWN}))
def test_every_ticket_but_a_withdrawn_one_can_still_be_answered(state: State) -> None:
    assert State.RESOLVED in reachable(state)


def test_a_withdrawn_ticket_stays_so() -> None:
    assert reachable(State.WITHDRAWN) == {State.WITHDRAWN}


def test_open_states_are_those_in_which_an_answer_is_owed() -> None:
    assert set(State) - _ENDED == OPEN_STATES
    assert {state for state in State if state.is_open} == OPEN_STATES


@pytest.mark.parametrize("state", sorted(OPEN_STATES))
def test_an_open_ticket_can_be_ended_and_commented_on(state: State) -> None:
    assert set(TRANSITIONS[state]) >= _ENDINGS | {Command.COMMENT}
    assert not (next_states(state) - {state}) & {State.CALLBACK_PENDING, State.REOPENED}


@pytest.mark.parametrize("state", sorted(_ENDED))
def test_an_ended_ticket_comes_back_by_reopening_only(state: State) -> None:
    assert not set(TRANSITIONS[state]) & _ENDINGS
    assert next_states(state) & OPEN_STATES <= {State.REOPENED}
    assert next_state(state, Command.COMMENT) is state


@pytest.mark.parametrize("command", [Command.COMMENT, Command.INTERIM_REPLY])
def test_words_alone_change_no_state(command: Command) -> None:
    assert {next_state(state, command) for state in State} - {None} == {
        state for state in State if command in TRANSITIONS[state]
    }
    for state in State:
        assert next_state(state, command) in (state, None)


@pytest.mark.parametrize("reason", PauseReason)
def test_a_pause_ends_in_the_state_of_its_reason_and_resumes(reason: PauseReason) -> None:
    paused = next_state(State.IN_PROGRESS, Command.PAUSE, pause_reason=reason)

    assert paused is PAUSED_STATE[reason]
    assert next_state(paused, Command.RESUME) is State.IN_PROGRESS


def test_a_callback_closes_once_nothing_is_owed() -> None:
    for state in (State.RESOLVED, State.CALLBACK_PENDING):
        assert next_state(state, Command.CALLBACK) is State.CALLBACK_PENDING
        assert next_state(state, Command.CALLBACK, callback_done=True) is State.CLOSED
    assert CALLBACK_ATTEMPTS == 3


def test_the_everyday_way_of_a_ticket() -> None:
    state: State = State.RECEIVED
    for command, expected in (
        (Command.REQUEST_DOCUMENTS, State.AWAITING_DOCUMENTS),
        (Command.PROVIDE_DOCUMENTS, State.REGISTERED),
        (Command.REFER, State.REFERRED),
        (Command.RETURN, State.RETURNED),
        (Command.REFER, State.REFERRED),
        (Command.ACCEPT, State.IN_PROGRESS),
        (Command.PROPOSE, State.PENDING_APPROVAL),
        (Command.REJECT, State.IN_PROGRESS),
        (Command.PROPOSE, State.PENDING_APPROVAL),
        (Command.RESOLVE, State.RESOLVED),
        (Command.CALLBACK, State.CALLBACK_PENDING),
        (Command.CLOSE, State.CLOSED),
        (Command.REOPEN, State.REOPENED),
        (Command.ACCEPT, State.IN_PROGRESS),
        (Command.WITHDRAW, State.WITHDRAWN),
    ):
        assert next_state(state, command) is expected, (state, command)
        state = expected


def test_the_table_cannot_be_written_to() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.CLOSED] = {}  # type: ignore[index]


def test_every_state_has_a_turkish_name_of_its_own() -> None:
    labels = {state.label_tr for state in State}

    assert len(labels) == len(State)
    assert all(label[0].isupper() and label.isprintable() for label in labels)
    assert State.AWAITING_CITIZEN.label_tr == "Vatandaş Yanıtı Bekleniyor"


def test_codes_are_snake_case_and_planned_is_no_outcome() -> None:
    """`Programa Alındı` would be a closure that only looks like one: it is an interim reply."""
    for value in [*State, *Command, *Outcome, *PauseReason]:
        assert value == value.name.lower()
    assert "planned" not in set(Outcome)

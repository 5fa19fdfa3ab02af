"""Write the state diagram of a ticket into docs/architecture.md, from `TRANSITIONS`.

Run it after a change of `app/tickets/workflow.py`: `make generate`. A test fails while the diagram in
the document differs from the table.
"""

from collections import defaultdict
from pathlib import Path

from app.domain.terms import PauseReason
from app.tickets.workflow import OPEN_STATES, Command, State, next_state

DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.md"
BEGIN, END = "<!-- state diagram: begin -->\n", "<!-- state diagram: end -->\n"
OPEN = "open"
"""The name of the box around all open states; an arrow from it applies to each of them."""

STARTS = (State.RECEIVED, State.AWAITING_DOCUMENTS)


def edges() -> dict[tuple[str, str], list[str]]:
    """Return (state, next state) → the commands that lead there, in the order of states and commands."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for command in Command:
        for edge in _edges_of(command):
            found[edge].append(command.value)
    order = [OPEN, *State]
    return dict(sorted(found.items(), key=lambda item: [order.index(state) for state in item[0]]))


def diagram() -> str:
    """Return the diagram in mermaid, fenced as Markdown."""
    names = {state: f"{state} : {state}<br>{state.label_tr}" for state in State}
    lines = [f"[*] --> {state}" for state in STARTS]
    lines += [f"state {OPEN} {{", *(f"    {name}" for state, name in names.items() if state.is_open), "}"]
    lines += [name for state, name in names.items() if not state.is_open]
    lines += [f"{state} --> {target} : {', '.join(commands)}" for (state, target), commands in edges().items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *(f"    {line}" for line in lines), "```"]) + "\n"


def with_diagram(document: str) -> str:
    """Return the document with the present diagram between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + diagram() + END + after


def _edges_of(command: Command) -> set[tuple[str, str]]:
    """Return the edges of a command; a target that all open states share has one edge from `OPEN`."""
    moves = {
        (state, target)
        for state in State
        for reason in PauseReason
        for done in (False, True)
        if (target := next_state(state, command, pause_reason=reason, callback_done=done)) not in {None, state}
    }
    shared = {target for _, target in moves if {state for state, other in moves if other is target} >= OPEN_STATES}
    return {(OPEN if target in shared else str(state), str(target)) for state, target in moves}


if __name__ == "__main__":
    DOCUMENT.write_text(with_diagram(DOCUMENT.read_text()))

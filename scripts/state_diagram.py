"""Write the state diagram of a ticket into docs/architecture.md, from `TRANSITIONS`.

Run it after a change of `app/tickets/workflow.py`: `python scripts/state_diagram.py`. A test fails while the diagram in
the document differs from the table.
"""

from collections import defaultdict
from pathlib import Path

from app.domain.terms import PauseReason
from app.tickets.workflow import CALLBACK_ATTEMPTS, TRANSITIONS, Command, State, next_state

DOCUMENT = Path(__file__).parents[1] / "docs" / "architecture.md"
BEGIN, END = "<!-- state diagram: begin -->\n", "<!-- state diagram: end -->\n"
STARTS = (State.RECEIVED, State.AWAITING_DOCUMENTS)


def edges() -> dict[tuple[State, State], list[str]]:
    """Return (state, next state) → labels of the commands that lead there, in the order of the table."""
    found: dict[tuple[State, State], list[str]] = defaultdict(list)
    for state, commands in TRANSITIONS.items():
        for command in commands:
            for target, label in _targets(state, command):
                if target is not state and label not in found[state, target]:
                    found[state, target].append(label)
    return {edge: labels for edge, labels in found.items() if labels}


def diagram() -> str:
    """Return the diagram in mermaid, fenced as Markdown."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    [*] --> {state}" for state in STARTS]
    lines += [f"    {state} --> {target}: {', '.join(labels)}" for (state, target), labels in edges().items()]
    return "\n".join([*lines, "```"]) + "\n"


def with_diagram(document: str) -> str:
    """Return the document with the present diagram between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + diagram() + END + after


def _targets(state: State, command: Command) -> list[tuple[State, str]]:
    if command is Command.PAUSE:
        paused = {next_state(state, command, pause_reason=reason) for reason in PauseReason}
        return [(target, command.value) for target in sorted(target for target in paused if target)]
    if command is Command.CALLBACK:
        ended = next_state(state, command, callback_done=True)
        target = next_state(state, command)
        labels = [(target, command.value), (ended, f"callback (reached, or attempt {CALLBACK_ATTEMPTS})")]
        return [(found, label) for found, label in labels if found]
    target = next_state(state, command)
    return [(target, command.value)] if target else []


if __name__ == "__main__":
    DOCUMENT.write_text(with_diagram(DOCUMENT.read_text()))

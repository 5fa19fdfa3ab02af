"""What a clock is judged by, pinned to it when it starts, and the form in which it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.terms import Regime
from app.sla.calendar import ClockKind
from app.sla.checkpoints import Chain
from app.sla.deadline import Basis, Policy, Roll
from app.sla.limit import Limit, Unit


@dataclass(frozen=True, slots=True)
class PinnedPolicy:
    """Everything that a clock is judged by, pinned to it when it starts: later edits of the catalogue leave it alone.

    `service` is the code of the service that owes the answer, `printed` the limit as the published table prints it (or
    the law names it), `hours` the name of the calendar it is counted in, `regime` the law of a statutory clock,
    `pausable` the reasons for which it may stand still. `extended_to` is the longer limit, in all, that the law allows
    (4982 art. 11), and `fee_within` the time in which a fee it asks for has to be paid; None where the law knows no
    such thing. `interim_reply_satisfies` is whether an answer on the progress keeps the limit (3071 art. 7).
    """

    policy: Policy
    service: str
    printed: str
    hours: str
    chain: Chain
    pausable: frozenset[str] = frozenset()
    regime: Regime | None = None
    extended_to: Limit | None = None
    fee_within: Limit | None = None
    interim_reply_satisfies: bool = False

    def in_force(self, *, extended: bool) -> Policy:
        """How the clock counts now that its limit was extended or not."""
        return replace(self.policy, limit=self.extended_to) if extended and self.extended_to else self.policy

    def printed_in_force(self, *, extended: bool) -> str:
        """The limit in words, as `in_force` has it."""
        return self.extended_to.describe_tr() if extended and self.extended_to else self.printed

    def to_json(self) -> dict[str, Any]:
        """As it is stored with the clock."""
        return {
            "service": self.service,
            "printed": self.printed,
            "hours": self.hours,
            "limit": _limit_to_json(self.policy.limit),
            "basis": self.policy.basis.value,
            "roll": self.policy.roll.value,
            "kind": self.policy.clock_kind.value,
            "chain": self.chain.to_json(),
            "pausable": sorted(self.pausable),
            "regime": self.regime.value if self.regime else None,
            "extended_to": _limit_to_json(self.extended_to) if self.extended_to else None,
            "fee_within": _limit_to_json(self.fee_within) if self.fee_within else None,
            "interim_reply_satisfies": self.interim_reply_satisfies,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "PinnedPolicy":
        """Back from the stored form."""
        extended_to, fee_within = content.get("extended_to"), content.get("fee_within")
        kind = ClockKind(content["kind"])
        return cls(
            policy=Policy(_limit_from_json(content["limit"]), Basis(content["basis"]), Roll(content["roll"]), kind),
            service=content["service"],
            printed=content["printed"],
            hours=content["hours"],
            chain=Chain.from_json(content["chain"]),
            pausable=frozenset(content["pausable"]),
            regime=Regime(content["regime"]) if content["regime"] else None,
            extended_to=_limit_from_json(extended_to) if extended_to else None,
            fee_within=_limit_from_json(fee_within) if fee_within else None,
            interim_reply_satisfies=interim_reply_satisfies(content),
        )


def interim_reply_satisfies(content: Mapping[str, Any]) -> bool:
    """Whether an interim reply keeps a limit, by its stored policy; of one that does not say so yet, that of 3071."""
    found: bool = content.get("interim_reply_satisfies", content["regime"] == Regime.LAW_3071)
    return found


def _limit_to_json(limit: Limit) -> dict[str, Any]:
    return {"amount": limit.amount, "unit": limit.unit.value}


def _limit_from_json(content: Mapping[str, Any]) -> Limit:
    return Limit(content["amount"], Unit(content["unit"]))

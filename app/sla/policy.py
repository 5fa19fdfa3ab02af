"""The policy that is pinned to a clock when it starts, and its stored form. Pure: the standard library only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from app.domain.terms import Regime
from app.sla.calendar import Calendar, ClockKind
from app.sla.checkpoints import Chain
from app.sla.deadline import Basis, Policy, Roll, deadline
from app.sla.limit import Limit, Unit


@dataclass(frozen=True, slots=True)
class PinnedPolicy:
    """The rules of one clock, pinned when it starts: later edits of the catalogue do not change them.

    `service` is the code of the service that owes the answer. `printed` is the limit as the published table prints it
    (or the law names it). `hours` is the name of the calendar in which it is counted. `regime` is the law of a
    statutory clock, None for a promise. `pausable` are the reasons for which the clock may pause.
    `extended_to` is the longer limit, in all, that the law allows (4982 art. 11). `fee_within` is the time in which a
    requested fee has to be paid. Both are None where the law has no such rule.
    `interim_reply_satisfies`: an interim reply meets the limit (3071 art. 7).
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
        """Return the counting rule, with the longer limit if `extended`."""
        return replace(self.policy, limit=self.extended_to) if extended and self.extended_to else self.policy

    def printed_in_force(self, *, extended: bool) -> str:
        """Return the limit in words, with the longer limit if `extended`."""
        return self.extended_to.describe_tr() if extended and self.extended_to else self.printed

    def fee_due_at(self, requested_at: datetime, calendar: Calendar) -> datetime | None:
        """Return the last instant at which a fee requested at `requested_at` can be paid; None if there is no fee."""
        if self.fee_within is None:
            return None
        return deadline(replace(self.policy, limit=self.fee_within), requested_at, calendar).due_at

    def to_json(self) -> dict[str, Any]:
        """Return the stored form."""
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
        """Return the policy that `to_json` wrote."""
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
            # a policy stored before the field existed follows law 3071
            interim_reply_satisfies=content.get("interim_reply_satisfies", content["regime"] == Regime.LAW_3071),
        )


@lru_cache(maxsize=1024)
def parse_pinned(stored: str) -> PinnedPolicy:
    """Return the policy from its stored JSON text; thousands of clocks share a few texts, each is parsed once."""
    return PinnedPolicy.from_json(json.loads(stored))


def _limit_to_json(limit: Limit) -> dict[str, Any]:
    return {"amount": limit.amount, "unit": limit.unit.value}


def _limit_from_json(content: Mapping[str, Any]) -> Limit:
    return Limit(content["amount"], Unit(content["unit"]))

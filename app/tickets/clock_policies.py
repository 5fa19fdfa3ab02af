"""From a service of the catalogue to the policies that its clocks are pinned to, and what these allow."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from app.domain.terms import Regime
from app.sla.calendar import ClockKind
from app.sla.checkpoints import STATUTORY_CHAIN, WARNING_50, WARNING_80, Chain, default_chain
from app.sla.policy import PinnedPolicy
from app.standards.values import OFFICE_HOURS, Catalogue, RegimeRules, Service, StatutoryWhen
from app.tickets.workflow import Command

STANDARDS_COMPLAINT = "standards-complaint"
"""What complaints about the published table stand under; it is no row of the table, and nobody applies for it."""

COMPLAINT_CHAIN = Chain((WARNING_50, WARNING_80, *STATUTORY_CHAIN.steps))
"""The office that owes the answer is warned as units are; the second is told while the law can still be kept."""


def promise_policy(service: Service) -> PinnedPolicy:
    """The published promise of a service: its printed limit, counted and paused as standards.yaml says."""
    own = service.chain
    return PinnedPolicy(
        policy=service.policy,
        service=service.code,
        printed=service.limit_text,
        hours=service.hours,
        chain=default_chain(service.limit, ClockKind.PROMISE) if own is None else Chain.from_json(own),
        pausable=frozenset(reason.value for reason in service.pausable),
    )


def statutory_policy(
    service: Service, catalogue: Catalogue, *, formal: bool, right_to_information: bool
) -> PinnedPolicy | None:
    """The limit of law beside the promise: 4982 for right to information, else the service's; None without one.

    A signed petition is under law 3071 whatever service takes it (a call that was signed for later, say).
    """
    code = service.statutory
    if right_to_information:
        code = service.statutory_by_subtype.get("right_to_information", Regime.LAW_4982)
    elif formal:
        code = code or Regime.LAW_3071
    elif service.statutory_when is StatutoryWhen.FORMAL:
        code = None
    return None if code is None else _of_regime(catalogue.regime(code), service.code)


def complaint_policy(catalogue: Catalogue) -> PinnedPolicy:
    """The limit of a complaint: it is a petition (law 3071 art. 7), and no promise is printed for it."""
    return replace(_of_regime(catalogue.regime(Regime.LAW_3071), STANDARDS_COMPLAINT), chain=COMPLAINT_CHAIN)


@lru_cache(maxsize=128)
def _of_regime(regime: RegimeRules, service: str) -> PinnedPolicy:
    return PinnedPolicy(
        policy=regime.policy(),
        service=service,
        printed=regime.limit.describe_tr(),
        hours=OFFICE_HOURS,
        chain=STATUTORY_CHAIN,
        regime=regime.code,
        extended_to=regime.extended_to,
        fee_within=regime.fee.pay_within if regime.fee else None,
        interim_reply_satisfies=regime.interim_reply_satisfies,
    )


def unknown_to_limits(*, promise_runs: bool, law: Mapping[str, Any] | None, extendable: bool) -> set[Command]:
    """The commands that the limits of a ticket do not know: no extension is offered where no law has one.

    `law` is the stored policy of its statutory clock, `extendable` whether that runs and was not prolonged yet.
    """
    known = {
        Command.OVERRIDE_DUE: promise_runs,
        Command.EXTEND: extendable and law is not None and law.get("extended_to") is not None,
        Command.FEE_NOTICE: law is not None and law.get("fee_within") is not None,
    }
    return {command for command, is_known in known.items() if not is_known}

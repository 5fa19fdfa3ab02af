"""The policies that a service of the catalogue pins to the clocks of a ticket, and the commands they allow."""

from dataclasses import replace
from functools import lru_cache

from app.domain.terms import Regime
from app.sla.calendar import ClockKind
from app.sla.checkpoints import STATUTORY_CHAIN, WARNING_50, WARNING_80, Chain, default_chain
from app.sla.policy import PinnedPolicy
from app.standards.values import OFFICE_HOURS, Catalogue, RegimeRules, Service, StatutoryWhen
from app.tickets.workflow import Command

STANDARDS_COMPLAINT = "standards-complaint"
"""The service of complaints about the published table; it is not a row of the table and takes no applications."""

COMPLAINT_CHAIN = Chain((WARNING_50, WARNING_80, *STATUTORY_CHAIN.steps))
"""The checkpoints of a complaint: two warnings for the responsible office, then the levels of a statutory limit."""


def promise_policy(service: Service) -> PinnedPolicy:
    """Return the policy of the published promise: the printed limit, counted and paused as in standards.yaml."""
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
    """Return the policy of the limit of law beside the promise; None if no law applies.

    Law 4982 applies to right to information, else the law of the service. A signed petition is under law 3071 in any
    service, for example a call that the applicant signed later.
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
    """Return the policy of a complaint: a petition under law 3071 art. 7, without a printed promise."""
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


def inapplicable_commands(*, promise_open: bool, law: PinnedPolicy | None, extendable: bool) -> set[Command]:
    """Return the commands that the limits of a ticket do not allow, for example an extension without a law for it.

    `law` is the policy of the statutory clock; `extendable` is true if that clock is open and not extended yet.
    """
    applicable = {
        Command.OVERRIDE_DUE: promise_open,
        Command.EXTEND: extendable and law is not None and law.extended_to is not None,
        Command.FEE_NOTICE: law is not None and law.fee_within is not None,
    }
    return {command for command, applies in applicable.items() if not applies}

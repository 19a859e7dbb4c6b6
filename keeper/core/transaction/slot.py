"""One nonce, everything that was ever signed for it, and how it stands.

A slot owns its nonce from the first signature to the verdict. It keeps every plan and every hash that was
ever signed at that nonce, because any of them may be the one that is mined; at most one of them can be. So a
newer plan takes the place of an older one without the danger that both are carried out.
"""

from dataclasses import dataclass, replace

from keeper.core.plan import Plan
from keeper.core.transaction.attempt import (
    GAS_HEADROOM_PERCENT,
    NO_OP_GAS,
    NO_PLAN,
    Attempt,
    Inclusion,
    Kind,
    Standing,
)
from keeper.core.transaction.states import Signal, State, moved
from keeper.core.units import Address, TxHash, mul_div_up


@dataclass(frozen=True, slots=True)
class Terms:
    """What a no-op that fills a gap may offer: the terms of the plans that wait behind it."""

    max_fee_wei: int
    tip_wei: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One nonce.

    `plans` and `attempts` are oldest first; a slot without a plan fills a gap, on `terms`. `opened` and
    `signed_at` are the heads at which the nonce was reserved and the newest attempt signed, `waiting_since`
    the first at which that attempt could have been mined and was not, `passed_at` the first at which the
    nonce was gone with no receipt of ours, `plan_since` that of the newest plan's first attempt.
    `planned_wei` is the worst bill of an attempt that is being signed.
    """

    nonce: int
    opened: int
    terms: Terms
    state: State = State.RESERVED
    plans: tuple[Plan, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    included: Inclusion | None = None
    signed_at: int | None = None
    waiting_since: int | None = None
    passed_at: int | None = None
    plan_since: int | None = None
    planned_wei: int = 0

    @property
    def newest(self) -> Attempt:
        """The attempt that offers most."""
        return self.attempts[-1]

    @property
    def wanted(self) -> Plan | None:
        """What is to be mined here now; None where the nonce is only to be used up."""
        return None if self.is_cancelled or not self.plans else self.plans[-1]

    @property
    def live_plans(self) -> tuple[Plan, ...]:
        """The plans that were carried out here, or may be by the newest attempt."""
        if self.included is not None:
            if self.state is State.CLOSED and not self.included.succeeded:
                return ()
            mined = self.attempt(self.included.tx_hash)
            return () if mined is None or mined.plan == NO_PLAN else (self.plans[mined.plan],)
        wanted = self.wanted
        return () if wanted is None or self.state is State.CLOSED else (wanted,)

    @property
    def is_cancelled(self) -> bool:
        """Whether a no-op was signed last."""
        return bool(self.attempts) and self.newest.kind is Kind.NO_OP

    @property
    def is_urgent(self) -> bool:
        """Whether its newest plan is."""
        return bool(self.plans) and self.plans[-1].urgent

    @property
    def vaults(self) -> frozenset[Address]:
        """The vaults that may still be traded by something signed here."""
        return frozenset(plan.vault for plan in self.plans)

    @property
    def hashes(self) -> tuple[TxHash, ...]:
        """Every hash that may be mined here."""
        return tuple(attempt.tx_hash for attempt in self.attempts)

    @property
    def worst_wei(self) -> int:
        """The most that what is signed here can cost: only one of it is mined."""
        return max([self.planned_wei, *(attempt.worst_wei for attempt in self.attempts)])

    @property
    def reserved_wei(self) -> int:
        """The most that this slot may come to cost, raises and a no-op included."""
        promised = max(
            (reserved_wei(plan) for plan in self.plans), default=NO_OP_GAS * self.terms.max_fee_wei
        )
        return max(promised, self.worst_wei)

    @property
    def promised_fee_wei(self) -> int:
        """The dearest ceiling that was ever in force here: a no-op must outbid what it cancels."""
        return max([self.terms.max_fee_wei, *(plan.max_fee_wei for plan in self.plans)])

    @property
    def public_from(self) -> int:
        """The first head at which the public pool may see the newest plan."""
        since = self.opened if self.plan_since is None else self.plan_since
        return since + (self.plans[-1].private_blocks if self.plans else 0)

    def attempt(self, tx_hash: TxHash) -> Attempt | None:
        """The attempt with this hash, if it is one of this slot's."""
        return next((each for each in self.attempts if each.tx_hash == tx_hash), None)

    def heard(self, signal: Signal) -> "Slot":
        """The slot after a signal."""
        return replace(self, state=moved(self.state, signal))

    def signed(self, attempt: Attempt, plan: Plan | None) -> "Slot":
        """The slot with one more attempt, made for this plan, or for none."""
        plans = self.plans if plan is None or plan in self.plans else (*self.plans, plan)
        index = NO_PLAN if plan is None else plans.index(plan)
        terms = self.terms if plan is None else Terms(plan.max_fee_wei, plan.priority_fee_wei)
        attempts = (*self.attempts, replace(attempt, plan=index))
        after = replace(self, plans=plans, terms=terms, attempts=attempts, planned_wei=0)
        return after.heard(Signal.SIGNED)

    def with_standing(self, tx_hash: TxHash, standing: Standing) -> "Slot":
        """The slot with one attempt's standing changed."""
        return replace(
            self,
            attempts=tuple(
                replace(each, standing=standing) if each.tx_hash == tx_hash else each
                for each in self.attempts
            ),
        )

    def unsure(self) -> "Slot":
        """The slot when time has passed since an attempt was signed: it may have been sent."""
        return replace(
            self,
            attempts=tuple(
                replace(each, standing=Standing.UNKNOWN) if each.standing is Standing.SIGNED else each
                for each in self.attempts
            ),
        )


def gas_limit(plan: Plan) -> int:
    """Gas limit of a plan's rebalance."""
    return mul_div_up(plan.gas_units, GAS_HEADROOM_PERCENT, 100)


def reserved_wei(plan: Plan) -> int:
    """The most that a plan may cost: all gas at the ceiling. Only one transaction of a nonce is mined."""
    return max(gas_limit(plan), NO_OP_GAS) * plan.max_fee_wei

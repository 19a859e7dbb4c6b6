"""The cheapest action that restores the policy, priced before it is proposed.

The size comes from the no-trade region: outside it, trade back to its inner edge, no further, because the last part of the
way to the centre costs more than the risk it removes. The price comes from the pool's own arithmetic at the pinned block.
All amounts that go on chain are integers, rounded so that the vault never trades more than the model asked for.
"""

from dataclasses import dataclass
from enum import StrEnum

from keeper.core.reason import Reason
from keeper.core.units import Address


class Side(StrEnum):
    """Which token the vault gives."""

    BUY_BASE = "buy-base"
    SELL_BASE = "sell-base"


@dataclass(frozen=True, slots=True)
class Plan:
    """One rebalance, ready to be simulated and signed.

    `amount_in` in units of the token given, `expected_out` and `min_out` of the token received. `state_hash` is the vault's
    state that the plan was made for: the contract refuses it in any other, so it also names the intent. `deadline` in Unix
    seconds of the chain. `trade` is the signed change of inventory in base. Costs and benefit in usd.
    """

    vault: Address
    reason: Reason
    urgent: bool
    side: Side
    amount_in: int
    expected_out: int
    min_out: int
    state_hash: bytes
    deadline: int
    gas_units: int
    max_fee_wei: int
    priority_fee_wei: int
    trade: float
    gap_after: float
    benefit_usd: float
    expected_cost_usd: float
    worst_cost_usd: float

    @property
    def intent(self) -> str:
        """The idempotency key: a vault's state can be left by one mined rebalance only."""
        return f"{self.vault}:{self.state_hash.hex()}"

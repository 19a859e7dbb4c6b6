"""Plans for transaction tests: small round numbers, a ceiling with room for bumps."""

from dataclasses import replace

from keeper.core.plan import Plan
from keeper.core.quote import Side
from keeper.core.reason import Reason
from keeper.core.units import GWEI, Address

VAULTS = tuple(Address(f"0x{byte:02x}{'00' * 18}{byte:02X}") for byte in range(1, 60))
VAULT = VAULTS[0]
DEADLINE = 1_600

PLAN = Plan(
    vault=VAULT,
    reason=Reason.DELTA_BAND,
    urgent=False,
    side=Side.SELL_BASE,
    amount_in=10**18,
    expected_out=2_000 * 10**6,
    min_out=1_990 * 10**6,
    state_hash=bytes(32),
    deadline=DEADLINE,
    gas_units=80_000,
    max_fee_wei=100 * GWEI,
    priority_fee_wei=1 * GWEI,
    trade=-1.0,
    gap_after=0.0,
    benefit_usd=10.0,
    expected_cost_usd=1.0,
    worst_cost_usd=5.0,
)


def plan(number: int = 0, *, state: int = 0, deadline: int = DEADLINE, max_fee_wei: int = 100 * GWEI) -> Plan:
    """The plan of one vault in one state."""
    return replace(
        PLAN,
        vault=VAULTS[number],
        state_hash=state.to_bytes(32, "big"),
        deadline=deadline,
        max_fee_wei=max_fee_wei,
    )

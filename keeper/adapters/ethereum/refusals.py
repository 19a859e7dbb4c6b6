"""What the guard's refusal means to an operator: one word of the closed set for each error it has.

The error's own words tell the operands; the reason is what is counted, alerted on and documented. Every error
that `rebalance` can raise has a row here (tests/adapters/ethereum/test_refusals.py). An error that is not the
guard's, of a pool or a token, is `simulation-reverted`, with its text.
"""

from typing import Final

from keeper.core.reason import Reason

OUT_OF_GAS: Final = "out of gas"

REASONS: Final = {
    "OperationMixed": Reason.OPERATION_MIXED,
    "ReentrancyGuardReentrantCall": Reason.OPERATION_MIXED,
    "NotKeeper": Reason.NOT_KEEPER,
    "KeeperExpired": Reason.NOT_KEEPER,
    "IsPaused": Reason.VAULT_PAUSED,
    "ModuleDisabled": Reason.VAULT_PAUSED,
    "Expired": Reason.EXPIRED,
    "DeadlineTooFar": Reason.DEADLINE_TOO_FAR,
    "StateMoved": Reason.STATE_MOVED,
    "CoolingDown": Reason.COOLDOWN,
    "SequencerDown": Reason.SEQUENCER_DOWN,
    "GracePeriod": Reason.SEQUENCER_GRACE,
    "StalePrice": Reason.PRICE_STALE,
    "BadPrice": Reason.PRICE_INVALID,
    "PriceOutOfBounds": Reason.PRICE_OUT_OF_BOUNDS,
    "PriceJumped": Reason.PRICE_JUMPED,
    "PriceDeviation": Reason.PRICE_DEVIATION,
    "OracleStarved": Reason.OUT_OF_GAS,
    "InsideBand": Reason.INSIDE_BAND,
    "InsufficientInventory": Reason.NO_INVENTORY,
    "NotRiskReducing": Reason.NOT_RISK_REDUCING,
    "TradeTooLarge": Reason.TRADE_TOO_LARGE,
    "TradeTooSmall": Reason.TRADE_TOO_SMALL,
    "TurnoverExceeded": Reason.TURNOVER_LIMIT,
    "ResidualAllowance": Reason.VENUE_UNSAFE,
    "SpentTooMuch": Reason.VENUE_UNSAFE,
    "NotPool": Reason.VENUE_UNSAFE,
    "SlippageExceeded": Reason.SLIPPAGE_EXCEEDED,
    "LossBudgetExceeded": Reason.LOSS_LIMIT,
    "CollateralWorse": Reason.COLLATERAL_WORSE,
    "Overshoot": Reason.OVERSHOOT,
    OUT_OF_GAS: Reason.OUT_OF_GAS,
}
"""By the name of the error."""


def reason_of(error: str) -> Reason:
    """The reason for an error as `reverts` tells it: its name, then its operands."""
    return REASONS.get(error.partition("(")[0], Reason.SIMULATION_REVERTED)

"""Why the keeper did, or did not, act.

"Why did it not act?" is the question that users of every bot ask, and free text cannot answer it: it cannot
be counted, alerted on, or documented. So each verdict, refusal and outcome carries one member of this closed
set. The value is at once the log field, the metric label, the word that `keeper explain` prints and the name
of a section of `docs/reasons.md`.
"""

from enum import StrEnum


class Reason(StrEnum):
    """The closed set. A member is decided where the fact is known, and never translated later."""

    # Nothing to do.
    INSIDE_BAND = "inside-band"
    COST_EXCEEDS_BENEFIT = "cost-exceeds-benefit"
    COOLDOWN = "cooldown"
    PENDING = "pending"

    # The policy wants action.
    DELTA_BAND = "delta-band"
    DELTA_LIMIT = "delta-limit"
    GAMMA_LIMIT = "gamma-limit"
    VEGA_LIMIT = "vega-limit"
    THETA_LIMIT = "theta-limit"
    COLLATERAL_LIMIT = "collateral-limit"

    # The policy forbids action.
    POLICY_PAUSED = "policy-paused"
    REDUCE_ONLY = "reduce-only"
    POLICY_REJECTED = "policy-rejected"

    # What was read is not fit to act on.
    VAULT_UNREADABLE = "vault-unreadable"
    STATE_MISMATCH = "state-mismatch"
    PRICE_INVALID = "price-invalid"
    PRICE_STALE = "price-stale"
    PRICE_OUT_OF_BOUNDS = "price-out-of-bounds"
    PRICE_DEVIATION = "price-deviation"
    VOLATILITY_INVALID = "volatility-invalid"
    VOLATILITY_STALE = "volatility-stale"
    VOLATILITY_OUT_OF_BOUNDS = "volatility-out-of-bounds"
    NATIVE_PRICE_INVALID = "native-price-invalid"
    REFERENCE_MISSING = "reference-missing"
    NODE_UNREACHABLE = "node-unreachable"

    # The vault would refuse, or has refused.
    VAULT_PAUSED = "vault-paused"
    NOT_KEEPER = "not-keeper"
    STATE_MOVED = "state-moved"
    DEADLINE_TOO_FAR = "deadline-too-far"
    OPERATION_MIXED = "operation-mixed"
    SEQUENCER_DOWN = "sequencer-down"
    SEQUENCER_GRACE = "sequencer-grace"
    PRICE_JUMPED = "price-jumped"
    NOT_RISK_REDUCING = "not-risk-reducing"
    TRADE_TOO_LARGE = "trade-too-large"
    OVERSHOOT = "overshoot"
    SLIPPAGE_EXCEEDED = "slippage-exceeded"
    LOSS_LIMIT = "loss-limit"
    COLLATERAL_WORSE = "collateral-worse"
    VENUE_UNSAFE = "venue-unsafe"
    OUT_OF_GAS = "out-of-gas"
    SIMULATION_REVERTED = "simulation-reverted"

    # What stands on the chain is not what was deployed, or not what the policy takes it for.
    DEPLOYMENT_MISMATCH = "deployment-mismatch"

    # There is no plan that a policy allows.
    NO_INVENTORY = "no-inventory"
    NO_LIQUIDITY = "no-liquidity"
    SLIPPAGE_CEILING = "slippage-ceiling"
    FEE_CEILING = "fee-ceiling"
    TRADE_TOO_SMALL = "trade-too-small"
    TURNOVER_LIMIT = "turnover-limit"
    NO_INSTRUMENT = "no-instrument"

    # The transaction could not be made, or came to an end.
    DRY_RUN = "dry-run"
    WALLET_EMPTY = "wallet-empty"
    SIGNER_FAILED = "signer-failed"
    JOURNAL_FAILED = "journal-failed"
    LEASE_LOST = "lease-lost"
    STOPPING = "stopping"
    SPEND_CEILING = "spend-ceiling"
    WASTE_CEILING = "waste-ceiling"
    FOREIGN_PENDING = "foreign-pending"
    NODE_REFUSED = "node-refused"
    MINED = "mined"
    REVERTED = "reverted"
    EXPIRED = "expired"
    UNWANTED = "unwanted"
    ORDERED = "ordered"
    SUPERSEDED = "superseded"
    NONCE_TAKEN = "nonce-taken"
    GAP_FILLED = "gap-filled"

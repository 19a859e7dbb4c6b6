"""What a hedge is refused for that was signed at one price and mined at another, as on a busy machine."""

from keeper.core.reason import Reason

OF_A_MOVED_PRICE = {
    Reason.SLIPPAGE_EXCEEDED,
    Reason.TRADE_TOO_LARGE,
    Reason.OVERSHOOT,
    Reason.NOT_RISK_REDUCING,
    Reason.INSIDE_BAND,
}

"""A market's course, step by step: what a driver makes the local world do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MarketPath:
    """Prices, volatilities and base fees, `step_s` seconds apart; arrays of one length.

    `price` in usd per base, `volatility` annualised as a fraction (what an options market would quote),
    `base_fee_wei` per unit of gas. Raises ValueError for arrays of unequal length, or values that no market
    can have.
    """

    step_s: int
    price: Floats
    volatility: Floats
    base_fee_wei: Integers

    def __post_init__(self) -> None:
        if self.step_s <= 0:
            raise ValueError(f"a step of {self.step_s} s")
        if not len(self.price) == len(self.volatility) == len(self.base_fee_wei) > 0:
            raise ValueError("price, volatility and base fee must have one length, not zero")
        for name in ("price", "volatility", "base_fee_wei"):
            values = getattr(self, name)
            if not (np.isfinite(values).all() and (values > 0).all()):
                raise ValueError(f"{name} must be positive and finite throughout")

    def __len__(self) -> int:
        return len(self.price)

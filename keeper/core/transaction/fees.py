"""What an attempt offers for its gas, and what a replacement must offer.

"Ten percent more" is not one rule. Geth and reth ask it of both caps (reth rounds up), Besu of the price that
would really be paid at the present base fee. The arithmetic here satisfies the strictest of them within a
ceiling that is never passed, and keeps one raise in reserve below the ceiling: whatever was sent can still be
cancelled.
"""

from dataclasses import dataclass

from keeper.core.units import div_up, mul_div_up

RAISE_PERCENT = 110
"""A replacement of an ordinary transaction offers at least this share of what it replaces, in percent.

A blob transaction would need twice; the keeper sends none.
"""


@dataclass(frozen=True, slots=True)
class Fees:
    """`max_fee_wei` and `tip_wei` per unit of gas; the tip is never above the fee."""

    max_fee_wei: int
    tip_wei: int

    def price_at(self, base_fee_wei: int) -> int:
        """What is paid per unit of gas in a block with this base fee, if it is included at all."""
        return min(self.max_fee_wei, base_fee_wei + self.tip_wei)


@dataclass(frozen=True, slots=True)
class AboveCeiling:
    """No fees within the ceiling would do. `needed_wei` is the fee that would."""

    needed_wei: int
    ceiling_wei: int


def raised(old_wei: int) -> int:
    """The least fee that replaces `old_wei` everywhere: ceil(1.1 x), and strictly more."""
    return max(mul_div_up(old_wei, RAISE_PERCENT, 100), old_wei + 1)


def cancellable(ceiling_wei: int) -> int:
    """The greatest fee whose raise is still within `ceiling_wei`."""
    return max(ceiling_wei * 100 // RAISE_PERCENT, 0)


def market_fee(base_fee_wei: int, tip_wei: int) -> int:
    """A fee that still pays after five full blocks in a row: the base fee grows by an eighth with each."""
    return 2 * base_fee_wei + tip_wei


def first_fees(base_fee_wei: int, tip_wei: int, ceiling_wei: int) -> Fees | AboveCeiling:
    """Fees of a first attempt, cut to the ceiling as long as the present base fee and the tip can be paid."""
    if base_fee_wei + tip_wei > ceiling_wei:
        return AboveCeiling(base_fee_wei + tip_wei, ceiling_wei)
    return Fees(min(market_fee(base_fee_wei, tip_wei), ceiling_wei), tip_wei)


def raised_fees(
    old: Fees, base_fee_wei: int, tip_wei: int, ceiling_wei: int, *, by_price: bool
) -> Fees | AboveCeiling:
    """Fees of a replacement of `old`: both caps raised, and at least the market's.

    `tip_wei` is the market's tip. `by_price` adds Besu's rule: the price paid at the present base fee rises
    by the same share, which a small tip beside a large base fee does not do by itself.
    """
    needed_tip = max(raised(old.tip_wei), tip_wei)
    needed_fee = raised(old.max_fee_wei)
    if by_price:
        price = div_up(old.price_at(base_fee_wei) * RAISE_PERCENT, 100)
        needed_tip = max(needed_tip, price - base_fee_wei)
    if needed_fee > ceiling_wei:
        return AboveCeiling(needed_fee, ceiling_wei)
    fee = min(max(needed_fee, market_fee(base_fee_wei, needed_tip)), ceiling_wei)
    return Fees(fee, min(needed_tip, fee))

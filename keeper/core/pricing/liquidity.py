"""What a concentrated-liquidity pool gives for a trade, to the last integer.

A plan states the least output it accepts. Computed with floats, that number is off by some units either way:
too high and the trade reverts, too low and a searcher takes the difference. So the fill is computed as the
pool computes it: the same integers, the same roundings, always against the trader.

Notation of the Uniswap v3 whitepaper (Adams et al. 2021, 6.2): sqrt price P = sqrt(token1 per token0) as
Q64.96, liquidity L. Within one tick range L is constant and

    token1 added:  P' = P + dy / L                 (6.13)
    token0 added:  P' = L P / (L + dx P)           (6.15)

The roundings follow the pool's `SwapMath.computeSwapStep` and `SqrtPriceMath` (v3-core): the fee is taken
from the input first, rounded up; the price moves less rather than more; the output is rounded down. Tick
crossings are the caller's: a range ends at `limit`, and the fill says what it spent until there.
"""

from dataclasses import dataclass

from keeper.core.units import WAD, Wad, div_up, mul_div_down, mul_div_up

PIPS = 10**6
Q96 = 2**96

MIN_SQRT_PRICE = 4_295_128_739
MAX_SQRT_PRICE = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
"""The ends of the pool's price range (TickMath): sqrt(1.0001 ** -+887272) as Q64.96."""

_WORD = 2**256


@dataclass(frozen=True, slots=True)
class Fill:
    """What one swap step does, in token units.

    `amount_in` is all the pool takes, `fee` included. It is less than was offered only if the price limit was
    reached.
    """

    amount_in: int
    amount_out: int
    fee: int
    sqrt_price_x96: int


def swap_exact_in(
    sqrt_price_x96: int,
    liquidity: int,
    fee_pips: int,
    amount_in: int,
    *,
    zero_for_one: bool,
    limit: int | None = None,
) -> Fill:
    """Swap an exact input within one tick range, with the pool's own integer arithmetic.

    `zero_for_one` sells token0 and lowers the price. `limit` is the sqrt price to stop at: the end of the
    tick range, or by default the end of all prices. A pool without liquidity gives nothing and takes nothing.
    Raises ValueError for a negative amount, a fee outside [0, 1), a price outside the pool's range or a limit
    on the wrong side of it.
    """
    if liquidity <= 0:
        return Fill(0, 0, 0, sqrt_price_x96)
    target = _target(sqrt_price_x96, fee_pips, amount_in, limit, zero_for_one=zero_for_one)
    usable = mul_div_down(amount_in, PIPS - fee_pips, PIPS)
    if usable >= _input_between(sqrt_price_x96, target, liquidity, zero_for_one=zero_for_one):
        reached = target
    elif zero_for_one:
        reached = _price_after_token0(sqrt_price_x96, liquidity, usable)
    else:
        reached = sqrt_price_x96 + mul_div_down(usable, Q96, liquidity)
    moved = _input_between(sqrt_price_x96, reached, liquidity, zero_for_one=zero_for_one)
    # Short of the target the pool keeps the rounding as fee; at the target it charges the fee of what it
    # used.
    fee = mul_div_up(moved, fee_pips, PIPS - fee_pips) if reached == target else amount_in - moved
    received = _output_between(sqrt_price_x96, reached, liquidity, zero_for_one=zero_for_one)
    return Fill(moved + fee, received, fee, reached)


def mid_price_wad_down(
    sqrt_price_x96: int, base_decimals: int, quote_decimals: int, *, base_is_token0: bool
) -> Wad:
    """Price of one whole base token in whole quote tokens, from the pool's sqrt price, rounded down.

    Raises ValueError for a price of zero: a pool that was never initialised has none.
    """
    if sqrt_price_x96 <= 0:
        raise ValueError(f"the pool has no price (sqrt price {sqrt_price_x96})")
    numerator, denominator = sqrt_price_x96**2, Q96**2
    if not base_is_token0:
        numerator, denominator = denominator, numerator
    return Wad(mul_div_down(numerator, WAD * 10**base_decimals, denominator * 10**quote_decimals))


def fair_quote_down(amount_base: int, price: Wad, base_decimals: int, quote_decimals: int) -> int:
    """Quote token units that an amount of base is worth at a price, rounded down."""
    return mul_div_down(amount_base * price, 10**quote_decimals, WAD * 10**base_decimals)


def fair_quote_up(amount_base: int, price: Wad, base_decimals: int, quote_decimals: int) -> int:
    """Quote token units that an amount of base is worth at a price, rounded up."""
    return mul_div_up(amount_base * price, 10**quote_decimals, WAD * 10**base_decimals)


def _target(
    sqrt_price_x96: int, fee_pips: int, amount_in: int, limit: int | None, *, zero_for_one: bool
) -> int:
    if amount_in < 0:
        raise ValueError(f"cannot swap a negative amount ({amount_in})")
    if not 0 <= fee_pips < PIPS:
        raise ValueError(f"a fee of {fee_pips} pips is not in [0, {PIPS})")
    if limit is None:
        limit = MIN_SQRT_PRICE + 1 if zero_for_one else MAX_SQRT_PRICE - 1
    lowest, highest = (limit, MAX_SQRT_PRICE) if zero_for_one else (1, limit)
    if not 0 < lowest <= sqrt_price_x96 <= highest:
        raise ValueError(f"a sqrt price of {sqrt_price_x96} cannot move to a limit of {limit}")
    return limit


def _price_after_token0(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """Formula (6.15) rounded up, with the pool's detour where its 256-bit words would overflow."""
    if amount == 0:
        return sqrt_price_x96
    reserve = liquidity * Q96
    product = amount * sqrt_price_x96
    if product < _WORD and reserve + product < _WORD:
        return mul_div_up(reserve, sqrt_price_x96, reserve + product)
    return div_up(reserve, reserve // sqrt_price_x96 + amount)


def _input_between(start: int, end: int, liquidity: int, *, zero_for_one: bool) -> int:
    """Input that moves the price from start to end, rounded up."""
    if zero_for_one:
        return div_up(mul_div_up(liquidity * Q96, start - end, start), end)
    return mul_div_up(liquidity, end - start, Q96)


def _output_between(start: int, end: int, liquidity: int, *, zero_for_one: bool) -> int:
    """Output that a move of the price from start to end releases, rounded down."""
    if zero_for_one:
        return mul_div_down(liquidity, start - end, Q96)
    return mul_div_down(liquidity * Q96, end - start, end) // start

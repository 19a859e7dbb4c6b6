// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/* NUMBERS */

/// @dev One, in fixed point.
uint256 constant WAD = 1e18;

/// @dev The same, where signs matter.
int256 constant WAD_SIGNED = 1e18;

/// @dev One, in basis points.
uint256 constant BPS = 10_000;

/// @dev A millionth, in fixed point: what the budgets of a vault are counted in.
uint256 constant PIP = 1e12;

/// @dev What the levels of these budgets are stored in, rounded up: so fine that a hedge loses at most a ten-thousandth of
/// the smallest budget to it, and so coarse that the greatest fits into 32 bits.
uint256 constant GRAIN = 1e8;

/// @dev The year that volatilities are annualised by.
uint256 constant YEAR = 365 days;

/* THE BOOK */

/// @dev Most legs in a book: bounds the gas of a hedge.
uint256 constant MAX_LEGS = 16;

/// @dev Furthest expiry from the opening of a leg.
uint256 constant MAX_TENOR = 2 * YEAR;

/* THE ORACLES */

/// @dev Greatest oracle answer that is believed, in WAD: no product of the vault can overflow below it.
uint256 constant MAX_ANSWER = 1e36;

/// @dev Gas that a feed is always given. A caller who cannot give it is refused, so that nobody can starve a feed
/// and have the vault take it for a broken one. The mean of a pool searches what the pool remembers, and anybody may make
/// it remember more, for good: it is enough for the most that it can.
uint256 constant FEED_GAS = 200_000;

/// @dev Seconds after a sequencer's return in which positions may be adjusted before the vault trades.
uint256 constant SEQUENCER_GRACE = 1 hours;

/* CEILINGS, which nobody can pass, governance included */

uint256 constant MAX_SLIPPAGE_BPS = 100;
uint256 constant MAX_TURNOVER_PIPS = 250_000;
uint256 constant MAX_LOSS_PIPS = 5000;
uint256 constant MAX_DEADLINE = 300;
uint256 constant MIN_COOLDOWN = 60;
uint256 constant MAX_FEED_AGE = 3 days;
uint256 constant MAX_PRICE_ERROR_BPS = 500;
uint256 constant MAX_VOL_ERROR_BPS = 5000;
uint256 constant MAX_JUMP_BPS = 5000;
uint256 constant MAX_PRICE_RANGE = 100;
uint256 constant MAX_DRAWDOWN_BPS = 5000;
uint256 constant MAX_KEEPER_TERM = 365 days;
uint256 constant MAX_REWARD_BPS = 10;

/* THE HEDGE */

/// @dev Fewest token units worth trading: below, rounding alone can use up the slippage limit.
uint256 constant MIN_TRADE_UNITS = 10_000;

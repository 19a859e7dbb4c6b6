// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @dev One, in fixed point.
uint256 constant WAD = 1e18;

/// @dev The same, where signs matter.
int256 constant WAD_SIGNED = 1e18;

/// @dev One, in basis points.
uint256 constant BPS = 10_000;

/// @dev The year that volatilities are annualised by.
uint256 constant YEAR = 365 days;

/// @dev Most legs in a book: bounds the gas of a hedge.
uint256 constant MAX_LEGS = 16;

/// @dev Furthest expiry from the opening of a leg.
uint256 constant MAX_TENOR = 2 * YEAR;

/// @dev Greatest oracle answer that is believed, in WAD: no product of the vault can overflow below it.
uint256 constant MAX_ANSWER = 1e36;

/// @dev Greatest slippage that governance can allow.
uint256 constant MAX_SLIPPAGE_BPS = 1000;

/// @dev Fewest token units worth trading: below, rounding alone can use up the slippage limit.
uint256 constant MIN_TRADE_UNITS = 10_000;

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IGuarded.sol";
import {Charter, CodeLib} from "./CodeLib.sol";
import {
    BPS,
    MAX_ANSWER,
    MAX_DRAWDOWN_BPS,
    MAX_FEED_AGE,
    MAX_JUMP_BPS,
    MAX_LOSS_PIPS,
    MAX_PRICE_ERROR_BPS,
    MAX_PRICE_RANGE,
    MAX_SLIPPAGE_BPS,
    MAX_TURNOVER_PIPS,
    MAX_VOL_ERROR_BPS
} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {EventsLib} from "./EventsLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title RulesLib
/// @notice What rules may be set at all, and which of two sets is the stricter.
/// @dev Deployed by itself and linked.
library RulesLib {
    /// @notice Writes down rules that are within the ceilings.
    /// @param minCooldown Ceiling of the cooldown's shortness.
    /// @param maxDeadline Ceiling of the longest deadline.
    function set(Charter storage charter, bytes calldata encoded, uint256 minCooldown, uint256 maxDeadline)
        external
    {
        Limits memory next = abi.decode(encoded, (Limits));
        _requireTimes(next, minCooldown, maxDeadline);
        _requireSizes(next);
        _requireBudgets(next);
        _requireBounds(next);
        _write(charter, next);
    }

    /// @notice Writes down rules of which none is looser than before.
    function tighten(Charter storage charter, bytes calldata encoded) external {
        Limits memory next = abi.decode(encoded, (Limits));
        Limits memory old = CodeLib.rules(charter.at);
        _least("cooldown", old.cooldown, next.cooldown);
        _most("maxDeadline", old.maxDeadline, next.maxDeadline);
        _most("maxPriceAge", old.maxPriceAge, next.maxPriceAge);
        _most("maxVolAge", old.maxVolAge, next.maxVolAge);
        _most("maxCheckAge", old.maxCheckAge, next.maxCheckAge);
        _most("maxSlippageBps", old.maxSlippageBps, next.maxSlippageBps);
        _least("marginBps", old.marginBps, next.marginBps);
        _most("maxJumpBps", old.maxJumpBps, next.maxJumpBps);
        _most("maxDrawdownBps", old.maxDrawdownBps, next.maxDrawdownBps);
        _most("maxTradeBase", old.maxTradeBase, next.maxTradeBase);
        // A guardian who lowers the one must lower the other: an emergency is met in the smaller steps.
        _most(
            "emergencyTradeBase",
            FixedPointMathLib.min(old.emergencyTradeBase, next.maxTradeBase),
            next.emergencyTradeBase
        );
        _most("turnoverCapPips", old.turnoverCapPips, next.turnoverCapPips);
        _most("turnoverPerDayPips", old.turnoverPerDayPips, next.turnoverPerDayPips);
        _most("lossCapPips", old.lossCapPips, next.lossCapPips);
        _most("lossPerDayPips", old.lossPerDayPips, next.lossPerDayPips);
        _least("minVol", old.minVol, next.minVol);
        _most("maxVol", old.maxVol, next.maxVol);
        _most("ripcordReward", old.ripcordReward, next.ripcordReward);
        _requireUnclearSame(old, next);
        _write(charter, next);
    }

    /// @dev A narrower band lets in more hedges, and a wider one larger overshoots; a lower greatest price lets exits in kind
    /// hold back less for the calls that are owed, and a higher least price less base for want of quote; and so on.
    function _requireUnclearSame(Limits memory old, Limits memory next) private pure {
        _same("band", old.band == next.band);
        _same("targetDelta", old.targetDelta == next.targetDelta);
        _same("emergencyGap", old.emergencyGap == next.emergencyGap);
        _same("minTradeBps", old.minTradeBps == next.minTradeBps);
        _same("priceErrorBps", old.priceErrorBps == next.priceErrorBps);
        _same("volErrorBps", old.volErrorBps == next.volErrorBps);
        _same("minPrice", old.minPrice == next.minPrice);
        _same("maxPrice", old.maxPrice == next.maxPrice);
    }

    function _write(Charter storage charter, Limits memory next) private {
        CodeLib.write(charter, next);
        emit EventsLib.LimitsSet(next);
    }

    /* CEILINGS */

    function _requireTimes(Limits memory next, uint256 minCooldown, uint256 maxDeadline) private pure {
        _inside("cooldown", next.cooldown, minCooldown, type(uint32).max);
        _inside("maxDeadline", next.maxDeadline, 1, maxDeadline);
        _inside("maxPriceAge", next.maxPriceAge, 1, MAX_FEED_AGE);
        _inside("maxVolAge", next.maxVolAge, 1, MAX_FEED_AGE);
        _inside("maxCheckAge", next.maxCheckAge, 1, MAX_FEED_AGE);
    }

    function _requireSizes(Limits memory next) private pure {
        _inside("maxSlippageBps", next.maxSlippageBps, 1, MAX_SLIPPAGE_BPS);
        _inside("minTradeBps", next.minTradeBps, 1, BPS);
        _inside("band", next.band, 1, type(uint128).max);
        _inside("maxTradeBase", next.maxTradeBase, 1, type(uint128).max);
        _inside("emergencyTradeBase", next.emergencyTradeBase, 0, next.maxTradeBase);
        _inside("emergencyGap", next.emergencyGap, next.band, type(uint128).max);
    }

    function _requireBudgets(Limits memory next) private pure {
        _inside("turnoverCapPips", next.turnoverCapPips, 1, MAX_TURNOVER_PIPS);
        _inside("turnoverPerDayPips", next.turnoverPerDayPips, 1, MAX_TURNOVER_PIPS);
        _inside("lossCapPips", next.lossCapPips, 1, MAX_LOSS_PIPS);
        _inside("lossPerDayPips", next.lossPerDayPips, 1, MAX_LOSS_PIPS);
        _inside("maxDrawdownBps", next.maxDrawdownBps, 1, MAX_DRAWDOWN_BPS);
    }

    function _requireBounds(Limits memory next) private pure {
        _inside("priceErrorBps", next.priceErrorBps, 1, MAX_PRICE_ERROR_BPS);
        _inside("volErrorBps", next.volErrorBps, 1, MAX_VOL_ERROR_BPS);
        _inside("maxJumpBps", next.maxJumpBps, 1, MAX_JUMP_BPS);
        _inside("minPrice", next.minPrice, 1, MAX_ANSWER);
        _inside(
            "maxPrice",
            next.maxPrice,
            next.minPrice,
            FixedPointMathLib.min(MAX_ANSWER, next.minPrice * MAX_PRICE_RANGE)
        );
        _inside("minVol", next.minVol, 1, next.maxVol);
    }

    /* COMPARISONS */

    function _inside(bytes32 limit, uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert ErrorsLib.LimitOutOfRange(limit, value);
    }

    function _least(bytes32 limit, uint256 old, uint256 next) private pure {
        if (next < old) revert ErrorsLib.NotTighter(limit);
    }

    function _most(bytes32 limit, uint256 old, uint256 next) private pure {
        if (next > old) revert ErrorsLib.NotTighter(limit);
    }

    function _same(bytes32 limit, bool same) private pure {
        if (!same) revert ErrorsLib.NotTighter(limit);
    }
}

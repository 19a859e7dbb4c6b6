// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits, Need} from "../interfaces/IGuarded.sol";
import {Exposure} from "./BookLib.sol";
import {BucketLib, Buckets} from "./BucketLib.sol";
import {BPS, MIN_TRADE_UNITS, PIP, WAD} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {MathLib} from "./MathLib.sol";
import {Market} from "./OracleGate.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What there is to trade with, and what turns token units into WAD.
struct Purse {
    uint256 ownQuote;
    uint256 ownBase;
    uint256 quoteScale;
    uint256 baseScale;
}

/// @notice One hedge: what is asked for, and then what became of it, measured.
/// @param sellBase The side.
/// @param amountIn The most that may be spent, token units.
/// @param minOut The least that must come back, token units.
/// @param spent What left the holder, token units.
/// @param got What came back, token units.
/// @param gapAfter The gap at the price that the hedge is judged by, WAD.
struct Fill {
    bool sellBase;
    uint256 amountIn;
    uint256 minOut;
    uint256 spent;
    uint256 got;
    int256 gapAfter;
}

/// @title HedgeLib
/// @notice The arithmetic of the checks 6, 8 to 10 and 13 to 15.
/// @dev Every comparison is made without dividing what is compared, or rounds against
/// whoever trades.
library HedgeLib {
    using BucketLib for Buckets;
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for int256;
    using MathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /* BEFORE */

    /// @notice Checks 6 and 8: whether a hedge is due and needed at every price that the oracle may have meant, and the
    /// sizes between which it is admissible; or why there is none.
    /// @param readyAt When the cooldown ends; 0: it has ended.
    function weigh(
        Limits memory limits,
        Market memory market,
        Exposure memory exposure,
        Buckets memory buckets,
        Purse memory purse,
        uint256 readyAt
    ) internal pure returns (Need memory admissible) {
        int256 gapNow = gap(exposure, purse, limits.targetDelta);
        bool emergency = gapNow.abs() > limits.emergencyGap + exposure.sway;
        if (readyAt != 0 && !emergency) revert ErrorsLib.CoolingDown(readyAt);
        if (gapNow.abs() <= limits.band + exposure.sway) {
            revert ErrorsLib.InsideBand(gapNow, limits.band, exposure.sway);
        }
        admissible.sellBase = gapNow > 0;
        admissible.emergency = emergency;
        admissible.gap = gapNow;
        admissible.sway = exposure.sway;
        admissible.price = market.price;
        admissible.vol = market.vol;
        admissible.roundId = market.roundId;
        admissible.netValue = netValueDown(exposure, purse, market.price);
        admissible.margin = marginUp(exposure.shortSize, market.price, limits.marginBps, purse.quoteScale);
        _bound(
            admissible, limits, buckets, purse, readyAt == 0 ? limits.maxTradeBase : limits.emergencyTradeBase
        );
    }

    /// @param largest The greatest size that the rules allow now, WAD of base.
    function _bound(
        Need memory admissible,
        Limits memory limits,
        Buckets memory buckets,
        Purse memory purse,
        uint256 largest
    ) private pure {
        uint256 netValue = _netValue(admissible, purse);
        admissible.lossLeft = BucketLib.roomDown(buckets.loss, limits.lossCapPips, netValue);
        admissible.maxSize = admissible.gap.abs().min(largest);
        uint256 wanted = admissible.sellBase
            ? admissible.maxSize / purse.baseScale
            : admissible.maxSize.wMulDown(admissible.price) / purse.quoteScale;
        uint256 available = admissible.sellBase ? purse.ownBase : purse.ownQuote;
        uint256 amount = wanted.min(available);
        if (_isDust(admissible, purse, amount)) revert ErrorsLib.InsufficientInventory(wanted, available);

        uint256 room = BucketLib.roomDown(buckets.turnover, limits.turnoverCapPips, netValue);
        amount = amount.min(
            admissible.sellBase ? room.wDivDown(admissible.price) / purse.baseScale : room / purse.quoteScale
        );
        if (_isDust(admissible, purse, amount)) {
            revert ErrorsLib.TurnoverExceeded(buckets.turnover, limits.turnoverCapPips * PIP);
        }
        admissible.maxAmountIn = amount;
        admissible.minAmountIn = (amount * limits.minTradeBps).divUp(BPS);
    }

    /// @notice The most that may be offered so that no fill that is fair enough brings the loss budget to its alarm: who is
    /// anybody does not stop the vault by hedging it in a pool that is his.
    function bearable(
        Need memory admissible,
        Limits memory limits,
        Buckets memory buckets,
        Purse memory purse
    ) internal pure returns (uint256 amount) {
        uint256 room = BucketLib.quietRoomDown(buckets.loss, limits.lossCapPips, _netValue(admissible, purse));
        // What is given rounds up by a wei.
        uint256 value = room.zeroFloorSub(1) * BPS / FixedPointMathLib.max(limits.maxSlippageBps, 1);
        amount = admissible.maxAmountIn
            .min(
                admissible.sellBase
                    ? value.wDivDown(admissible.price) / purse.baseScale
                    : value / purse.quoteScale
            );
        if (_isDust(admissible, purse, amount)) {
            revert ErrorsLib.LossBudgetExceeded(buckets.loss, BucketLib.alarm(limits.lossCapPips));
        }
    }

    /// @notice Checks 9 and 10: the side that reduces, a size that is neither too large nor dust, and a turnover that
    /// fits into its bucket, for the whole of what may be spent.
    function admit(
        Need memory admissible,
        Limits memory limits,
        Buckets memory buckets,
        Purse memory purse,
        Fill memory fill
    ) internal pure {
        uint256 amountIn = fill.amountIn;
        uint256 size = fill.sellBase
            ? amountIn * purse.baseScale
            : (amountIn * purse.quoteScale * WAD).divUp(admissible.price);
        if (fill.sellBase != admissible.sellBase || amountIn == 0) {
            int256 change = size.toInt256();
            int256 gapAfter = fill.sellBase ? admissible.gap - change : admissible.gap + change;
            revert ErrorsLib.NotRiskReducing(admissible.gap, gapAfter);
        }
        uint256 available = fill.sellBase ? purse.ownBase : purse.ownQuote;
        if (amountIn > available) revert ErrorsLib.InsufficientInventory(amountIn, available);
        if (size > admissible.maxSize) revert ErrorsLib.TradeTooLarge(size, admissible.maxSize);
        if (amountIn < admissible.minAmountIn) {
            revert ErrorsLib.TradeTooSmall(amountIn, admissible.minAmountIn);
        }
        buckets.pourTurnover(
            BucketLib.fractionUp(
                _valueUp(fill.sellBase, amountIn, admissible.price, purse), _netValue(admissible, purse)
            ),
            limits.turnoverCapPips
        );
    }

    /* AFTER */

    /// @notice Checks 13 to 15: a fair fill, a loss that fits into its bucket, and less risk.
    /// @return loss What the hedge cost at the oracle's price, WAD of quote.
    function judge(
        Need memory admissible,
        Limits memory limits,
        Buckets memory buckets,
        Purse memory purse,
        Fill memory fill
    ) internal pure returns (uint256 loss) {
        _requireFair(admissible.price, limits.maxSlippageBps, purse, fill);
        int256 gain = _gain(admissible.price, purse, fill);
        loss = (-gain).max(0).toUint256();
        buckets.pourLoss(BucketLib.fractionUp(loss, _netValue(admissible, purse)), limits.lossCapPips);
        _requireReduced(admissible.gap, fill.gapAfter, limits.band);
        _requireCollateral(admissible, gain.divDown(purse.quoteScale));
    }

    function _requireFair(uint256 price, uint256 maxSlippageBps, Purse memory purse, Fill memory fill)
        private
        pure
    {
        if (fill.spent > fill.amountIn) revert ErrorsLib.SpentTooMuch(fill.spent, fill.amountIn);
        uint256 share = BPS - maxSlippageBps;
        uint256 fairUp = fill.sellBase
            ? (fill.spent * purse.baseScale * price * share).divUp(WAD * BPS * purse.quoteScale)
            : (fill.spent * purse.quoteScale * WAD * share).divUp(price * BPS * purse.baseScale);
        uint256 required = fairUp.max(fill.minOut);
        if (fill.got < required) revert ErrorsLib.SlippageExceeded(fill.got, required);
    }

    /// @dev What was won (or lost, negative) at the oracle's price, WAD of quote. All else that is owned is worth the
    /// same before and after.
    function _gain(uint256 price, Purse memory purse, Fill memory fill) private pure returns (int256) {
        uint256 given = _valueUp(fill.sellBase, fill.spent, price, purse);
        uint256 taken =
            fill.sellBase ? fill.got * purse.quoteScale : (fill.got * purse.baseScale).wMulDown(price);
        return taken.toInt256() - given.toInt256();
    }

    function _requireReduced(int256 gapBefore, int256 gapAfter, uint256 band) private pure {
        if (gapAfter.abs() >= gapBefore.abs()) revert ErrorsLib.NotRiskReducing(gapBefore, gapAfter);
        if ((gapAfter > 0) != (gapBefore > 0) && gapAfter.abs() > band) {
            revert ErrorsLib.Overshoot(gapBefore, gapAfter);
        }
    }

    /// @dev Whoever is below the margin already may still hedge, or nobody could help it.
    function _requireCollateral(Need memory admissible, int256 gainUnits) private pure {
        int256 margin = admissible.margin.toInt256();
        int256 netAfter = admissible.netValue + gainUnits;
        if (admissible.netValue >= margin && netAfter < margin) {
            revert ErrorsLib.CollateralWorse(admissible.netValue, netAfter, admissible.margin);
        }
    }

    /* WHAT IS HELD */

    /// @notice Net delta minus target, WAD of base.
    function gap(Exposure memory exposure, Purse memory purse, int256 targetDelta)
        internal
        pure
        returns (int256)
    {
        return exposure.delta + (purse.ownBase * purse.baseScale).toInt256() - targetDelta;
    }

    /// @notice Value of everything owned and owed, in quote units.
    function netValueDown(Exposure memory exposure, Purse memory purse, uint256 price)
        internal
        pure
        returns (int256)
    {
        int256 baseValue = (purse.ownBase * purse.baseScale).wMulDown(price).toInt256();
        return purse.ownQuote.toInt256() + (baseValue + exposure.value).divDown(purse.quoteScale);
    }

    /// @notice By how much the net value may differ at any price within the error, in quote units: the greatest delta
    /// there times the way (mean value theorem).
    function driftUp(Exposure memory exposure, Purse memory purse, uint256 price, uint256 errorBps)
        internal
        pure
        returns (uint256)
    {
        uint256 greatest = gap(exposure, purse, 0).abs() + exposure.sway;
        return (greatest.wMulUp(price) * errorBps).divUp(BPS * purse.quoteScale);
    }

    /// @notice Margin that short legs require, in quote units.
    function marginUp(uint256 shortSize, uint256 price, uint256 marginBps, uint256 quoteScale)
        internal
        pure
        returns (uint256)
    {
        return (shortSize.wMulUp(price) * marginBps).divUp(BPS * quoteScale);
    }

    /* PARTS */

    /// @dev What an amount of the token spent is worth at the oracle's price, WAD of quote.
    function _valueUp(bool sellBase, uint256 amount, uint256 price, Purse memory purse)
        private
        pure
        returns (uint256)
    {
        return sellBase ? (amount * purse.baseScale).wMulUp(price) : amount * purse.quoteScale;
    }

    /// @dev In WAD of quote, and nothing if there is a debt.
    function _netValue(Need memory admissible, Purse memory purse) private pure returns (uint256) {
        return admissible.netValue.max(0).toUint256() * purse.quoteScale;
    }

    function _isDust(Need memory admissible, Purse memory purse, uint256 amount) private pure returns (bool) {
        uint256 fairOut = admissible.sellBase
            ? (amount * purse.baseScale).wMulDown(admissible.price) / purse.quoteScale
            : (amount * purse.quoteScale).wDivDown(admissible.price) / purse.baseScale;
        return amount < MIN_TRADE_UNITS || fairOut < MIN_TRADE_UNITS;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "../interfaces/IGuarded.sol";
import {BookLib, Exposure} from "./BookLib.sol";
import {CodeLib} from "./CodeLib.sol";
import {BPS} from "./ConstantsLib.sol";
import {HedgeLib, Purse} from "./HedgeLib.sol";
import {Leg} from "./OptionLeg.sol";
import {Feeds, Market, OracleGate} from "./OracleGate.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What all shares together are worth, in quote units.
/// @param good Whether shares may be bought and sold at it: the oracles are good, and no leg waits to be settled.
/// @param price The price it is reckoned at, WAD.
/// @param value At that price, never below zero.
/// @param least At any price and the extreme volatilities within the oracles' errors no less: what those get who leave.
/// @param most At any of these no more: what those pay who come.
struct Worth {
    bool good;
    uint256 price;
    uint256 value;
    uint256 least;
    uint256 most;
}

/// @title GuardLib
/// @notice What the guard goes by: prices let in, and the book measured.
/// @dev Deployed by itself and linked: with the feeds and the normal law inside, a vault would not fit on a chain. One
/// library and not two, because the first call of each in a transaction costs 2,600 gas. Rules and legs are named by where
/// they stand.
library GuardLib {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;

    /// @notice See `OracleGate.judge`: insists on everything, and reverts with the problem as it was found.
    function read(Feeds memory feeds, address charterAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (Market memory)
    {
        return _insist(feeds, CodeLib.rules(charterAt), referencePrice, referenceAt);
    }

    /// @notice The same, and the book measured there, at a price as far off as the rules say that it may be.
    function survey(Feeds memory feeds, address charterAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (Market memory market, Exposure memory exposure)
    {
        Limits memory rules = CodeLib.rules(charterAt);
        market = _insist(feeds, rules, referencePrice, referenceAt);
        exposure = BookLib.measure(CodeLib.legs(charterAt), market.price, market.vol, rules.priceErrorBps);
    }

    /// @notice The last answers, zero where there is no positive one, and whether they would pass `read`.
    function peek(Feeds memory feeds, address charterAt, uint256 referencePrice, uint256 referenceAt)
        external
        view
        returns (bool good, Market memory market)
    {
        bytes memory problem;
        (market, problem) = OracleGate.judge(feeds, CodeLib.rules(charterAt), referencePrice, referenceAt);
        good = problem.length == 0;
    }

    /// @notice What is owned and owed, at the last answers, and by how much that may be off. Does not revert, except for want
    /// of gas: without a price quote alone counts, and without a volatility options at their intrinsic value.
    function appraise(
        Feeds memory feeds,
        address charterAt,
        uint256 referencePrice,
        uint256 referenceAt,
        Purse memory purse
    ) external view returns (Worth memory worth) {
        Limits memory rules = CodeLib.rules(charterAt);
        Leg[] memory legs = CodeLib.legs(charterAt);
        (Market memory market, bytes memory problem) =
            OracleGate.judge(feeds, rules, referencePrice, referenceAt);
        worth.good = problem.length == 0 && !BookLib.hasExpired(legs);
        worth.price = market.price;
        worth.value = worth.least = worth.most = purse.ownQuote;
        if (market.price == 0) return worth;
        (worth.value, worth.least, worth.most) =
            _value(legs, purse, market.price, market.vol, rules.priceErrorBps);
        if (legs.length == 0) return worth;
        uint256 error = market.vol * rules.volErrorBps / BPS;
        _widen(worth, legs, purse, market.vol - error, rules.priceErrorBps);
        _widen(worth, legs, purse, market.vol + error, rules.priceErrorBps);
    }

    function _widen(Worth memory worth, Leg[] memory legs, Purse memory purse, uint256 vol, uint256 errorBps)
        private
        view
    {
        (, uint256 least, uint256 most) = _value(legs, purse, worth.price, vol, errorBps);
        (worth.least, worth.most) = (worth.least.min(least), worth.most.max(most));
    }

    /// @return value At one price and one volatility, never below zero.
    /// @return least At any price within the error no less.
    /// @return most At any price within the error no more.
    function _value(Leg[] memory legs, Purse memory purse, uint256 price, uint256 vol, uint256 errorBps)
        private
        view
        returns (uint256 value, uint256 least, uint256 most)
    {
        Exposure memory exposure = BookLib.measure(legs, price, vol, errorBps);
        value = HedgeLib.netValueDown(exposure, purse, price).max(0).toUint256();
        uint256 drift = HedgeLib.driftUp(exposure, purse, price, errorBps);
        return (value, value.zeroFloorSub(drift), value + drift);
    }

    /// @notice See `OracleGate.distanceBps`.
    function distanceBps(Feeds memory feeds, address charterAt) external view returns (uint256) {
        return OracleGate.distanceBps(feeds, CodeLib.rules(charterAt));
    }

    /// @notice See `BookLib.measure`.
    function measure(address charterAt, uint256 price, uint256 vol, uint256 errorBps)
        external
        view
        returns (Exposure memory)
    {
        return BookLib.measure(CodeLib.legs(charterAt), price, vol, errorBps);
    }

    /// @notice See `BookLib.shortSize`.
    function shortSize(address charterAt) external view returns (uint256) {
        return BookLib.shortSize(CodeLib.legs(charterAt));
    }

    /// @notice What is due in kind for some of all shares: their part of what the legs can never take.
    function inKind(address charterAt, Purse memory purse, uint256 shares, uint256 allShares)
        external
        view
        returns (uint256 quoteUnits, uint256 baseUnits)
    {
        Limits memory rules = CodeLib.rules(charterAt);
        (uint256 quoteKept, uint256 baseKept) = BookLib.worstCase(
            CodeLib.legs(charterAt),
            purse.ownQuote * purse.quoteScale,
            purse.ownBase * purse.baseScale,
            rules.minPrice,
            rules.maxPrice
        );
        quoteUnits =
            purse.ownQuote.zeroFloorSub(quoteKept.divUp(purse.quoteScale)).fullMulDiv(shares, allShares);
        baseUnits = purse.ownBase.zeroFloorSub(baseKept.divUp(purse.baseScale)).fullMulDiv(shares, allShares);
    }

    // slither-disable-next-line assembly
    function _insist(Feeds memory feeds, Limits memory rules, uint256 referencePrice, uint256 referenceAt)
        private
        view
        returns (Market memory)
    {
        (Market memory market, bytes memory problem) =
            OracleGate.judge(feeds, rules, referencePrice, referenceAt);
        if (problem.length == 0) return market;
        assembly ("memory-safe") {
            revert(add(problem, 32), mload(problem))
        }
    }
}

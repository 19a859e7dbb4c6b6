// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {Limits} from "../interfaces/IRiskVault.sol";
import {BPS, FEED_GAS, MAX_ANSWER, SEQUENCER_GRACE} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What a feed says.
/// @param readable Whether it answered at all, in the right shape and with a sane magnitude.
/// @param roundId The round.
/// @param answer The answer, as given.
/// @param value The answer, in WAD.
/// @param startedAt When the round was begun.
/// @param updatedAt When the answer was given.
struct Reading {
    bool readable;
    uint80 roundId;
    int256 answer;
    int256 value;
    uint256 startedAt;
    uint256 updatedAt;
}

/// @notice The feeds of a vault, and what turns their answers into WAD.
/// @param price Price of base in quote.
/// @param vol Volatility of base.
/// @param check A second source of the price, which can veto; zero: none.
/// @param sequencer Whether the rollup's sequencer is up; zero: no rollup.
struct Feeds {
    IAggregatorV3 price;
    IAggregatorV3 vol;
    IAggregatorV3 check;
    IAggregatorV3 sequencer;
    uint256 priceScale;
    uint256 volScale;
    uint256 checkScale;
}

/// @notice What a vault goes by. Zero where nothing positive could be read.
/// @param price Price, WAD.
/// @param vol Volatility, WAD.
/// @param roundId Round of the price.
struct Market {
    uint256 price;
    uint256 vol;
    uint80 roundId;
}

/// @title OracleGate
/// @notice The only door through which prices come in.
/// @dev A feed is always given `FEED_GAS`, so that a caller cannot starve it and have it taken for a broken one: a
/// caller with too little gas is refused.
library OracleGate {
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @dev Words of `latestRoundData`.
    uint256 private constant ROUND_BYTES = 160;

    /// @notice Reads everything and says what is wrong with it: the first error met, encoded, or nothing.
    /// @dev Does not revert, except for want of gas.
    /// @param referencePrice The price of the last hedge, from which this one may differ only so far; 0: none yet.
    /// @param referenceAt When that was.
    function judge(Feeds memory feeds, Limits memory limits, uint256 referencePrice, uint256 referenceAt)
        internal
        view
        returns (Market memory market, bytes memory problem)
    {
        Reading memory price = peek(feeds.price, feeds.priceScale);
        Reading memory vol = peek(feeds.vol, feeds.volScale);
        if (price.value > 0) market.price = price.value.toUint256();
        if (vol.value > 0) market.vol = vol.value.toUint256();
        market.roundId = price.roundId;

        problem = _sequencerProblem(feeds.sequencer);
        if (problem.length != 0) return (market, problem);
        problem = _problem(feeds.price, price, limits.maxPriceAge, limits.minPrice, limits.maxPrice);
        if (problem.length != 0) return (market, problem);
        problem = _jumpProblem(market.price, limits.maxJumpBps, referencePrice, referenceAt);
        if (problem.length != 0) return (market, problem);
        problem = _checkProblem(feeds, limits, market.price);
        if (problem.length != 0) return (market, problem);
        problem = _problem(feeds.vol, vol, limits.maxVolAge, limits.minVol, limits.maxVol);
    }

    /// @notice Whether the second source, in good order itself, contradicts the first.
    /// @return apart The distance in basis points of the first; 0 without a second source.
    function distanceBps(Feeds memory feeds, Limits memory limits) internal view returns (uint256 apart) {
        if (address(feeds.check) == address(0)) return 0;
        Reading memory price = peek(feeds.price, feeds.priceScale);
        Reading memory check = peek(feeds.check, feeds.checkScale);
        bool sound = _problem(feeds.check, check, limits.maxCheckAge, 1, MAX_ANSWER).length == 0;
        if (!sound || price.value <= 0) return 0;
        (uint256 first, uint256 second) = (price.value.toUint256(), check.value.toUint256());
        return FixedPointMathLib.dist(first, second) * BPS / first;
    }

    /// @notice The price of a past round, which must be the first one updated at or after `expiry`, and within the bounds
    /// of the rules as they are now.
    function firstAfter(
        IAggregatorV3 feed,
        uint256 scale,
        uint80 roundId,
        uint256 expiry,
        Limits memory limits
    ) internal view returns (uint256 price) {
        (, int256 answer,, uint256 updatedAt,) = feed.getRoundData(roundId);
        (,,, uint256 previous,) = feed.getRoundData(roundId - 1);
        if (updatedAt < expiry || previous >= expiry || previous == 0) {
            revert ErrorsLib.NotFirstRound(roundId, previous, updatedAt, expiry);
        }
        if (answer <= 0 || answer > (MAX_ANSWER / scale).toInt256()) {
            revert ErrorsLib.BadPrice(address(feed), answer);
        }
        price = answer.toUint256() * scale;
        if (price <= limits.minPrice || price >= limits.maxPrice) {
            revert ErrorsLib.PriceOutOfBounds(address(feed), price, limits.minPrice, limits.maxPrice);
        }
    }

    /// @notice The newest answer of a feed, good or bad.
    /// @param scale 10 to the power of 18 minus the feed's decimals.
    // slither-disable-next-line assembly
    function peek(IAggregatorV3 feed, uint256 scale) internal view returns (Reading memory reading) {
        // A call gets at most 63 parts in 64 of the gas that is left.
        if (gasleft() < FEED_GAS + FEED_GAS / 32) revert ErrorsLib.OracleStarved(address(feed), gasleft());
        bytes4 selector = IAggregatorV3.latestRoundData.selector;
        bool ok;
        (uint256 roundId, int256 answer, uint256 startedAt, uint256 updatedAt) = (0, 0, 0, 0);
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, selector)
            ok := staticcall(FEED_GAS, feed, at, 4, at, ROUND_BYTES)
            ok := and(ok, iszero(lt(returndatasize(), ROUND_BYTES)))
            roundId := mload(at)
            answer := mload(add(at, 32))
            startedAt := mload(add(at, 64))
            updatedAt := mload(add(at, 96))
        }
        if (!ok) return reading;
        int256 greatest = (MAX_ANSWER / scale).toInt256();
        if (answer > greatest || answer < -greatest || roundId > type(uint80).max) return reading;
        return Reading({
            readable: true,
            roundId: roundId.toUint80(),
            answer: answer,
            value: answer * scale.toInt256(),
            startedAt: startedAt,
            updatedAt: updatedAt
        });
    }

    /* PROBLEMS, in the order in which they are looked for */

    /// @dev Zero means up; and an aggregator that was never written to has begun no round.
    function _sequencerProblem(IAggregatorV3 sequencer) private view returns (bytes memory) {
        if (address(sequencer) == address(0)) return "";
        Reading memory status = peek(sequencer, 1);
        if (!status.readable || status.answer != 0 || status.startedAt == 0) {
            return abi.encodeWithSelector(ErrorsLib.SequencerDown.selector);
        }
        uint256 until = status.startedAt + SEQUENCER_GRACE;
        return
            block.timestamp <= until
                ? abi.encodeWithSelector(ErrorsLib.GracePeriod.selector, until)
                : bytes("");
    }

    function _problem(IAggregatorV3 feed, Reading memory reading, uint256 maxAge, uint256 least, uint256 most)
        private
        view
        returns (bytes memory)
    {
        if (!reading.readable) return abi.encodeWithSelector(ErrorsLib.BadPrice.selector, address(feed), 0);
        if (reading.updatedAt > block.timestamp || block.timestamp - reading.updatedAt > maxAge) {
            return
                abi.encodeWithSelector(
                    ErrorsLib.StalePrice.selector, address(feed), reading.updatedAt, maxAge
                );
        }
        if (reading.value <= 0) {
            return abi.encodeWithSelector(ErrorsLib.BadPrice.selector, address(feed), reading.answer);
        }
        uint256 value = reading.value.toUint256();
        // A feed that stops at a bound of its own goes on saying the bound: equality is failure.
        if (value <= least || value >= most) {
            return
                abi.encodeWithSelector(ErrorsLib.PriceOutOfBounds.selector, address(feed), value, least, most);
        }
        return "";
    }

    /// @dev So far at once, and so far again with every hour.
    function _jumpProblem(uint256 price, uint256 bpsPerHour, uint256 referencePrice, uint256 referenceAt)
        private
        view
        returns (bytes memory)
    {
        if (referencePrice == 0) return "";
        uint256 allowed = bpsPerHour + bpsPerHour * (block.timestamp - referenceAt) / 1 hours;
        if (FixedPointMathLib.dist(price, referencePrice) * BPS <= referencePrice * allowed) return "";
        return abi.encodeWithSelector(ErrorsLib.PriceJumped.selector, price, referencePrice, allowed);
    }

    function _checkProblem(Feeds memory feeds, Limits memory limits, uint256 price)
        private
        view
        returns (bytes memory problem)
    {
        if (address(feeds.check) == address(0)) return "";
        Reading memory check = peek(feeds.check, feeds.checkScale);
        problem = _problem(feeds.check, check, limits.maxCheckAge, limits.minPrice, limits.maxPrice);
        if (problem.length != 0) return problem;
        uint256 second = check.value.toUint256();
        uint256 allowed = limits.priceErrorBps;
        if (FixedPointMathLib.dist(price, second) * BPS <= price * allowed) return "";
        return abi.encodeWithSelector(ErrorsLib.PriceDeviation.selector, price, second, allowed);
    }
}

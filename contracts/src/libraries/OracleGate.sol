// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {MAX_ANSWER} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What a feed says.
/// @param readable Whether it answered at all, in the right shape and with a sane magnitude.
/// @param roundId The round.
/// @param answer The answer, as given.
/// @param value The answer, in WAD.
/// @param updatedAt When it was given.
struct Reading {
    bool readable;
    uint80 roundId;
    int256 answer;
    int256 value;
    uint256 updatedAt;
}

/// @title OracleGate
/// @notice The only door through which prices come in: `peek` looks and never reverts, `read` insists.
/// @dev A call that fails for want of gas looks like a broken feed. No path that moves tokens replaces a broken feed
/// by something else, so a caller who starves the oracle achieves a revert.
library OracleGate {
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    /// @dev Words of `latestRoundData`.
    uint16 private constant ROUND_BYTES = 160;

    /// @notice The newest answer of a feed, good or bad.
    /// @param scale 10 to the power of 18 minus the feed's decimals.
    function peek(IAggregatorV3 feed, uint256 scale) internal view returns (Reading memory reading) {
        (bool ok,, bytes memory data) = LibCall.tryStaticCall(
            address(feed), gasleft(), ROUND_BYTES, abi.encodeCall(IAggregatorV3.latestRoundData, ())
        );
        if (!ok || data.length < ROUND_BYTES) return reading;
        (uint256 roundId, int256 answer,, uint256 updatedAt,) =
            abi.decode(data, (uint256, int256, uint256, uint256, uint256));
        int256 greatest = (MAX_ANSWER / scale).toInt256();
        if (answer > greatest || answer < -greatest || roundId > type(uint80).max) return reading;
        return Reading({
            readable: true,
            roundId: roundId.toUint80(),
            answer: answer,
            value: answer * scale.toInt256(),
            updatedAt: updatedAt
        });
    }

    /// @notice Whether an answer is positive and young enough.
    function isGood(Reading memory reading, uint256 maxAge) internal view returns (bool) {
        return _isYoung(reading, maxAge) && reading.value > 0;
    }

    /// @notice The newest answer of a feed, or a revert that says what is wrong with it.
    function read(IAggregatorV3 feed, uint256 scale, uint256 maxAge)
        internal
        view
        returns (uint256 value, uint80 roundId)
    {
        Reading memory reading = peek(feed, scale);
        if (!reading.readable) revert ErrorsLib.BadPrice(address(feed), 0);
        if (!_isYoung(reading, maxAge)) {
            revert ErrorsLib.StalePrice(address(feed), reading.updatedAt, maxAge);
        }
        if (reading.value <= 0) revert ErrorsLib.BadPrice(address(feed), reading.answer);
        return (reading.value.toUint256(), reading.roundId);
    }

    /// @notice The price of a past round, which must be the first one updated at or after `expiry`.
    function readFirstAfter(IAggregatorV3 feed, uint256 scale, uint80 roundId, uint256 expiry)
        internal
        view
        returns (uint256)
    {
        (, int256 answer,, uint256 updatedAt,) = feed.getRoundData(roundId);
        (,,, uint256 previous,) = feed.getRoundData(roundId - 1);
        if (updatedAt < expiry || previous >= expiry || previous == 0) {
            revert ErrorsLib.NotFirstRound(roundId, previous, updatedAt, expiry);
        }
        if (answer <= 0 || answer > (MAX_ANSWER / scale).toInt256()) {
            revert ErrorsLib.BadPrice(address(feed), answer);
        }
        return answer.toUint256() * scale;
    }

    function _isYoung(Reading memory reading, uint256 maxAge) private view returns (bool) {
        return reading.updatedAt <= block.timestamp && block.timestamp - reading.updatedAt <= maxAge;
    }
}

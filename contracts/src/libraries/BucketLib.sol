// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {GRAIN, PIP, WAD} from "./ConstantsLib.sol";
import {ErrorsLib} from "./ErrorsLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What has been used up of the two budgets of a vault, as fractions of its net value (WAD).
/// @param turnover Of the value that may be traded.
/// @param loss Of the value that trading may cost.
struct Buckets {
    uint256 turnover;
    uint256 loss;
}

/// @title BucketLib
/// @notice Leaky buckets: what is poured in leaks out at a constant rate, and the bucket must never run over.
/// @dev Over any time T no more than the capacity and T times the rate can be poured in. Neither the midnight of a
/// calendar day nor the step of a refill doubles it, and a gain never makes room: nothing is ever taken out.
library BucketLib {
    using SafeCastLib for uint256;

    /// @notice A level as it is stored, rounded up. No ceiling of a budget is beyond it, and each is a multiple of it.
    function packUp(uint256 used) internal pure returns (uint32) {
        return FixedPointMathLib.divUp(used, GRAIN).toUint32();
    }

    /// @notice What a stored level stands for.
    function unpack(uint32 stored) internal pure returns (uint256) {
        return stored * GRAIN;
    }

    /// @notice What is left in a bucket after `elapsed` seconds, rounded up.
    function level(uint256 used, uint256 perDayPips, uint256 elapsed) internal pure returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(used, perDayPips * PIP * elapsed / 1 days);
    }

    /// @notice What fits into a bucket, in quote: `room` of a vault of `netValue`.
    function roomDown(uint256 used, uint256 capPips, uint256 netValue) internal pure returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(capPips * PIP, used) * netValue / WAD;
    }

    /// @notice The level of losses above which anybody may stop the vault: four fifths of the capacity.
    function alarm(uint256 capPips) internal pure returns (uint256) {
        return capPips * PIP * 4 / 5;
    }

    /// @notice What may be lost, in quote, without the alarm, however the level is rounded when it is stored.
    function quietRoomDown(uint256 used, uint256 capPips, uint256 netValue) internal pure returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(alarm(capPips), used + GRAIN) * netValue / WAD;
    }

    /// @notice An amount as a fraction of a net value, rounded up. Where there is nothing, no room has let any amount so far.
    function fractionUp(uint256 amount, uint256 netValue) internal pure returns (uint256) {
        return FixedPointMathLib.divUp(amount * WAD, netValue);
    }

    /// @notice Pours into the turnover bucket.
    function pourTurnover(Buckets memory buckets, uint256 fraction, uint256 capPips) internal pure {
        uint256 used = buckets.turnover + fraction;
        if (used > capPips * PIP) revert ErrorsLib.TurnoverExceeded(used, capPips * PIP);
        buckets.turnover = used;
    }

    /// @notice Pours into the loss bucket. What costs nothing is let through even where rules have been tightened below
    /// what is used up.
    function pourLoss(Buckets memory buckets, uint256 fraction, uint256 capPips) internal pure {
        if (fraction == 0) return;
        uint256 used = buckets.loss + fraction;
        if (used > capPips * PIP) revert ErrorsLib.LossBudgetExceeded(used, capPips * PIP);
        buckets.loss = used;
    }
}

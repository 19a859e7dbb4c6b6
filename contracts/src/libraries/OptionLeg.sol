// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Terms} from "../interfaces/IRiskVault.sol";
import {BlackScholes} from "./BlackScholes.sol";
import {MathLib} from "./MathLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice One option in one word, from the most significant bit:
///   8 flags (bit 0: call) · 56 strike (8 decimals) · 32 expiry · 72 logarithm of the strike (signed WAD)
///   · 88 size (signed WAD; negative: the vault is short)
type Leg is uint256;

using OptionLeg for Leg global;

/// @title OptionLeg
/// @notice Packing, reading and paying of legs.
/// @dev The logarithm is stored because it costs a third of a delta to compute and never changes.
library OptionLeg {
    using MathLib for uint256;
    using SafeCastLib for uint256;

    /// @dev From the strike's 8 decimals to WAD.
    uint256 private constant STRIKE_SCALE = 1e10;

    /// @notice Packs agreed terms. The strike must not be zero.
    function pack(Terms memory terms) internal pure returns (Leg) {
        int256 logarithm = FixedPointMathLib.lnWad((uint256(terms.strike) * STRIKE_SCALE).toInt256());
        // The logarithm of a positive 56-bit number of 8 decimals lies between -18.5 and 20.5.
        // forge-lint: disable-next-item(unsafe-typecast)
        return Leg.wrap(
            (terms.isCall ? uint256(1) << 248 : 0) | uint256(terms.strike) << 192 | uint256(terms.expiry)
                << 160 | uint256(uint72(int72(logarithm))) << 88 | uint256(uint88(terms.size))
        );
    }

    /// @notice True: call. False: put.
    function isCall(Leg leg) internal pure returns (bool) {
        return Leg.unwrap(leg) >> 248 & 1 == 1;
    }

    /// @notice Strike, WAD.
    function strike(Leg leg) internal pure returns (uint256) {
        unchecked {
            return uint256(uint56(Leg.unwrap(leg) >> 192)) * STRIKE_SCALE;
        }
    }

    /// @notice Timestamp of expiry.
    function expiry(Leg leg) internal pure returns (uint256) {
        return uint32(Leg.unwrap(leg) >> 160);
    }

    /// @notice Logarithm of the strike, WAD.
    function lnStrike(Leg leg) internal pure returns (int256) {
        return int72(uint72(Leg.unwrap(leg) >> 88));
    }

    /// @notice Size, WAD; negative: the vault is short.
    function size(Leg leg) internal pure returns (int256) {
        return int88(uint88(Leg.unwrap(leg)));
    }

    /// @notice Size without its sign, WAD.
    function absSize(Leg leg) internal pure returns (uint256) {
        return FixedPointMathLib.abs(size(leg));
    }

    /// @notice What the leg pays its holder at a final price, in WAD of quote.
    function payoffDown(Leg leg, uint256 price) internal pure returns (uint256) {
        return absSize(leg).wMulDown(BlackScholes.intrinsic(isCall(leg), price, strike(leg)));
    }

    /// @notice The most the leg can ever pay: a put in WAD of quote, a call in WAD of base.
    function fullCollateralUp(Leg leg) internal pure returns (uint256) {
        return isCall(leg) ? absSize(leg) : absSize(leg).wMulUp(strike(leg));
    }
}

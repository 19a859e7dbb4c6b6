// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {WAD, WAD_SIGNED, YEAR} from "./ConstantsLib.sol";
import {NormalCdf} from "./NormalCdf.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title BlackScholes
/// @notice Price and delta of a European option for a rate of zero, in WAD.
/// @dev Prices and delta are within 1e-12 of the spot of the exact value for spot/strike in [0.2, 5], one minute to
/// two years, volatility 5 % to 300 %; see test/golden. An option without time or without volatility is worth its
/// intrinsic value; its delta is a step, one half at the strike.
library BlackScholes {
    using SafeCastLib for uint256;

    /// @notice Volatility times the root of time: the standard deviation of the logarithm of the price at expiry.
    function deviation(uint256 vol, uint256 secondsLeft) internal pure returns (uint256) {
        return vol * FixedPointMathLib.sqrt(secondsLeft * WAD * WAD / YEAR) / WAD;
    }

    /// @notice Derivative of the price by the spot.
    /// @param isCall True: call. False: put.
    /// @param lnMoneyness Logarithm of spot over strike.
    /// @param dev See `deviation`.
    function delta(bool isCall, int256 lnMoneyness, uint256 dev) internal pure returns (int256) {
        int256 callDelta = NormalCdf.cdf(_d1(lnMoneyness, dev)).toInt256();
        return isCall ? callDelta : callDelta - WAD_SIGNED;
    }

    /// @notice Price of an option on one unit of base.
    function price(bool isCall, uint256 spot, uint256 strike, int256 lnMoneyness, uint256 dev)
        internal
        pure
        returns (uint256)
    {
        int256 sign = isCall ? int256(1) : int256(-1);
        int256 d1 = _d1(lnMoneyness, dev);
        uint256 spotPart = spot * NormalCdf.cdf(sign * d1) / WAD;
        uint256 strikePart = strike * NormalCdf.cdf(sign * (d1 - dev.toInt256())) / WAD;
        uint256 model = isCall
            ? FixedPointMathLib.zeroFloorSub(spotPart, strikePart)
            : FixedPointMathLib.zeroFloorSub(strikePart, spotPart);
        return FixedPointMathLib.max(model, intrinsic(isCall, spot, strike));
    }

    /// @notice What an option on one unit of base pays if it ends at `spot`.
    function intrinsic(bool isCall, uint256 spot, uint256 strike) internal pure returns (uint256) {
        return
            isCall
                ? FixedPointMathLib.zeroFloorSub(spot, strike)
                : FixedPointMathLib.zeroFloorSub(strike, spot);
    }

    /// @dev Without deviation the moneyness decides alone: the quotient runs to plus or minus infinity, or is zero.
    function _d1(int256 lnMoneyness, uint256 dev) private pure returns (int256) {
        if (dev == 0) return lnMoneyness * WAD_SIGNED * WAD_SIGNED;
        return lnMoneyness * WAD_SIGNED / dev.toInt256() + (dev / 2).toInt256();
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {WAD, WAD_SIGNED, YEAR} from "./ConstantsLib.sol";
import {NormalCdf} from "./NormalCdf.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title BlackScholes
/// @notice Price and delta of a European option for a rate of zero, in WAD.
/// @dev Prices and delta are within 1e-12 of the spot of the exact value for spot/strike in [0.2, 5], one minute to
/// two years, volatility 5 % to 300 %; see test/golden. Unchecked: prices and volatilities are below 2^128, a logarithm's
/// size below 100 and its error below one, so that no term reaches 1e75. An option without time or without volatility is worth its
/// intrinsic value; its delta is a step, one half at the strike.
library BlackScholes {
    /// @dev Half of the greatest slope of the normal density, exp(-1/2) / sqrt(2 pi), rounded up.
    uint256 private constant HALF_MAX_CURVATURE = 0.12098536225957168e18;

    /// @dev The normal law beyond six deviations, rounded up.
    uint256 private constant NEGLIGIBLE = 1e9;

    /// @notice Volatility times the root of time: the standard deviation of the logarithm of the price at expiry.
    function deviation(uint256 vol, uint256 secondsLeft) internal pure returns (uint256) {
        return vol * FixedPointMathLib.sqrt(secondsLeft * WAD * WAD / YEAR) / WAD;
    }

    /// @notice Everything about an option on one unit of base that a hedge asks for.
    /// @param isCall True: call. False: put.
    /// @param spot Price of base.
    /// @param strike Strike.
    /// @param lnMoneyness Logarithm of spot over strike.
    /// @param dev See `deviation`.
    /// @param lnError How far the logarithm of the spot may be off.
    /// @return price What it is worth.
    /// @return delta Derivative of the price by the spot.
    /// @return sway The most by which delta may differ at any spot within the error.
    function measure(
        bool isCall,
        uint256 spot,
        uint256 strike,
        int256 lnMoneyness,
        uint256 dev,
        uint256 lnError
    ) internal pure returns (uint256 price, int256 delta, uint256 sway) {
        unchecked {
            int256 d1 = _d1(lnMoneyness, dev);
            uint256 z = FixedPointMathLib.abs(d1);
            uint256 bell = NormalCdf.bell(z);
            uint256 absDelta = bell * NormalCdf.tail(z) / WAD;
            if ((d1 > 0) == isCall) absDelta = WAD - absDelta;
            // At most one.
            // forge-lint: disable-next-item(unsafe-typecast)
            delta = isCall ? int256(absDelta) : -int256(absDelta);
            // Far below 2^255.
            // forge-lint: disable-next-item(unsafe-typecast)
            price = _price(isCall, spot, strike, d1 - int256(dev), bell, absDelta);
            sway = _sway(z, bell, dev, lnError);
        }
    }

    /// @notice What an option on one unit of base pays if it ends at `spot`.
    function intrinsic(bool isCall, uint256 spot, uint256 strike) internal pure returns (uint256) {
        return
            isCall
                ? FixedPointMathLib.zeroFloorSub(spot, strike)
                : FixedPointMathLib.zeroFloorSub(strike, spot);
    }

    /// @dev The bell curve at d2 is to that at d1 as the spot to the strike: one exponential serves both.
    function _price(bool isCall, uint256 spot, uint256 strike, int256 d2, uint256 bell, uint256 absDelta)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 spotPart = spot * absDelta / WAD;
            // Both are WAD: what the first division cuts off is less than 1e-18 of a price, and the product may not overflow.
            // slither-disable-next-line divide-before-multiply
            uint256 strikePart = spot * bell / WAD * NormalCdf.tail(FixedPointMathLib.abs(d2)) / WAD;
            if ((d2 > 0) == isCall) strikePart = FixedPointMathLib.zeroFloorSub(strike, strikePart);
            uint256 model = isCall
                ? FixedPointMathLib.zeroFloorSub(spotPart, strikePart)
                : FixedPointMathLib.zeroFloorSub(strikePart, spotPart);
            return FixedPointMathLib.max(model, intrinsic(isCall, spot, strike));
        }
    }

    /// @dev Delta as a function of the logarithm of the spot is a normal law of width `dev`: its slope here is known,
    /// and its curvature nowhere exceeds that of the law at one deviation. So this holds at every price in between,
    /// which looking at the two ends would not show for a book. Nor does delta ever move by more than one; nor, six
    /// deviations away from where it moves, by anything that counts.
    function _sway(uint256 z, uint256 bell, uint256 dev, uint256 lnError) private pure returns (uint256) {
        unchecked {
            if (dev == 0) return lnError * WAD * WAD < z ? 0 : WAD;
            uint256 steps = lnError * WAD / dev;
            if (z > steps + 6 * WAD) return NEGLIGIBLE;
            // The rounding of the square is far below what is added for it.
            // slither-disable-next-line divide-before-multiply
            uint256 bound =
                steps * bell / NormalCdf.ROOT_TWO_PI + steps * steps / WAD * HALF_MAX_CURVATURE / WAD + 1;
            return FixedPointMathLib.min(bound, WAD);
        }
    }

    /// @dev Without deviation the moneyness decides alone: the quotient runs to plus or minus infinity, or is zero.
    function _d1(int256 lnMoneyness, uint256 dev) private pure returns (int256) {
        unchecked {
            if (dev == 0) return lnMoneyness * WAD_SIGNED * WAD_SIGNED;
            // Far below 2^255.
            // forge-lint: disable-next-item(unsafe-typecast)
            return lnMoneyness * WAD_SIGNED / int256(dev) + int256(dev / 2);
        }
    }
}

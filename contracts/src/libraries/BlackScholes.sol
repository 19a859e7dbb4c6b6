// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {WAD, WAD_SIGNED, YEAR} from "./ConstantsLib.sol";
import {NormalCdf} from "./NormalCdf.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice How wide the law of a price at expiry is, and how far a price in error lies off in it.
/// @param dev Volatility times the root of time: the standard deviation of the logarithm of the price.
/// @param steps The error of that logarithm, in deviations.
/// @param bend What the curvature of the law adds to a change of delta over these steps, at most.
struct Width {
    uint256 dev;
    uint256 steps;
    uint256 bend;
}

/// @title BlackScholes
/// @notice Price and delta of a European option for a rate of zero, in WAD.
/// @dev Prices and delta are within 1e-12 of the spot of the exact value for spot/strike in [0.2, 5], one minute to
/// two years, volatility 5 % to 300 %; see test/golden. Unchecked: prices and volatilities are below 2^128, a logarithm's
/// size below 100 and its error below one, so that no term reaches 1e75. An option without time or without volatility is worth its
/// intrinsic value; its delta is a step, one half at the strike.
library BlackScholes {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Half of the greatest slope of the normal density, exp(-1/2) / sqrt(2 pi), rounded up.
    uint256 private constant HALF_MAX_CURVATURE = 0.12098536225957168e18;

    /// @dev The normal law beyond six deviations, rounded up.
    uint256 private constant NEGLIGIBLE = 1e9;

    /// @notice What all options of one expiry share.
    /// @param lnError How far the logarithm of the spot may be off.
    function width(uint256 vol, uint256 secondsLeft, uint256 lnError)
        internal
        pure
        returns (Width memory wide)
    {
        unchecked {
            uint256 dev = vol * (secondsLeft * WAD * WAD / YEAR).sqrt() / WAD;
            uint256 steps = dev == 0 ? lnError : lnError * WAD / dev;
            // The rounding of the square is far below what is added for it.
            // slither-disable-next-line divide-before-multiply
            return Width({dev: dev, steps: steps, bend: steps * steps / WAD * HALF_MAX_CURVATURE / WAD + 1});
        }
    }

    /// @notice Everything about an option on one unit of base that a hedge asks for.
    /// @param isCall True: call. False: put.
    /// @param spot Price of base.
    /// @param strike Strike.
    /// @param lnMoneyness Logarithm of spot over strike.
    /// @param wide See `width`.
    /// @return price What it is worth.
    /// @return delta Derivative of the price by the spot.
    /// @return sway The most by which delta may differ at any spot within the error.
    /// @dev Measures the call. A put is a call without the base and with the strike.
    function measure(bool isCall, uint256 spot, uint256 strike, int256 lnMoneyness, Width memory wide)
        internal
        pure
        returns (uint256 price, int256 delta, uint256 sway)
    {
        unchecked {
            uint256 dev = wide.dev;
            if (dev == 0) {
                (delta, sway) = _step(lnMoneyness, wide.steps);
                price = spot.zeroFloorSub(strike);
            } else {
                // Far below 2^255.
                // forge-lint: disable-next-item(unsafe-typecast)
                int256 d1 = lnMoneyness.rawSDivWad(int256(dev)) + int256(dev / 2);
                uint256 z = d1.abs();
                uint256 bell = NormalCdf.bell(z);
                uint256 likely = NormalCdf.tail(bell, z);
                if (d1 > 0) likely = WAD - likely;
                // At most one; and far below 2^255.
                // forge-lint: disable-next-item(unsafe-typecast)
                (price, delta) = (_call(spot, strike, d1 - int256(dev), bell, likely), int256(likely));
                sway = _sway(z, bell, wide);
            }
            // A call is worth no less than the spot exceeds the strike by.
            if (!isCall) (price, delta) = (price + strike - spot, delta - WAD_SIGNED);
        }
    }

    /// @notice What an option on one unit of base pays if it ends at `spot`.
    function intrinsic(bool isCall, uint256 spot, uint256 strike) internal pure returns (uint256) {
        return isCall ? spot.zeroFloorSub(strike) : strike.zeroFloorSub(spot);
    }

    /// @dev Without deviation the moneyness decides alone.
    function _step(int256 lnMoneyness, uint256 lnError) private pure returns (int256 delta, uint256 sway) {
        delta = lnMoneyness > 0 ? WAD_SIGNED : lnMoneyness == 0 ? WAD_SIGNED / 2 : int256(0);
        sway = lnMoneyness.abs() > lnError ? 0 : WAD;
    }

    /// @dev The bell curve at d2 is to that at d1 as the spot to the strike: one exponential serves both.
    function _call(uint256 spot, uint256 strike, int256 d2, uint256 bell, uint256 likely)
        private
        pure
        returns (uint256)
    {
        unchecked {
            // Both are WAD: what the division cuts off is less than 1e-18 of a price, and the product may not overflow.
            uint256 strikePart = NormalCdf.tail(spot * bell / WAD, d2.abs());
            if (d2 > 0) strikePart = strike.zeroFloorSub(strikePart);
            return (spot * likely / WAD).zeroFloorSub(strikePart).max(spot.zeroFloorSub(strike));
        }
    }

    /// @dev Delta as a function of the logarithm of the spot is a normal law of width `dev`: its slope here is known,
    /// and its curvature nowhere exceeds that of the law at one deviation. So this holds at every price in between,
    /// which looking at the two ends would not show for a book. Nor does delta ever move by more than one; nor, six
    /// deviations away from where it moves, by anything that counts.
    function _sway(uint256 z, uint256 bell, Width memory wide) private pure returns (uint256) {
        unchecked {
            uint256 steps = wide.steps;
            if (z > steps + 6 * WAD) return NEGLIGIBLE;
            return (steps * bell / NormalCdf.ROOT_TWO_PI + wide.bend).min(WAD);
        }
    }
}

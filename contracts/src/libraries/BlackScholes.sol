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
        int256 d1 = _d1(lnMoneyness, dev);
        (uint256 above, uint256 density) = NormalCdf.law(d1);
        delta = isCall ? above.toInt256() : above.toInt256() - WAD_SIGNED;
        price = _price(isCall, spot, strike, d1, FixedPointMathLib.abs(delta), dev);
        sway = _sway(d1, density, dev, lnError);
    }

    /// @notice What an option on one unit of base pays if it ends at `spot`.
    function intrinsic(bool isCall, uint256 spot, uint256 strike) internal pure returns (uint256) {
        return
            isCall
                ? FixedPointMathLib.zeroFloorSub(spot, strike)
                : FixedPointMathLib.zeroFloorSub(strike, spot);
    }

    function _price(bool isCall, uint256 spot, uint256 strike, int256 d1, uint256 absDelta, uint256 dev)
        private
        pure
        returns (uint256)
    {
        int256 d2 = d1 - dev.toInt256();
        uint256 spotPart = spot * absDelta / WAD;
        uint256 strikePart = strike * NormalCdf.cdf(isCall ? d2 : -d2) / WAD;
        uint256 model = isCall
            ? FixedPointMathLib.zeroFloorSub(spotPart, strikePart)
            : FixedPointMathLib.zeroFloorSub(strikePart, spotPart);
        return FixedPointMathLib.max(model, intrinsic(isCall, spot, strike));
    }

    /// @dev Delta as a function of the logarithm of the spot is a normal law of width `dev`: its slope here is known,
    /// and its curvature nowhere exceeds that of the law at one deviation. So this holds at every price in between,
    /// which looking at the two ends would not show for a book. Nor does delta ever move by more than one; nor, six
    /// deviations away from where it moves, by anything that counts.
    function _sway(int256 d1, uint256 density, uint256 dev, uint256 lnError) private pure returns (uint256) {
        if (dev == 0) return lnError * WAD * WAD < FixedPointMathLib.abs(d1) ? 0 : WAD;
        uint256 steps = lnError * WAD / dev;
        if (FixedPointMathLib.abs(d1) > steps + 6 * WAD) return NEGLIGIBLE;
        // The rounding of the square is far below what is added for it.
        // slither-disable-next-line divide-before-multiply
        uint256 bound = steps * density / WAD + steps * steps / WAD * HALF_MAX_CURVATURE / WAD + 1;
        return FixedPointMathLib.min(bound, WAD);
    }

    /// @dev Without deviation the moneyness decides alone: the quotient runs to plus or minus infinity, or is zero.
    function _d1(int256 lnMoneyness, uint256 dev) private pure returns (int256) {
        if (dev == 0) return lnMoneyness * WAD_SIGNED * WAD_SIGNED;
        return lnMoneyness * WAD_SIGNED / dev.toInt256() + (dev / 2).toInt256();
    }
}

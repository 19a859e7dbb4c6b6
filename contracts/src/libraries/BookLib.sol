// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {BlackScholes, Width} from "./BlackScholes.sol";
import {BPS, WAD, WAD_SIGNED} from "./ConstantsLib.sol";
import {MathLib} from "./MathLib.sol";
import {Leg} from "./OptionLeg.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @notice What a book of options is worth and how it leans, at one price, one volatility and one time.
/// @param value Value to the vault, WAD of quote, rounded against the vault.
/// @param delta Delta, WAD of base.
/// @param sway The most by which delta may differ at any price within the error that was asked about.
/// @param shortSize Base underlying the short legs, WAD.
struct Exposure {
    int256 value;
    int256 delta;
    uint256 sway;
    uint256 shortSize;
}

/// @title BookLib
/// @notice Sums over a book of legs, and books of one leg more or less.
/// @dev The logarithm of the spot is taken once, and what an expiry decides once per run of equal ones.
library BookLib {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using MathLib for int256;
    using MathLib for uint256;
    using SafeCastLib for uint256;

    /* SUMS */

    /// @notice The whole book at a price that may be off by `errorBps` in either direction.
    function measure(Leg[] memory legs, uint256 price, uint256 vol, uint256 errorBps)
        internal
        view
        returns (Exposure memory sum)
    {
        if (legs.length == 0) return sum;
        (price, vol) = (price.toUint128(), vol.toUint128());
        int256 lnPrice = FixedPointMathLib.lnWad(price.toInt256());
        // The logarithm of 1 / (1 - e) is at most e / (1 - e), and that of 1 + e is less.
        uint256 lnError = FixedPointMathLib.divUp(errorBps * WAD, BPS - errorBps);
        uint256 expiry = legs[0].expiry();
        Width memory wide = _width(vol, expiry, lnError);
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg leg = _at(legs, i);
            if (leg.expiry() != expiry) {
                expiry = leg.expiry();
                wide = _width(vol, expiry, lnError);
            }
            _add(sum, leg, price, lnPrice, wide);
        }
        sum.value = sum.value.divDown(WAD);
        sum.delta /= WAD_SIGNED;
        sum.sway = sum.sway.divUp(WAD);
        sum.shortSize /= 2;
    }

    /// @notice Base underlying all short legs, WAD.
    function shortSize(Leg[] memory legs) internal pure returns (uint256 sum) {
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].size() < 0) sum += legs[i].absSize();
        }
    }

    /// @notice Whether a leg has expired and is not settled yet: what it is worth was decided then, and is not known here.
    function hasExpired(Leg[] memory legs) internal view returns (bool) {
        for (uint256 i = 0; i < legs.length; ++i) {
            if (legs[i].expiry() <= block.timestamp) return true;
        }
        return false;
    }

    /// @notice What the short legs may cost at the very most, in kind and without any oracle: of a put its strike, of a
    /// call its base, and for what base does not cover, the difference to a price that is taken for impossible. So much in
    /// quote for an expired call too: what is owed for it no longer falls when base does. What quote does not suffice for is
    /// held back in base, at another such price.
    /// @param ownQuote The quote that there is, WAD.
    /// @param ownBase The base that may cover calls, WAD.
    /// @param leastPrice The one price, WAD.
    /// @param greatestPrice The other, WAD.
    /// @return quoteUp To be held back in quote, WAD.
    /// @return baseUp To be held back in base, WAD. Both may be more than there is.
    function worstCase(
        Leg[] memory legs,
        uint256 ownQuote,
        uint256 ownBase,
        uint256 leastPrice,
        uint256 greatestPrice
    ) internal view returns (uint256 quoteUp, uint256 baseUp) {
        uint256 lowest = greatestPrice;
        for (uint256 i = 0; i < legs.length; ++i) {
            Leg leg = legs[i];
            if (leg.size() >= 0) continue;
            if (leg.isCall() && leg.expiry() <= block.timestamp) {
                quoteUp += leg.absSize().wMulUp(FixedPointMathLib.zeroFloorSub(greatestPrice, leg.strike()));
            } else if (leg.isCall()) {
                baseUp += leg.absSize();
                lowest = FixedPointMathLib.min(lowest, leg.strike());
            } else {
                quoteUp += leg.fullCollateralUp();
            }
        }
        uint256 uncovered = FixedPointMathLib.zeroFloorSub(baseUp, ownBase);
        baseUp -= uncovered;
        quoteUp += uncovered.wMulUp(greatestPrice - lowest);
        baseUp += (FixedPointMathLib.zeroFloorSub(quoteUp, ownQuote) * WAD).divUp(leastPrice);
    }

    /// @dev Sums of products, not yet divided, and twice the short size: size less its sign, less size, is that or nothing.
    /// Unchecked: a size is below 2^87, a price of a unit below 2^128, and a logarithm below 100.
    function _add(Exposure memory sum, Leg leg, uint256 price, int256 lnPrice, Width memory wide)
        private
        pure
    {
        unchecked {
            (uint256 unitPrice, int256 unitDelta, uint256 unitSway) =
                BlackScholes.measure(leg.isCall(), price, leg.strike(), lnPrice - leg.lnStrike(), wide);
            int256 size = leg.size();
            uint256 absSize = size.abs();
            // forge-lint: disable-next-item(unsafe-typecast)
            sum.value += size * int256(unitPrice);
            sum.delta += size * unitDelta;
            sum.sway += absSize * unitSway;
            // forge-lint: disable-next-item(unsafe-typecast)
            sum.shortSize += absSize - uint256(size);
        }
    }

    /// @dev Without a look whether there is such a leg: who asks has looked.
    // slither-disable-next-line assembly
    function _at(Leg[] memory legs, uint256 index) private pure returns (Leg leg) {
        assembly ("memory-safe") {
            leg := mload(add(add(legs, 32), shl(5, index)))
        }
    }

    function _width(uint256 vol, uint256 expiry, uint256 lnError) private view returns (Width memory) {
        return BlackScholes.width(vol, expiry.zeroFloorSub(block.timestamp), lnError);
    }

    /* ONE MORE, ONE LESS */

    /// @notice The same legs, and another.
    function with(Leg[] memory legs, Leg leg) internal pure returns (Leg[] memory more) {
        more = new Leg[](legs.length + 1);
        for (uint256 i = 0; i < legs.length; ++i) {
            more[i] = legs[i];
        }
        more[legs.length] = leg;
    }

    /// @notice The same legs without one, whose place the last one takes.
    function without(Leg[] memory legs, uint256 index) internal pure returns (Leg[] memory fewer) {
        uint256 last = legs.length - 1;
        fewer = new Leg[](last);
        for (uint256 i = 0; i < last; ++i) {
            fewer[i] = legs[i == index ? last : i];
        }
    }
}

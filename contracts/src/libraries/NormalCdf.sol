// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {WAD} from "./ConstantsLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title NormalCdf
/// @notice The standard normal law, in WAD: its bell curve, and its tail as a part of that. Apart, because the two tails
/// that an option asks for share one bell, and the bell is the dearer part.
/// @dev Rational approximation of Hart (Computer Approximations, 1968, algorithm 5666) with the continued fraction
/// for the far tail, in the form and with the coefficients of G. West, "Better approximations to cumulative normal
/// functions" (2005). Absolute error about 1e-15; see test/golden.
///
/// Numerator and denominator are two polynomials of one variable, and are summed in one word: the denominator in its upper
/// half, the numerator in its lower. One multiplication serves both. Coefficients are times 1e16, at which each is whole.
library NormalCdf {
    /// @dev Where the rational approximation hands over to the continued fraction: 5 times the root of 2.
    uint256 private constant FAR = 7.071067811865475e18;

    /// @dev Where the tail is less than half of the last digit.
    uint256 private constant GONE = 9.1e18;

    /// @dev Root of 2 pi.
    uint256 internal constant ROOT_TWO_PI = 2.506628274631000502e18;

    /// @dev What a sum is shifted by after a multiplication: below `FAR`, the variable is below 2^57 in units of 2^-54, and
    /// what is multiplied by it below 2^71 in each half.
    uint256 private constant SHIFT = 54;

    /// @dev What a half can hold after that: below 2^74.
    uint256 private constant LOWER = 2 ** 74 - 1;

    /// @dev Clears what a shift drops out of the upper half into the lower.
    uint256 private constant HALVES = LOWER << 128 | LOWER;

    /// @notice The bell curve at `z` >= 0: the density, times the root of 2 pi. Nothing where no digit of it is left.
    function bell(uint256 z) internal pure returns (uint256) {
        if (z > GONE) return 0;
        unchecked {
            // The exponent is above -42 and the exponential not negative.
            // forge-lint: disable-next-item(unsafe-typecast)
            return uint256(FixedPointMathLib.expWad(-int256(z * z / (2 * WAD))));
        }
    }

    /// @notice The probability of exceeding `z` >= 0, where the bell curve there is given in whatever unit.
    /// @dev Unchecked: a bell is below 2^128, a numerator below 2^70, and no term of the fraction reaches 1e60.
    function tail(uint256 bellAtZ, uint256 z) internal pure returns (uint256) {
        unchecked {
            if (z >= FAR) return bellAtZ * WAD / _fraction(z);
            uint256 sums = _polynomials((z << SHIFT) / WAD);
            // Not zero: the denominator has no negative coefficient.
            return FixedPointMathLib.rawDiv(bellAtZ * (sums & LOWER), sums >> 128);
        }
    }

    /// @dev Denominator in the upper half, numerator in the lower.
    function _polynomials(uint256 z) private pure returns (uint256 sums) {
        unchecked {
            sums = 0.0883883476483184e16 << 128;
            sums = (sums * z >> SHIFT & HALVES) + (1.75566716318264e16 << 128 | 0.0352624965998911e16);
            sums = (sums * z >> SHIFT & HALVES) + (16.064177579207e16 << 128 | 0.700383064443688e16);
            sums = (sums * z >> SHIFT & HALVES) + (86.7807322029461e16 << 128 | 6.37396220353165e16);
            sums = (sums * z >> SHIFT & HALVES) + (296.564248779674e16 << 128 | 33.912866078383e16);
            sums = (sums * z >> SHIFT & HALVES) + (637.333633378831e16 << 128 | 112.079291497871e16);
            sums = (sums * z >> SHIFT & HALVES) + (793.826512519948e16 << 128 | 221.213596169931e16);
            sums = (sums * z >> SHIFT & HALVES) + (440.413735824752e16 << 128 | 220.206867912376e16);
        }
    }

    /// @dev Mills' ratio inverted, times the root of 2 pi: z + 1/(z + 2/(z + 3/(z + 4/(z + 0.65)))).
    function _fraction(uint256 z) private pure returns (uint256 sum) {
        unchecked {
            sum = z + 0.65e18;
            sum = z + 4 * WAD * WAD / sum;
            sum = z + 3 * WAD * WAD / sum;
            sum = z + 2 * WAD * WAD / sum;
            sum = z + WAD * WAD / sum;
            sum = sum * ROOT_TWO_PI / WAD;
        }
    }
}

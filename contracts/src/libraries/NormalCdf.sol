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
library NormalCdf {
    /// @dev Where the rational approximation hands over to the continued fraction: 5 times the root of 2.
    uint256 private constant FAR = 7.071067811865475e18;

    /// @dev Where the tail is less than half of the last digit.
    uint256 private constant GONE = 9.1e18;

    /// @dev Root of 2 pi.
    uint256 internal constant ROOT_TWO_PI = 2.506628274631000502e18;

    /// @notice The bell curve at `z` >= 0: the density, times the root of 2 pi. Nothing where no digit of it is left.
    function bell(uint256 z) internal pure returns (uint256) {
        if (z > GONE) return 0;
        unchecked {
            // The exponent is above -42 and the exponential not negative.
            // forge-lint: disable-next-item(unsafe-typecast)
            return uint256(FixedPointMathLib.expWad(-int256(z * z / (2 * WAD))));
        }
    }

    /// @notice The probability of exceeding `z` >= 0, in units of the bell curve there.
    /// @dev Unchecked: below the limit no term reaches 1e42, and above it none overflows before 1e50.
    function tail(uint256 z) internal pure returns (uint256) {
        unchecked {
            if (z >= FAR) return WAD * WAD / _fraction(z);
            z = (z << 64) / WAD;
            return _numerator(z) * WAD / _denominator(z);
        }
    }

    /// @dev Here and below, `z` in units of 2^-64: to shift is cheaper than to divide.
    function _numerator(uint256 z) private pure returns (uint256 sum) {
        unchecked {
            sum = 0.0352624965998911e18;
            sum = (sum * z >> 64) + 0.700383064443688e18;
            sum = (sum * z >> 64) + 6.37396220353165e18;
            sum = (sum * z >> 64) + 33.912866078383e18;
            sum = (sum * z >> 64) + 112.079291497871e18;
            sum = (sum * z >> 64) + 221.213596169931e18;
            sum = (sum * z >> 64) + 220.206867912376e18;
        }
    }

    function _denominator(uint256 z) private pure returns (uint256 sum) {
        unchecked {
            sum = 0.0883883476483184e18;
            sum = (sum * z >> 64) + 1.75566716318264e18;
            sum = (sum * z >> 64) + 16.064177579207e18;
            sum = (sum * z >> 64) + 86.7807322029461e18;
            sum = (sum * z >> 64) + 296.564248779674e18;
            sum = (sum * z >> 64) + 637.333633378831e18;
            sum = (sum * z >> 64) + 793.826512519948e18;
            sum = (sum * z >> 64) + 440.413735824752e18;
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

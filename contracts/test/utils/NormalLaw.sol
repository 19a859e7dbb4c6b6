// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {NormalCdf} from "src/libraries/NormalCdf.sol";

/// @notice The whole law, put together of its parts.
library NormalLaw {
    /// @notice The probability that a standard normal variable is below `x`.
    function cdf(int256 x) internal pure returns (uint256) {
        uint256 z = FixedPointMathLib.abs(x);
        uint256 bell = NormalCdf.bell(z);
        uint256 beyond = bell == 0 ? 0 : NormalCdf.tail(bell, z);
        return x > 0 ? 1e18 - beyond : beyond;
    }

    /// @notice The tail below its far part, with the two polynomials summed each by itself, and nothing unchecked.
    function tail(uint256 bell, uint256 z) internal pure returns (uint256) {
        z = (z << 54) / 1e18;
        uint64[7] memory above = [
            352_624_965_998_911,
            7_003_830_644_436_880,
            63_739_622_035_316_500,
            339_128_660_783_830_000,
            1_120_792_914_978_710_000,
            2_212_135_961_699_310_000,
            2_202_068_679_123_760_000
        ];
        uint64[8] memory below = [
            883_883_476_483_184,
            17_556_671_631_826_400,
            160_641_775_792_070_000,
            867_807_322_029_461_000,
            2_965_642_487_796_740_000,
            6_373_336_333_788_310_000,
            7_938_265_125_199_480_000,
            4_404_137_358_247_520_000
        ];
        (uint256 numerator, uint256 denominator) = (0, below[0]);
        for (uint256 i = 0; i < above.length; ++i) {
            numerator = (numerator * z >> 54) + above[i];
            denominator = (denominator * z >> 54) + below[i + 1];
        }
        return bell * numerator / denominator;
    }
}

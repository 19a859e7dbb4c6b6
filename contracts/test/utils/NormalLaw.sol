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
        uint256 beyond = bell == 0 ? 0 : bell * NormalCdf.tail(z) / 1e18;
        return x > 0 ? 1e18 - beyond : beyond;
    }
}

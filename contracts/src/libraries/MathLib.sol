// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {WAD} from "./ConstantsLib.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title MathLib
/// @notice Fixed-point arithmetic whose names say which way it rounds.
library MathLib {
    using SafeCastLib for uint256;

    /// @notice x * y, both WAD.
    function wMulDown(uint256 x, uint256 y) internal pure returns (uint256) {
        return x * y / WAD;
    }

    /// @notice x * y, both WAD.
    function wMulUp(uint256 x, uint256 y) internal pure returns (uint256) {
        return FixedPointMathLib.divUp(x * y, WAD);
    }

    /// @notice x / y, both WAD.
    function wDivDown(uint256 x, uint256 y) internal pure returns (uint256) {
        return x * WAD / y;
    }

    /// @notice x / y of plain integers, rounded toward minus infinity.
    function divDown(int256 x, uint256 y) internal pure returns (int256) {
        uint256 size = FixedPointMathLib.abs(x);
        return x >= 0 ? (size / y).toInt256() : -FixedPointMathLib.divUp(size, y).toInt256();
    }
}

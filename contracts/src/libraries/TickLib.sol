// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title TickLib
/// @notice Mean prices of a Uniswap v3 pool, from the sums of ticks that it remembers.
library TickLib {
    using SafeCastLib for int256;

    /// @dev Natural logarithms of a tick and of ten, in WAD.
    int256 private constant LN_TICK = 99_995_000_333_308;
    int256 private constant LN_TEN = 2_302_585_092_994_045_684;

    /// @notice The mean tick between two sums, rounded down also where it is negative.
    function meanDown(int56 earlier, int56 later, uint32 elapsed) internal pure returns (int256 tick) {
        int256 sum = int256(later) - earlier;
        int256 divisor = int256(uint256(elapsed));
        tick = sum / divisor;
        if (sum < 0 && sum % divisor != 0) --tick;
    }

    /// @notice The price of one whole base in quote, WAD.
    /// @dev 1.0001 to the power of the tick is the price of token0 in token1, in their units.
    function price(int256 tick, bool baseIsToken0, uint8 baseDecimals, uint8 quoteDecimals)
        internal
        pure
        returns (uint256)
    {
        int256 apart = int256(uint256(baseDecimals)) - int256(uint256(quoteDecimals));
        return FixedPointMathLib.expWad((baseIsToken0 ? tick : -tick) * LN_TICK + apart * LN_TEN).toUint256();
    }
}

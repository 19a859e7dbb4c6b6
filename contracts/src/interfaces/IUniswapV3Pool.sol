// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @title IUniswapV3Pool
/// @notice The part of a Uniswap v3 pool which the venue and the mean price use.
interface IUniswapV3Pool {
    /// @notice The token with the lower address; the pool's price is token1 per token0.
    function token0() external view returns (address);

    /// @notice The token with the higher address.
    function token1() external view returns (address);

    /// @notice The swap fee in millionths of the amount in.
    function fee() external view returns (uint24);

    /// @notice The liquidity which is in range at the current price.
    function liquidity() external view returns (uint128);

    /// @notice The current price as a square root in Q64.96, and the oracle's bookkeeping.
    function slot0()
        external
        view
        returns (
            uint160 sqrtPriceX96,
            int24 tick,
            uint16 observationIndex,
            uint16 observationCardinality,
            uint16 observationCardinalityNext,
            uint8 feeProtocol,
            bool unlocked
        );

    /// @notice Sums over time, as they were so many seconds ago.
    /// @dev Reverts with `OLD` where the pool's memory does not reach so far back.
    /// @return tickCumulatives Tick times seconds.
    /// @return secondsPerLiquidityCumulativeX128s Seconds per liquidity in range, Q32.128.
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);

    /// @notice Swaps until `amountSpecified` is used up or the price reaches the limit; calls back for the payment.
    /// @param recipient Who receives the output.
    /// @param zeroForOne Whether token0 is paid in.
    /// @param amountSpecified Positive: the exact input.
    /// @param sqrtPriceLimitX96 The price at which the swap stops, even if input is left.
    /// @param data Handed to the callback unchanged.
    /// @return amount0 Token0 owed to the pool (positive) or paid out (negative).
    /// @return amount1 Token1 owed to the pool (positive) or paid out (negative).
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @title IUniswapV3SwapCallback
/// @notice What a pool calls on whoever swaps.
interface IUniswapV3SwapCallback {
    /// @notice Pays the pool what the swap costs.
    /// @param amount0Delta Token0 owed to the pool if positive.
    /// @param amount1Delta Token1 owed to the pool if positive.
    /// @param data What was handed to `swap`.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external;
}

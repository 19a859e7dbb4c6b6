// SPDX-License-Identifier: MIT
pragma solidity ^0.8.34;

/// @title IVenue
/// @notice A place where base is traded for quote.
/// @dev A venue pays its caller and nobody else: there is no recipient to choose. It pulls at most `amountIn` of the
/// caller's token through the allowance the caller gave it, holds nothing between calls, and promises nothing about
/// the price: judging the fill is the caller's business.
interface IVenue {
    /// @notice Trades up to `amountIn` of base (or quote) for the other token.
    /// @dev Warning: where liquidity runs out, `spent` is less than `amountIn` and some allowance is left over.
    /// @param sellBase True: base is paid in. False: quote is paid in.
    /// @param amountIn The most that may be taken from the caller, in units of the token paid in.
    /// @return spent What was taken from the caller.
    /// @return got What was paid to the caller.
    function swapExactIn(bool sellBase, uint256 amountIn) external returns (uint256 spent, uint256 got);

    /// @notice The token that is hedged with.
    function base() external view returns (address);

    /// @notice The token that prices are expressed in.
    function quote() external view returns (address);

    /// @notice What is needed to predict a small trade at this moment.
    /// @return sqrtPriceX96 Square root of token1 per token0, Q64.96.
    /// @return liquidity Liquidity in range.
    /// @return fee Fee in millionths of the amount in.
    /// @return baseIsToken0 Which way round the pair is.
    function state()
        external
        view
        returns (uint160 sqrtPriceX96, uint128 liquidity, uint24 fee, bool baseIsToken0);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IUniswapV3Pool, IUniswapV3SwapCallback} from "../interfaces/IUniswapV3Pool.sol";
import {IVenue} from "../interfaces/IVenue.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title UniswapV3Venue
/// @notice Trades against one Uniswap v3 pool, without a router in between.
///
/// POOL REQUIREMENTS
/// - It calls back only from within a swap that this contract started, and only this contract. The genuine pool does
///   so; who names another address as the pool names a thief.
///
/// CALLER REQUIREMENTS
/// - The caller judges the fill. There is no price limit here: a swap runs until the input is used up or the pool is
///   empty, and what is left of the allowance then is the caller's to revoke.
///
/// STATE
/// - None. No token stays here; what is sent here by mistake is lost.
contract UniswapV3Venue is IVenue, IUniswapV3SwapCallback {
    using SafeCast for int256;
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @dev One inside the extremes of the pool's price, where it stops by itself.
    uint160 private constant LOWEST_PRICE = 4_295_128_740;
    uint160 private constant HIGHEST_PRICE =
        1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;

    /// @notice The pool.
    IUniswapV3Pool public immutable pool;

    /// @inheritdoc IVenue
    address public immutable base;

    /// @inheritdoc IVenue
    address public immutable quote;

    bool private immutable _baseIsToken0;

    /// @param pool_ The pool.
    /// @param base_ Which of its two tokens is hedged with.
    constructor(IUniswapV3Pool pool_, address base_) {
        (address token0, address token1) = (pool_.token0(), pool_.token1());
        if (base_ != token0 && base_ != token1) revert ErrorsLib.WrongPair(token0, token1);
        pool = pool_;
        base = base_;
        quote = base_ == token0 ? token1 : token0;
        _baseIsToken0 = base_ == token0;
    }

    /// @inheritdoc IVenue
    function swapExactIn(bool sellBase, uint256 amountIn) external returns (uint256 spent, uint256 got) {
        bool zeroForOne = sellBase == _baseIsToken0;
        (int256 amount0, int256 amount1) = pool.swap(
            msg.sender,
            zeroForOne,
            amountIn.toInt256(),
            zeroForOne ? LOWEST_PRICE : HIGHEST_PRICE,
            abi.encode(sellBase ? base : quote, msg.sender)
        );
        (int256 owed, int256 paid) = zeroForOne ? (amount0, amount1) : (amount1, amount0);
        return (owed.toUint256(), (-paid).toUint256());
    }

    /// @inheritdoc IUniswapV3SwapCallback
    /// @dev The data was written by `swapExactIn`: a pool hands it back to whoever swapped, and nobody else is called.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata data) external {
        if (msg.sender != address(pool)) revert ErrorsLib.NotPool(msg.sender);
        (IERC20 token, address payer) = abi.decode(data, (IERC20, address));
        uint256 owed = (amount0Delta > 0 ? amount0Delta : amount1Delta).toUint256();
        // The payer called `swapExactIn` in this very transaction.
        // slither-disable-next-line arbitrary-send-erc20
        token.safeTransferFrom(payer, msg.sender, owed);
    }

    /// @inheritdoc IVenue
    function state()
        external
        view
        returns (uint160 sqrtPriceX96, uint128 liquidity, uint24 fee, bool baseIsToken0)
    {
        (sqrtPriceX96,,,,,,) = pool.slot0();
        return (sqrtPriceX96, pool.liquidity(), pool.fee(), _baseIsToken0);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestToken} from "./TestToken.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IUniswapV3Pool} from "src/interfaces/IUniswapV3Pool.sol";

interface IPoolAdmin {
    function initialize(uint160 sqrtPriceX96) external;
    function mint(address recipient, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external
        returns (uint256, uint256);
    function burn(int24 lower, int24 upper, uint128 amount) external returns (uint256, uint256);
}

/// @notice Everybody else who trades in the genuine Uniswap v3 pool: gives liquidity and moves the price at will.
contract PoolDriver {
    int24 private constant EDGE = 887_220;

    IUniswapV3Pool public immutable pool;
    TestToken private immutable _base;
    TestToken private immutable _quote;
    bool private immutable _baseIsToken0;
    uint256 private immutable _units;

    constructor(IUniswapV3Pool pool_, TestToken base, TestToken quote) {
        pool = pool_;
        (_base, _quote) = (base, quote);
        _baseIsToken0 = pool_.token0() == address(base);
        _units = 10 ** (18 + base.decimals() - quote.decimals());
    }

    /// @notice Sets the first price (WAD) and gives liquidity over the whole range.
    function start(uint256 price, uint128 liquidity) external {
        IPoolAdmin(address(pool)).initialize(sqrtPrice(price));
        deepen(liquidity);
    }

    /// @notice Gives liquidity over the whole range.
    function deepen(uint128 liquidity) public {
        IPoolAdmin(address(pool)).mint(address(this), -EDGE, EDGE, liquidity, "");
    }

    /// @notice The pool's price for a price of base in quote (WAD).
    function sqrtPrice(uint256 price) public view returns (uint160) {
        uint256 square = _baseIsToken0
            ? FixedPointMathLib.fullMulDiv(price, 1 << 192, _units)
            : FixedPointMathLib.fullMulDiv(_units, 1 << 192, price);
        return uint160(FixedPointMathLib.sqrt(square));
    }

    /// @notice Trades until the pool stands at a price (WAD).
    function pushTo(uint256 price) external {
        uint160 target = sqrtPrice(price);
        (uint160 current,,,,,,) = pool.slot0();
        if (current != target) pool.swap(address(this), target < current, type(int128).max, target, "");
    }

    /// @notice Leaves only a sliver of liquidity, of 20 to 30 ticks around the price.
    function concentrate(uint128 removed, uint128 left) external {
        IPoolAdmin(address(pool)).burn(-EDGE, EDGE, removed);
        (, int24 tick,,,,,) = pool.slot0();
        int24 middle = tick / 10 * 10;
        IPoolAdmin(address(pool)).mint(address(this), middle - 20, middle + 20, left, "");
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _pay(owed0, owed1);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        _pay(delta0 > 0 ? uint256(delta0) : 0, delta1 > 0 ? uint256(delta1) : 0);
    }

    function _pay(uint256 owed0, uint256 owed1) private {
        (TestToken token0, TestToken token1) = _baseIsToken0 ? (_base, _quote) : (_quote, _base);
        token0.mint(address(pool), owed0);
        token1.mint(address(pool), owed1);
    }
}

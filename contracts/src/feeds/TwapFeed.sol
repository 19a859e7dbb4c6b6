// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IUniswapV3Pool} from "../interfaces/IUniswapV3Pool.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {TickLib} from "../libraries/TickLib.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

/// @title TwapFeed
/// @notice The geometric mean of a Uniswap v3 pool's price over at least half an hour, as a vault reads a feed.
/// @dev Meant as a second source, which can only veto. It follows a fast market late and so vetoes hedges in one, and it
/// can be pushed by whoever holds a pool away from the market for minutes: then the vault stands still, and nothing is
/// traded at that price. It reverts, which the vault takes for a veto, while the pool does not remember the whole window
/// (`OLD`: somebody must pay for a greater cardinality), or if the harmonic mean of the liquidity, which one thin moment
/// pulls down, was below a floor.
contract TwapFeed is IAggregatorV3 {
    using SafeCastLib for uint256;

    uint256 private constant LEAST_WINDOW = 30 minutes;

    /// @notice The pool.
    IUniswapV3Pool public immutable pool;

    /// @notice The seconds that the mean is taken over.
    uint32 public immutable window;

    /// @notice The least harmonic mean of the liquidity in range.
    uint128 public immutable leastLiquidity;

    bool private immutable _baseIsToken0;

    uint8 private immutable _baseDecimals;
    uint8 private immutable _quoteDecimals;

    /// @dev Fails at once if the pool cannot answer.
    constructor(IUniswapV3Pool pool_, address base, uint32 window_, uint128 leastLiquidity_) {
        if (window_ < LEAST_WINDOW) revert ErrorsLib.WindowTooShort(window_, LEAST_WINDOW);
        (address token0, address token1) = (pool_.token0(), pool_.token1());
        if (base != token0 && base != token1) revert ErrorsLib.WrongPair(token0, token1);
        (pool, window, leastLiquidity) = (pool_, window_, leastLiquidity_);
        _baseIsToken0 = base == token0;
        address quote = base == token0 ? token1 : token0;
        (_baseDecimals, _quoteDecimals) = (IERC20Metadata(base).decimals(), IERC20Metadata(quote).decimals());
        _mean(pool_, window_, leastLiquidity_);
    }

    /// @inheritdoc IAggregatorV3
    function decimals() external pure returns (uint8) {
        return 18;
    }

    /// @inheritdoc IAggregatorV3
    /// @dev The block's time serves as the round: the mean is always of this moment.
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        int256 tick = _mean(pool, window, leastLiquidity);
        uint256 price = TickLib.price(tick, _baseIsToken0, _baseDecimals, _quoteDecimals);
        uint80 round = block.timestamp.toUint80();
        return (round, price.toInt256(), block.timestamp - window, block.timestamp, round);
    }

    /// @inheritdoc IAggregatorV3
    function getRoundData(uint80) external pure returns (uint80, int256, uint256, uint256, uint80) {
        revert ErrorsLib.NoPastRounds();
    }

    /// @dev The mean tick, if the pool was deep enough.
    function _mean(IUniswapV3Pool from, uint32 length, uint128 least) private view returns (int256 tick) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = length;
        (int56[] memory ticks, uint160[] memory secondsPerLiquidity) = from.observe(ago);
        tick = TickLib.meanDown(ticks[0], ticks[1], length);
        // The pool's sum wraps round on purpose.
        uint160 spread;
        unchecked {
            spread = secondsPerLiquidity[1] - secondsPerLiquidity[0];
        }
        uint256 liquidity = (uint256(length) << 128) / (uint256(spread) + 1);
        if (liquidity < least) revert ErrorsLib.LiquidityTooThin(liquidity, least);
    }
}

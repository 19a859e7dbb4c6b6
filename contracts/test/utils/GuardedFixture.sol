// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PoolDriver} from "./PoolDriver.sol";
import {SettableFeed} from "./SettableFeed.sol";
import {TestToken} from "./TestToken.sol";
import {Test} from "forge-std/Test.sol";
import {IGuarded, Limits} from "src/interfaces/IGuarded.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {IUniswapV3Pool} from "src/interfaces/IUniswapV3Pool.sol";
import {IVenue} from "src/interfaces/IVenue.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";

interface IUniswapV3Factory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address);
}

/// @notice Something guarded that trades on a deep, genuine Uniswap v3 pool; base at 2,000, volatility 70 %.
abstract contract GuardedFixture is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant PRICE = 2000e18;
    uint256 internal constant VOL = 0.7e18;
    uint24 internal constant FEE = 500;
    /// @dev About 20,000 base and 40 million quote on each side of the price.
    uint128 internal constant LIQUIDITY = 1e18;
    string internal constant UNISWAP = "../.cache/protocols/uni-v3-core/artifacts/contracts/";

    address internal governance = makeAddr("governance");
    address internal guardian = makeAddr("guardian");
    address internal keeper = makeAddr("keeper");
    address internal stranger = makeAddr("stranger");

    TestToken internal base;
    TestToken internal quote;
    SettableFeed internal priceFeed;
    SettableFeed internal volFeed;
    /// @dev None, unless a test makes one before its vault.
    SettableFeed internal checkFeed;
    SettableFeed internal sequencerFeed;
    IUniswapV3Pool internal pool;
    PoolDriver internal driver;
    IVenue internal venue;

    function setUp() public virtual {
        vm.warp(START);
        _deployTokens();
        priceFeed = new SettableFeed(8, int256(PRICE / 1e10));
        volFeed = new SettableFeed(8, int256(VOL / 1e10));
        _deployPool();
        venue = new UniswapV3Venue(pool, address(base));
    }

    /// @dev What is guarded.
    function _kept() internal view virtual returns (IGuarded);

    /* DEPLOYMENT */

    function _deployTokens() internal virtual {
        base = new TestToken("BASE", 18);
        do {
            quote = new TestToken("QUOTE", 6);
        } while ((address(base) < address(quote)) != _baseIsToken0());
    }

    function _baseIsToken0() internal pure virtual returns (bool) {
        return true;
    }

    function _deployPool() internal {
        address factory = deployCode(string.concat(UNISWAP, "UniswapV3Factory.sol/UniswapV3Factory.json"));
        pool = IUniswapV3Pool(IUniswapV3Factory(factory).createPool(address(base), address(quote), FEE));
        driver = new PoolDriver(pool, base, quote);
        driver.start(PRICE, LIQUIDITY);
    }

    function _limits() internal pure returns (Limits memory) {
        return Limits({
            cooldown: 300,
            maxDeadline: 300,
            maxPriceAge: 3600,
            maxVolAge: 86_400,
            maxCheckAge: 7200,
            maxSlippageBps: 50,
            marginBps: 2000,
            priceErrorBps: 50,
            volErrorBps: 1000,
            maxJumpBps: 2000,
            minTradeBps: 500,
            maxDrawdownBps: 1000,
            band: 1e18,
            targetDelta: 100e18,
            maxTradeBase: 500e18,
            emergencyTradeBase: 20e18,
            emergencyGap: 50e18,
            turnoverCapPips: 250_000,
            turnoverPerDayPips: 240_000,
            lossCapPips: 1000,
            lossPerDayPips: 500,
            minPrice: 100e18,
            maxPrice: 10_000e18,
            minVol: 0.01e18,
            maxVol: 5e18,
            ripcordReward: 100e6
        });
    }

    function _appoint(address account) internal {
        vm.prank(governance);
        _kept().setKeeper(account, uint64(vm.getBlockTimestamp() + 30 days));
    }

    /* WORLD */

    /// @dev Moves the market: the feed and the pool together.
    function _setPrice(uint256 price) internal {
        priceFeed.push(int256(price / 1e10));
        driver.pushTo(price);
    }

    /// @dev Lets time pass, with fresh answers at the end of it. Not by `skip`, which reads `block.timestamp`: the optimizer
    /// moves that out of a loop, and then time stands still.
    function _skip(uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
        (, int256 price,,,) = priceFeed.latestRoundData();
        (, int256 vol,,,) = volFeed.latestRoundData();
        priceFeed.push(price);
        volFeed.push(vol);
    }

    function _setLimits(Limits memory rules) internal {
        vm.prank(governance);
        _kept().setLimits(rules);
    }

    /// @dev Moves the gap by moving the target.
    function _setGap(int256 gapWanted) internal {
        Limits memory rules = _kept().limits();
        rules.targetDelta += int128(_kept().gap() - gapWanted);
        _setLimits(rules);
    }

    /* PROPOSALS */

    /// @dev The time is asked of the machine: the compiler may take `block.timestamp` for a constant of the test.
    function _proposal(bool sellBase, uint256 amountIn) internal view returns (Proposal memory) {
        return
            Proposal(sellBase, uint128(amountIn), 0, uint64(vm.getBlockTimestamp() + 60), _kept().stateHash());
    }

    function _rebalance(Proposal memory proposal) internal returns (uint256 spent, uint256 got) {
        vm.prank(keeper);
        return _kept().rebalance(proposal);
    }

    /// @dev Expects the next rebalance of the keeper to fail with exactly these bytes.
    function _refuses(Proposal memory proposal, bytes memory reason) internal {
        vm.expectRevert(reason);
        _rebalance(proposal);
    }

    /// @dev What the venue would pay now.
    function _fill(bool sellBase, uint256 amountIn) internal returns (uint256 got) {
        (, got) = _filled(sellBase, amountIn);
    }

    function _filled(bool sellBase, uint256 amountIn) internal returns (uint256 spent, uint256 got) {
        uint256 snapshot = vm.snapshotState();
        TestToken token = sellBase ? base : quote;
        token.mint(address(this), amountIn);
        token.approve(address(venue), amountIn);
        (spent, got) = venue.swapExactIn(sellBase, amountIn);
        vm.revertToState(snapshot);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PoolDriver} from "./PoolDriver.sol";
import {SettableFeed} from "./SettableFeed.sol";
import {TestToken} from "./TestToken.sol";
import {Test} from "forge-std/Test.sol";
import {RiskVault} from "src/RiskVault.sol";
import {Proposal} from "src/interfaces/IKeeperVault.sol";
import {Config, Limits, Terms} from "src/interfaces/IRiskVault.sol";
import {IUniswapV3Pool} from "src/interfaces/IUniswapV3Pool.sol";
import {IVenue} from "src/interfaces/IVenue.sol";
import {UniswapV3Venue} from "src/venues/UniswapV3Venue.sol";

interface IUniswapV3Factory {
    function createPool(address tokenA, address tokenB, uint24 fee) external returns (address);
}

/// @notice A vault of 1,000,000 quote and 100 base on a deep, genuine Uniswap v3 pool; base at 2,000, volatility 70 %.
abstract contract VaultFixture is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant PRICE = 2000e18;
    uint256 internal constant VOL = 0.7e18;
    uint24 internal constant FEE = 500;
    /// @dev About 20,000 base and 40 million quote on each side of the price.
    uint128 internal constant LIQUIDITY = 1e18;
    string internal constant UNISWAP = "../.cache/protocols/uni-v3-core/artifacts/contracts/";

    address internal governance = makeAddr("governance");
    address internal guardian = makeAddr("guardian");
    address internal underwriter = makeAddr("underwriter");
    address internal keeper = makeAddr("keeper");
    address internal writer = makeAddr("writer");
    address internal saver = makeAddr("saver");
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
    RiskVault internal vault;

    function setUp() public virtual {
        vm.warp(START);
        _deployTokens();
        priceFeed = new SettableFeed(8, int256(PRICE / 1e10));
        volFeed = new SettableFeed(8, int256(VOL / 1e10));
        _deployPool();
        venue = new UniswapV3Venue(pool, address(base));
        vault = new RiskVault(_config());
        _appoint(keeper);
        _fund(1_000_000e6, 100e18);
    }

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

    function _config() internal view returns (Config memory) {
        return Config({
            name: "Vault",
            symbol: "vQUOTE",
            quote: quote,
            base: base,
            venue: venue,
            priceFeed: priceFeed,
            volFeed: volFeed,
            checkFeed: checkFeed,
            sequencerFeed: sequencerFeed,
            owner: governance,
            guardian: guardian,
            underwriter: underwriter,
            limits: _limits()
        });
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

    function _fund(uint256 quoteUnits, uint256 baseUnits) internal {
        quote.mint(saver, quoteUnits);
        vm.startPrank(saver);
        quote.approve(address(vault), quoteUnits);
        vault.deposit(quoteUnits, saver);
        vm.stopPrank();
        base.mint(governance, baseUnits);
        vm.startPrank(governance);
        base.approve(address(vault), baseUnits);
        vault.depositBase(baseUnits);
        vm.stopPrank();
    }

    function _appoint(address account) internal {
        vm.prank(governance);
        vault.setKeeper(account, uint64(vm.getBlockTimestamp() + 30 days));
    }

    /* WORLD */

    /// @dev Moves the market: the feed and the pool together.
    function _setPrice(uint256 price) internal {
        priceFeed.push(int256(price / 1e10));
        driver.pushTo(price);
    }

    /// @dev Lets time pass, with fresh answers at the end of it.
    function _skip(uint256 seconds_) internal {
        skip(seconds_);
        (, int256 price,,,) = priceFeed.latestRoundData();
        (, int256 vol,,,) = volFeed.latestRoundData();
        priceFeed.push(price);
        volFeed.push(vol);
    }

    function _setLimits(Limits memory rules) internal {
        vm.prank(governance);
        vault.setLimits(rules);
    }

    /// @dev Moves the gap by moving the target.
    function _setGap(int256 gapWanted) internal {
        Limits memory rules = vault.limits();
        rules.targetDelta += int128(vault.gap() - gapWanted);
        _setLimits(rules);
    }

    /* PROPOSALS */

    /// @dev The time is asked of the machine: the compiler may take `block.timestamp` for a constant of the test.
    function _proposal(bool sellBase, uint256 amountIn) internal view returns (Proposal memory) {
        return
            Proposal(sellBase, uint128(amountIn), 0, uint64(vm.getBlockTimestamp() + 60), vault.stateHash());
    }

    function _rebalance(Proposal memory proposal) internal returns (uint256 spent, uint256 got) {
        vm.prank(keeper);
        return vault.rebalance(proposal);
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

    /* OPTIONS */

    function _terms(bool isCall, uint256 strike, uint256 expiry, int256 size, uint256 premium)
        internal
        view
        returns (Terms memory)
    {
        return Terms(isCall, uint56(strike), uint32(expiry), int88(size), uint96(premium), writer);
    }

    /// @dev Gives the counterparty all it needs, and its word.
    function _agree(Terms memory terms) internal {
        quote.mint(writer, 1e15);
        base.mint(writer, 1e24);
        vm.startPrank(writer);
        quote.approve(address(vault), type(uint256).max);
        base.approve(address(vault), type(uint256).max);
        vault.agree(terms, true);
        vm.stopPrank();
    }

    function _open(Terms memory terms) internal returns (uint256 index) {
        _agree(terms);
        vm.prank(underwriter);
        return vault.openLeg(terms);
    }

    /// @dev Lets the price feed pass an expiry: a round before it, one at it. Returns the settling round.
    function _expire(uint256 expiry, uint256 price) internal returns (uint80) {
        priceFeed.pushAt(priceFeed.decimals() == 8 ? int256(price / 1e10) : int256(price), expiry - 1);
        vm.warp(expiry);
        _setPrice(price);
        volFeed.push(int256(VOL / 1e10));
        return priceFeed.latest();
    }
}

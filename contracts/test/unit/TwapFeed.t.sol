// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {TwapFeed} from "src/feeds/TwapFeed.sol";
import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";
import {FEED_GAS} from "src/libraries/ConstantsLib.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

interface IPoolMemory {
    function increaseObservationCardinalityNext(uint16 next) external;
}

/// @notice A cheat of forge's that its library does not name: nothing of the account has been touched yet.
interface ICooler {
    function cool(address account) external;
}

/// @notice The mean of the genuine pool, which remembers sixty moments.
contract TwapFeedTest is VaultFixture {
    uint32 private constant WINDOW = 1800;
    uint128 private constant FLOOR = 1e17;
    /// @dev A tick is a ten-thousandth.
    uint256 private constant TICK = 1e14;

    TwapFeed private feed;

    function setUp() public override {
        super.setUp();
        IPoolMemory(address(pool)).increaseObservationCardinalityNext(60);
        skip(WINDOW);
        feed = new TwapFeed(pool, address(base), WINDOW, FLOOR);
    }

    function _price() private view returns (uint256) {
        (, int256 answer,,,) = feed.latestRoundData();
        return uint256(answer);
    }

    function _push(uint256 price, uint256 lasting) private {
        driver.pushTo(price);
        skip(lasting);
    }

    /* REFUSALS */

    function test_a_window_of_less_than_half_an_hour_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WindowTooShort.selector, 1799, 1800));
        new TwapFeed(pool, address(base), 1799, FLOOR);
    }

    function test_a_token_outside_the_pool_is_refused() public {
        TestToken other = new TestToken("OTHER", 18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.WrongPair.selector, pool.token0(), pool.token1()));
        new TwapFeed(pool, address(other), WINDOW, FLOOR);
    }

    function test_a_pool_that_does_not_remember_so_long_is_refused_at_once() public {
        vm.expectRevert(bytes("OLD"));
        new TwapFeed(pool, address(base), 3601, FLOOR);
    }

    function test_a_pool_that_has_forgotten_the_window_has_no_price() public {
        for (uint256 i = 0; i < 61; ++i) {
            _push(PRICE + 1e18 * (1 + i % 2), 12);
        }
        vm.expectRevert(bytes("OLD"));
        feed.latestRoundData();
    }

    function test_one_thin_moment_pulls_the_liquidity_below_the_floor() public {
        driver.concentrate(LIQUIDITY, 1);
        skip(12);
        vm.expectPartialRevert(ErrorsLib.LiquidityTooThin.selector);
        feed.latestRoundData();
    }

    /// @dev Anybody may pay for it, and it cannot be taken back. How long the search is hangs on the moment.
    function test_a_pool_that_remembers_all_it_can_is_read_with_the_gas_that_a_feed_is_given() public {
        _rememberAll();
        uint256 most = 0;
        for (uint256 i = 0; i < 100; ++i) {
            skip(7);
            ICooler(address(vm)).cool(address(pool));
            uint256 before = gasleft();
            (bool ok,) = address(feed).staticcall{gas: FEED_GAS}(abi.encodeCall(feed.latestRoundData, ()));
            uint256 used = before - gasleft();
            assertTrue(ok);
            most = used > most ? used : most;
        }
        assertGt(most, 90_000, "the search is long");
    }

    /// @dev Fills the pool's memory: a moment every twelve seconds, all at the price of now. By its storage, as so many trades
    /// take more gas than a test has.
    function _rememberAll() private {
        uint256 last = uint256(type(uint16).max) - 1;
        (, int24 tick,,,,,) = pool.slot0();
        for (uint256 i = 0; i <= last; ++i) {
            uint256 time = vm.getBlockTimestamp() - 12 * (last - i);
            uint256 ticks = uint56(uint256(int256(tick) * int256(12 * i)));
            uint256 perLiquidity = (12 * i << 128) / LIQUIDITY;
            vm.store(
                address(pool), bytes32(8 + i), bytes32(time | ticks << 32 | perLiquidity << 88 | 1 << 248)
            );
        }
        uint256 kept = uint256(vm.load(address(pool), 0)) & ~(uint256(type(uint48).max) << 184);
        uint256 all = last + 1;
        vm.store(address(pool), 0, bytes32(kept | last << 184 | all << 200 | all << 216));
        assertApproxEqRel(_price(), PRICE, TICK);
    }

    function test_it_knows_no_past_rounds() public {
        vm.expectRevert(ErrorsLib.NoPastRounds.selector);
        feed.getRoundData(1);
    }

    /* SUCCESS */

    function test_a_pool_at_rest_is_its_own_mean_to_a_tick() public view {
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 same) =
            feed.latestRoundData();
        assertApproxEqRel(uint256(answer), PRICE, TICK);
        assertEq(round, block.timestamp);
        assertEq(same, round);
        assertEq(startedAt, block.timestamp - WINDOW);
        assertEq(updatedAt, block.timestamp);
        assertEq(feed.decimals(), 18);
        assertEq(address(feed.pool()), address(pool));
        assertEq(feed.window(), WINDOW);
        assertEq(feed.leastLiquidity(), FLOOR);
    }

    function test_a_push_counts_for_as_long_as_it_lasts() public {
        _push(PRICE * 4, WINDOW / 2);
        // The geometric mean of one and four is two.
        assertApproxEqRel(_price(), PRICE * 2, 2 * TICK);
        skip(WINDOW / 2);
        assertApproxEqRel(_price(), PRICE * 4, 2 * TICK);
    }

    function test_a_push_in_this_block_counts_for_nothing() public {
        uint256 before = _price();
        driver.pushTo(PRICE / 10);
        assertEq(_price(), before);
    }

    function testFuzz_the_mean_is_the_pools_at_any_price(uint256 price) public {
        price = bound(price, 1e15, 1e24);
        _push(price, WINDOW);
        assertApproxEqRel(_price(), price, 2 * TICK);
    }

    /// @dev The tick is rounded down, so the price of token1 in token0 is never above the truth, nor by a tick below.
    function test_the_tick_is_rounded_down_on_either_side_of_zero() public {
        _push(PRICE * 2, 601);
        driver.pushTo(PRICE);
        skip(7);
        uint256 answer = _price();
        uint256 exact = 2_520_460_911_411_780_500_000;
        if (_baseIsToken0()) assertLe(answer, exact + exact * TICK / 1e18);
        else assertGe(answer, exact - exact * TICK / 1e18);
        assertApproxEqRel(answer, exact, 3 * TICK);
    }

    function test_a_vault_trades_by_it_and_stands_still_without() public {
        checkFeed = SettableFeed(address(feed));
        vault = new RiskVault(_config());
        priceFeed.push(int256(PRICE / 1e10));
        volFeed.push(int256(VOL / 1e10));
        assertEq(vault.gap(), -100e18);
        _push(PRICE * 4, 60);
        (bool ok, bytes memory why) = vault.workable();
        assertFalse(ok);
        assertEq(bytes4(why), ErrorsLib.PriceDeviation.selector);
        assertLt(_gasOf(feed), 90_000);
    }

    function _gasOf(IAggregatorV3 asked) private view returns (uint256 used) {
        used = gasleft();
        asked.latestRoundData();
        used -= gasleft();
    }
}

/// @notice The same with the pair the other way round, where ticks are positive.
contract TwapFeedMirroredTest is TwapFeedTest {
    function _baseIsToken0() internal pure override returns (bool) {
        return false;
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAggregatorV3} from "src/interfaces/IAggregatorV3.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice What the vault says it is worth and how it stands, and that it says so whatever its oracles do.
contract ValueTest is VaultFixture {
    uint256 private expiry;

    function setUp() public override {
        super.setUp();
        expiry = block.timestamp + 365 days;
    }

    /* THE SUM */

    function test_value_is_quote_and_base_at_the_oracle() public view {
        assertEq(vault.totalAssets(), 1_200_000e6);
        assertEq(vault.netValueDown(3000e18, VOL), 1_300_000e6);
        assertEq(vault.gap(), 0, "inventory equals the target");
        assertEq(vault.marginUp(PRICE), 0);
    }

    function test_a_short_leg_lowers_value_and_delta() public {
        _open(_terms(true, 2000e8, expiry, -100e18, 0));
        // At the money, one year, 70 %: N(0.35) = 0.6368306512, price = 2,000 * (2 N(0.35) - 1).
        assertApproxEqAbs(vault.delta(PRICE, VOL), -63.68306511756191e18, 1e6);
        assertApproxEqAbs(int256(vault.totalAssets()), 1_200_000e6 - 54_732.26047e6, 1);
        assertEq(vault.gap(), vault.delta(PRICE, VOL));
        assertEq(vault.marginUp(PRICE), 40_000e6);
    }

    function test_a_long_leg_raises_value_and_its_escrow_does_not() public {
        _open(_terms(false, 2000e8, expiry, 100e18, 0));
        assertApproxEqAbs(vault.delta(PRICE, VOL), -36.31693488243809e18, 1e6);
        assertApproxEqAbs(int256(vault.totalAssets()), 1_200_000e6 + 54_732.26047e6, 1);
        assertEq(vault.marginUp(PRICE), 0, "a long leg needs no margin");
    }

    function test_legs_add_up_across_expiries() public {
        _open(_terms(true, 2000e8, expiry, -100e18, 0));
        int256 first = vault.delta(PRICE, VOL);
        _open(_terms(false, 2000e8, expiry, -100e18, 0));
        assertApproxEqAbs(vault.delta(PRICE, VOL), 2 * first + 100e18, 1e4, "same expiry");
        _open(_terms(true, 2500e8, expiry - 200 days, 50e18, 0));
        int256 sum = vault.delta(PRICE, VOL);
        assertGt(sum, 2 * first + 100e18);
        assertLt(sum, 2 * first + 150e18);
    }

    function test_an_expired_leg_is_a_step_until_it_is_settled() public {
        _open(_terms(true, 2000e8, expiry, -10e18, 0));
        vm.warp(expiry + 1);
        _setPrice(2100e18);
        volFeed.push(0.7e8);
        assertEq(vault.delta(2100e18, VOL), -10e18);
        assertEq(vault.delta(1900e18, VOL), 0);
        assertEq(vault.netValueDown(2100e18, VOL), 1_000_000e6 + 210_000e6 - 1000e6);
    }

    function test_value_is_never_below_zero() public {
        _open(_terms(true, 2000e8, expiry, -1000e18, 0));
        _setPrice(100_000e18);
        assertLt(vault.netValueDown(100_000e18, VOL), 0);
        assertEq(vault.totalAssets(), 0);
        assertEq(vault.freeQuote(), 0);
    }

    /* WHATEVER THE ORACLES DO */

    function test_a_stale_price_still_values() public {
        skip(30 days);
        assertEq(vault.totalAssets(), 1_200_000e6);
        assertEq(vault.freeQuote(), 0);
    }

    function test_without_a_price_quote_counts_alone() public {
        priceFeed.setBroken(true);
        assertEq(vault.totalAssets(), 1_000_000e6);
        priceFeed.setBroken(false);
        priceFeed.push(-1);
        assertEq(vault.totalAssets(), 1_000_000e6);
    }

    function test_without_a_volatility_options_are_intrinsic() public {
        _open(_terms(false, 2100e8, expiry, -10e18, 0));
        volFeed.push(-1);
        assertEq(vault.totalAssets(), 1_200_000e6 - 1000e6);
        volFeed.setBroken(true);
        assertEq(vault.totalAssets(), 1_200_000e6 - 1000e6);
    }

    function test_nonsense_from_a_feed_is_no_price() public {
        _assertUnreadable(hex"");
        _assertUnreadable(abi.encode(1, 2000e8, 0, block.timestamp));
        _assertUnreadable(abi.encode(1, 1e26 + 1, 0, block.timestamp, 1));
        _assertUnreadable(abi.encode(1, -1e26 - 1, 0, block.timestamp, 1));
        _assertUnreadable(abi.encode(1, type(int256).max, 0, block.timestamp, 1));
        _assertUnreadable(abi.encode(1, type(int256).min, 0, block.timestamp, 1));
        _assertUnreadable(abi.encode(uint256(1) << 80, 2000e8, 0, block.timestamp, 1));
    }

    function test_the_greatest_price_is_still_a_price() public {
        _open(_terms(true, 2000e8, expiry, -100e18, 0));
        priceFeed.push(1e26);
        volFeed.push(1e26);
        assertEq(vault.totalAssets(), 1_000_000e6, "the calls owe all the base");
    }

    function test_the_least_price_is_still_a_price() public {
        _open(_terms(true, 2000e8, expiry, -100e18, 0));
        priceFeed.push(1);
        volFeed.push(1);
        assertEq(vault.totalAssets(), 1_000_000e6 + 1);
    }

    function _assertUnreadable(bytes memory answer) private {
        vm.mockCall(address(priceFeed), abi.encodeCall(IAggregatorV3.latestRoundData, ()), answer);
        assertEq(vault.totalAssets(), 1_000_000e6);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 0));
        vault.gap();
        vm.clearMockedCalls();
    }
}

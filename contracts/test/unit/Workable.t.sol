// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits, Need} from "src/interfaces/IGuarded.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract WorkableTest is VaultFixture {
    function setUp() public override {
        super.setUp();
        _setGap(10e18);
    }

    /* REASONS */

    function test_a_paused_vault_says_so() public {
        vm.prank(guardian);
        vault.pause("test");
        _assertReason(abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
    }

    function test_a_cooling_vault_says_until_when() public {
        _rebalance(_proposal(true, 5e18));
        _assertReason(abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, START + 300));
    }

    function test_a_stale_price_is_named() public {
        skip(3601);
        _assertReason(abi.encodeWithSelector(ErrorsLib.StalePrice.selector, priceFeed, START, 3600));
    }

    function test_a_broken_volatility_is_named() public {
        volFeed.setBroken(true);
        _assertReason(abi.encodeWithSelector(ErrorsLib.BadPrice.selector, volFeed, 0));
    }

    function test_inside_the_band_the_gap_is_told() public {
        _setGap(0.5e18);
        _assertReason(abi.encodeWithSelector(ErrorsLib.InsideBand.selector, 0.5e18, 1e18, 0));
    }

    function test_a_vault_without_base_cannot_sell() public {
        _setGap(200e18);
        _rebalance(_proposal(true, 100e18));
        _skip(300);
        _assertReason(abi.encodeWithSelector(ErrorsLib.InsufficientInventory.selector, 100e18, 0));
    }

    function test_dust_in_base_is_not_worth_a_hedge() public {
        _setGap(200e18);
        // 4e12 of base are worth 8,000 units of quote.
        _rebalance(_proposal(true, 100e18 - 4e12));
        _skip(300);
        _assertReason(abi.encodeWithSelector(ErrorsLib.InsufficientInventory.selector, 100e18 + 4e12, 4e12));
    }

    function test_a_vault_without_quote_cannot_buy() public {
        _setGap(-10e18);
        vm.startPrank(address(vault));
        quote.transfer(saver, quote.balanceOf(address(vault)) - 1);
        vm.stopPrank();
        _assertReason(
            abi.encodeWithSelector(
                ErrorsLib.InsufficientInventory.selector, 20_000e6, quote.balanceOf(address(vault))
            )
        );
    }

    /* WORK */

    function test_to_sell_the_bound_is_the_gap() public view {
        Need memory need = _work();
        assertTrue(need.sellBase);
        assertEq(need.maxAmountIn, 10e18);
        assertEq(need.gap, 10e18);
        assertEq(need.price, PRICE);
        assertEq(need.vol, VOL);
        assertEq(need.roundId, priceFeed.latest());
        assertEq(need.stateHash, vault.stateHash());
        assertEq(need.latestDeadline, block.timestamp + 300);
    }

    function test_to_buy_the_bound_is_the_gap_at_the_oracle_price() public {
        _setGap(-10e18);
        Need memory need = _work();
        assertFalse(need.sellBase);
        assertEq(need.maxAmountIn, 20_000e6);
        _rebalance(_proposal(false, need.maxAmountIn));
    }

    function test_the_bound_heeds_the_trade_limit() public {
        Limits memory rules = vault.limits();
        (rules.maxTradeBase, rules.emergencyTradeBase) = (3e18, 3e18);
        _setLimits(rules);
        assertEq(_work().maxAmountIn, 3e18);
        _setGap(-10e18);
        assertEq(_work().maxAmountIn, 6000e6);
        _rebalance(_proposal(false, 6000e6));
    }

    function test_the_bound_heeds_the_inventory() public {
        _setGap(200e18);
        assertEq(_work().maxAmountIn, 100e18);
    }

    /* HELPERS */

    /// @dev The answer is false with these bytes, and a hedge on either side fails with the same.
    function _assertReason(bytes memory expected) private {
        (bool ok, bytes memory reason) = vault.workable();
        assertFalse(ok);
        assertEq(reason, expected);
        _refuses(_proposal(true, 1e18), expected);
        _refuses(_proposal(false, 2000e6), expected);
    }

    function _work() private view returns (Need memory) {
        (bool ok, bytes memory args) = vault.workable();
        assertTrue(ok);
        return abi.decode(args, (Need));
    }
}

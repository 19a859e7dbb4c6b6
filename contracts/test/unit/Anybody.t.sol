// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {RiskVault} from "src/RiskVault.sol";
import {Breaker, Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice What anybody may do: hedge in an emergency, stop what is provably wrong, leave.
contract AnybodyTest is VaultFixture {
    /* RIPCORD */

    function test_without_an_emergency_nobody_but_the_keeper_hedges() public {
        _setGap(50e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NoEmergency.selector, 50e18, 50e18, 0));
        vm.prank(stranger);
        vault.ripcord();
        _setGap(0.5e18);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.InsideBand.selector, 0.5e18, 1e18, 0));
        vm.prank(stranger);
        vault.ripcord();
    }

    function test_in_an_emergency_anybody_hedges_and_is_rewarded() public {
        _setGap(80e18);
        vm.expectEmit(address(vault));
        emit EventsLib.Ripcord(stranger, 80e18, 100e6);
        vm.prank(stranger);
        (uint256 spent, uint256 got, uint256 reward) = vault.ripcord();
        assertEq(spent, 80e18);
        assertGt(got, 159_000e6);
        assertEq(reward, 100e6);
        assertEq(quote.balanceOf(stranger), 100e6);
        assertEq(vault.gap(), 0);
    }

    function test_the_reward_is_paid_once_a_day() public {
        _setGap(80e18);
        vm.prank(stranger);
        vault.ripcord();
        _skip(23 hours);
        _setGap(60e18);
        driver.pushTo(PRICE);
        vm.prank(stranger);
        (uint256 spent,, uint256 reward) = vault.ripcord();
        assertEq(spent, 20e18, "all that is left");
        assertEq(reward, 0);
        _skip(1 hours);
        _setGap(-60e18);
        driver.pushTo(PRICE);
        vm.prank(stranger);
        (,, reward) = vault.ripcord();
        assertEq(reward, 100e6);
    }

    function test_no_rules_pay_more_than_a_thousandth_of_the_vault() public {
        Limits memory rules = vault.limits();
        rules.ripcordReward = type(uint128).max;
        _setLimits(rules);
        _setGap(80e18);
        uint256 worth = uint256(vault.need().netValue);
        vm.prank(stranger);
        (,, uint256 reward) = vault.ripcord();
        assertEq(reward, worth / 1000);
    }

    function test_the_cooldown_binds_everybody_but_for_small_steps() public {
        _setGap(80e18);
        _rebalance(_proposal(true, 10e18));
        vm.prank(stranger);
        (uint256 spent,,) = vault.ripcord();
        assertEq(spent, 20e18);
    }

    function test_a_paused_vault_has_no_ripcord() public {
        _setGap(80e18);
        vm.prank(guardian);
        vault.pause("");
        vm.expectRevert(ErrorsLib.IsPaused.selector);
        vault.ripcord();
    }

    /* TRIP */

    function test_a_used_up_loss_budget_stops_the_vault() public {
        Limits memory rules = vault.limits();
        (rules.lossCapPips, rules.lossPerDayPips) = (36, 1);
        _setLimits(rules);
        _setGap(10e18);
        _rebalance(_proposal(true, 10e18));
        (, uint256 used) = vault.budgetsUsed();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTripped.selector, 0, used, 28.8e12));
        vault.trip(Breaker.LOSS);
        _skip(300);
        _setGap(10e18);
        driver.pushTo(PRICE);
        _rebalance(_proposal(true, 10e18));
        (, used) = vault.budgetsUsed();
        vm.expectEmit(address(vault));
        emit EventsLib.BreakerTripped(0, stranger, used, 28.8e12);
        vm.prank(stranger);
        assertTrue(vault.trip(Breaker.LOSS));
        assertTrue(vault.paused());
        vm.expectRevert(ErrorsLib.IsPaused.selector);
        vault.trip(Breaker.LOSS);
    }

    function test_a_share_that_lost_too_much_in_a_day_stops_the_vault() public {
        vm.expectEmit(address(vault));
        emit EventsLib.Checkpoint(1e6);
        vault.checkpoint();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.CoolingDown.selector, START + 1 days));
        vault.checkpoint();
        _skip(1 hours);
        priceFeed.push(1000e8);
        // A share has lost 100,000 of 1,200,000.
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTripped.selector, 1, 833, 1000));
        vault.trip(Breaker.DRAWDOWN);
        priceFeed.push(700e8);
        assertTrue(vault.trip(Breaker.DRAWDOWN));
    }

    function test_an_old_checkpoint_proves_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTripped.selector, 1, 0, 1000));
        vault.trip(Breaker.DRAWDOWN);
        vault.checkpoint();
        _skip(2 days + 1);
        priceFeed.push(700e8);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTripped.selector, 1, 0, 1000));
        vault.trip(Breaker.DRAWDOWN);
        vault.checkpoint();
        priceFeed.push(800e8);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTripped.selector, 1, 0, 1000));
        vault.trip(Breaker.DRAWDOWN);
        priceFeed.setBroken(true);
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 0));
        vault.trip(Breaker.DRAWDOWN);
    }

    function test_sources_that_stay_apart_stop_the_vault() public {
        _withSecondSource();
        assertFalse(vault.trip(Breaker.DEVIATION), "agreed");
        checkFeed.push(2050e18);
        vm.expectEmit(address(vault));
        emit EventsLib.Suspected(stranger, START);
        vm.prank(stranger);
        assertFalse(vault.trip(Breaker.DEVIATION), "suspected");
        skip(44 minutes);
        assertFalse(vault.trip(Breaker.DEVIATION), "not for long enough");
        skip(1 minutes);
        assertTrue(vault.trip(Breaker.DEVIATION));
        assertTrue(vault.paused());
    }

    function test_a_suspicion_is_cleared_by_agreement_and_lapses_with_time() public {
        _withSecondSource();
        checkFeed.push(2050e18);
        vault.trip(Breaker.DEVIATION);
        skip(44 minutes);
        checkFeed.push(2000e18);
        assertFalse(vault.trip(Breaker.DEVIATION), "cleared");
        checkFeed.push(2050e18);
        skip(1 minutes);
        assertFalse(vault.trip(Breaker.DEVIATION), "suspected anew");
        skip(2 hours + 1);
        checkFeed.push(2050e18);
        assertFalse(vault.trip(Breaker.DEVIATION), "lapsed, and suspected anew");
        skip(45 minutes);
        assertTrue(vault.trip(Breaker.DEVIATION));
    }

    function test_a_source_that_is_not_fit_contradicts_nobody() public {
        assertFalse(vault.trip(Breaker.DEVIATION), "none");
        _withSecondSource();
        checkFeed.push(2050e18);
        vault.trip(Breaker.DEVIATION);
        skip(45 minutes);
        priceFeed.push(0);
        assertFalse(vault.trip(Breaker.DEVIATION), "no price");
        priceFeed.push(2000e8);
        checkFeed.setBroken(true);
        assertFalse(vault.trip(Breaker.DEVIATION), "no second price");
    }

    /* EXIT IN KIND */

    function test_a_holder_leaves_with_both_tokens_whatever_is_broken() public {
        vm.prank(guardian);
        vault.pause("");
        priceFeed.setBroken(true);
        volFeed.setBroken(true);
        uint256 shares = vault.balanceOf(saver) / 2;
        uint256 supply = vault.totalSupply() + 1e6;
        uint256 quoteUnits = 1_000_000e6 * shares / supply;
        uint256 baseUnits = 100e18 * shares / supply * 9950 / 10_000;
        vm.expectEmit(address(vault));
        emit EventsLib.RedeemedInKind(saver, stranger, shares, quoteUnits, baseUnits);
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, stranger, quoteUnits, baseUnits);
        assertEq(gotQuote, quoteUnits);
        assertEq(gotBase, baseUnits);
        assertEq(quote.balanceOf(stranger), quoteUnits);
        assertEq(base.balanceOf(stranger), baseUnits);
        assertEq(vault.balanceOf(saver), shares);
    }

    function test_a_holder_says_what_is_too_little() public {
        uint256 shares = vault.balanceOf(saver);
        uint256 supply = vault.totalSupply() + 1e6;
        uint256 quoteUnits = 1_000_000e6 * shares / supply;
        uint256 baseUnits = 100e18 * shares / supply * 9950 / 10_000;
        bytes memory reason = abi.encodeWithSelector(ErrorsLib.ExitTooSmall.selector, quoteUnits, baseUnits);
        vm.startPrank(saver);
        vm.expectRevert(reason);
        vault.redeemInKind(shares, saver, quoteUnits + 1, 0);
        vm.expectRevert(reason);
        vault.redeemInKind(shares, saver, 0, baseUnits + 1);
    }

    function test_nobody_leaves_at_the_cost_of_who_wrote_or_bought_options() public {
        _open(_terms(false, 1800e8, START + 30 days, -100e18, 0));
        _open(_terms(true, 2200e8, START + 30 days, -60e18, 0));
        _open(_terms(true, 2500e8, START + 30 days, -80e18, 0));
        _open(_terms(false, 1500e8, START + 30 days, 10e18, 0));
        uint256 shares = vault.balanceOf(saver) / 4;
        uint256 supply = vault.totalSupply() + 1e6;
        // Of the 140 calls 40 are without base: (10,000 - 2,200) each; and 1,800 for each put. The escrow is not ours.
        uint256 kept = 100 * 1800e6 + 40 * 7800e6;
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, saver, 0, 0);
        assertEq(gotQuote, (1_000_000e6 - kept) * shares / supply);
        assertEq(gotBase, 0);
    }

    function test_base_beyond_the_covered_calls_is_paid() public {
        _open(_terms(true, 2200e8, START + 30 days, -60e18, 0));
        uint256 shares = vault.balanceOf(saver) / 4;
        uint256 supply = vault.totalSupply() + 1e6;
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, saver, 0, 0);
        assertEq(gotQuote, 1_000_000e6 * shares / supply);
        assertEq(gotBase, 40e18 * shares / supply * 9950 / 10_000);
    }

    function test_nobody_redeems_what_he_does_not_have() public {
        vm.expectRevert();
        vm.prank(stranger);
        vault.redeemInKind(1, stranger, 0, 0);
    }

    /* HELPERS */

    function _withSecondSource() private {
        checkFeed = new SettableFeed(18, 2000e18);
        vault = new RiskVault(_config());
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {EventsLib} from "src/libraries/EventsLib.sol";
import {SettableFeed} from "test/utils/SettableFeed.sol";
import {TestToken} from "test/utils/TestToken.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

contract SettleTest is VaultFixture {
    uint256 private expiry;

    function setUp() public override {
        super.setUp();
        expiry = block.timestamp + 30 days;
    }

    /* REFUSALS */

    function test_a_paused_vault_settles_nothing() public {
        uint80 round = _openAndExpire(true, 2000e8, -1e18, 2100e18);
        vm.prank(guardian);
        vault.pause("test");
        _refusesToSettle(0, round, abi.encodeWithSelector(ErrorsLib.IsPaused.selector));
    }

    function test_a_leg_must_exist() public {
        _refusesToSettle(0, 1, abi.encodeWithSelector(ErrorsLib.NoSuchLeg.selector, 0, 0));
    }

    function test_a_living_leg_is_not_settled() public {
        _open(_terms(true, 2000e8, expiry, -1e18, 0));
        vm.warp(expiry - 1);
        _refusesToSettle(0, 1, abi.encodeWithSelector(ErrorsLib.NotExpired.selector, expiry, expiry - 1));
    }

    function test_a_round_before_expiry_does_not_settle() public {
        uint80 round = _openAndExpire(true, 2000e8, -1e18, 2100e18) - 1;
        (,,, uint256 previous,) = priceFeed.getRoundData(round - 1);
        _refusesToSettle(
            0,
            round,
            abi.encodeWithSelector(ErrorsLib.NotFirstRound.selector, round, previous, expiry - 1, expiry)
        );
    }

    function test_a_later_round_does_not_settle() public {
        uint80 round = _openAndExpire(true, 2000e8, -1e18, 2100e18) + 1;
        skip(10);
        _setPrice(2200e18);
        _refusesToSettle(
            0,
            round,
            abi.encodeWithSelector(ErrorsLib.NotFirstRound.selector, round, expiry, expiry + 10, expiry)
        );
    }

    function test_a_round_without_a_predecessor_does_not_settle() public {
        _openAndExpire(true, 2000e8, -1e18, 2100e18);
        priceFeed.pushRound(1000, 2100e8, block.timestamp);
        _refusesToSettle(
            0, 1000, abi.encodeWithSelector(ErrorsLib.NotFirstRound.selector, 1000, 0, expiry, expiry)
        );
    }

    function test_the_zeroth_round_does_not_settle() public {
        _openAndExpire(true, 2000e8, -1e18, 2100e18);
        _refusesToSettle(0, 0, abi.encodeWithSelector(SettableFeed.NoDataPresent.selector));
    }

    function test_a_bad_price_does_not_settle() public {
        _open(_terms(true, 2000e8, expiry, -1e18, 0));
        priceFeed.pushAt(2000e8, expiry - 1);
        vm.warp(expiry);
        priceFeed.push(0);
        _refusesToSettle(
            0, priceFeed.latest(), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 0)
        );
    }

    function test_an_absurd_price_does_not_settle() public {
        _open(_terms(true, 2000e8, expiry, -1e18, 0));
        priceFeed.pushAt(2000e8, expiry - 1);
        vm.warp(expiry);
        priceFeed.push(1e26 + 1);
        _refusesToSettle(
            0, priceFeed.latest(), abi.encodeWithSelector(ErrorsLib.BadPrice.selector, priceFeed, 1e26 + 1)
        );
    }

    /// @dev It stopped at a bound of its own, or is in another unit. Governance may widen the rules, in its time.
    function test_a_price_that_the_rules_take_for_broken_does_not_settle() public {
        uint256[2] memory bounds = [uint256(100e18), 10_000e18];
        for (uint256 i = 0; i < 2; ++i) {
            uint256 snapshot = vm.snapshotState();
            uint80 round = _openAndExpire(true, 2000e8, -1e18, bounds[i]);
            bytes4 reason = ErrorsLib.PriceOutOfBounds.selector;
            _refusesToSettle(
                0, round, abi.encodeWithSelector(reason, priceFeed, bounds[i], 100e18, 10_000e18)
            );
            vm.revertToState(snapshot);
        }
    }

    function test_a_vault_without_quote_owes_until_it_has_some() public {
        Limits memory rules = vault.limits();
        rules.marginBps = 0;
        _setLimits(rules);
        uint80 round = _openAndExpire(false, 2000e8, -600e18, 101e18);
        _refusesToSettle(
            0, round, abi.encodeWithSelector(ErrorsLib.InsufficientQuote.selector, 1_139_400e6, 1_000_000e6)
        );
        quote.mint(address(vault), 139_400e6);
        assertEq(vault.settle(0, round), 1_139_400e6);
    }

    /* SUCCESS */

    function test_a_short_call_pays_the_counterparty_in_quote() public {
        uint80 round = _openAndExpire(true, 2000e8, -10e18, 2150e18);
        (uint256 word,,) = vault.legAt(0);
        uint256 owned = quote.balanceOf(writer);
        uint256 sequence = vault.sequence();
        vm.expectEmit(address(vault));
        emit EventsLib.LegSettled(0, writer, word, round, 2150e18, 1500e6);
        vm.prank(stranger);
        assertEq(vault.settle(0, round), 1500e6);
        assertEq(quote.balanceOf(writer), owned + 1500e6);
        assertEq(vault.legCount(), 0);
        assertEq(vault.sequence(), sequence + 1);
    }

    function test_a_short_put_pays_the_counterparty_in_quote() public {
        uint80 round = _openAndExpire(false, 2000e8, -10e18, 1900e18);
        assertEq(vault.settle(0, round), 1000e6);
    }

    function test_an_option_out_of_the_money_pays_nothing() public {
        uint80 round = _openAndExpire(false, 2000e8, -10e18, 2000e18);
        uint256 owned = quote.balanceOf(writer);
        assertEq(vault.settle(0, round), 0);
        assertEq(quote.balanceOf(writer), owned);
    }

    function test_a_long_put_pays_the_vault_in_quote() public {
        uint80 round = _openAndExpire(false, 2000e8, 10e18, 1900e18);
        uint256 owned = quote.balanceOf(writer);
        assertEq(vault.settle(0, round), 1000e6);
        assertEq(quote.balanceOf(writer), owned + 19_000e6);
        assertEq(quote.balanceOf(address(vault)), 1_001_000e6);
        _assertNoEscrow();
    }

    function test_a_long_call_pays_the_vault_in_base() public {
        uint80 round = _openAndExpire(true, 2000e8, 10e18, 2500e18);
        uint256 owned = base.balanceOf(writer);
        assertEq(vault.settle(0, round), 2e18);
        assertEq(base.balanceOf(writer), owned + 8e18);
        assertEq(base.balanceOf(address(vault)), 102e18);
        _assertNoEscrow();
    }

    function test_a_worthless_long_leg_returns_the_collateral() public {
        uint80 round = _openAndExpire(true, 2000e8, 10e18, 1500e18);
        uint256 owned = base.balanceOf(writer);
        assertEq(vault.settle(0, round), 0);
        assertEq(base.balanceOf(writer), owned + 10e18);
        _assertNoEscrow();
    }

    function test_the_first_round_after_expiry_settles_however_late() public {
        uint80 round = _openAndExpire(true, 2000e8, -10e18, 2150e18);
        skip(7 days);
        _setPrice(3000e18);
        assertEq(vault.settle(0, round), 1500e6);
    }

    function test_the_last_leg_takes_the_place_of_the_settled_one() public {
        _open(_terms(true, 2000e8, expiry, -1e18, 0));
        _open(_terms(true, 2100e8, expiry + 1 days, -1e18, 0));
        _open(_terms(true, 2200e8, expiry + 1 days, -1e18, 7));
        (uint256 last,,) = vault.legAt(2);
        vault.settle(0, _expire(expiry, PRICE));
        (uint256 word,, uint96 premium) = vault.legAt(0);
        assertEq(word, last);
        assertEq(premium, 7);
        assertEq(vault.legCount(), 2);
    }

    /* A TOKEN THAT REFUSES TO PAY */

    function test_what_a_token_refuses_to_pay_is_kept_for_the_counterparty() public {
        uint80 round = _openAndExpire(true, 2000e8, -10e18, 2150e18);
        uint256 before = vault.totalAssets();
        _refusePayments(quote);
        vm.expectEmit(address(vault));
        emit EventsLib.PaymentKept(writer, address(quote), 1500e6);
        assertEq(vault.settle(0, round), 1500e6);
        (uint128 quoteEscrow,) = vault.escrow();
        assertEq(quoteEscrow, 1500e6);
        assertEq(vault.totalAssets(), before, "it is none of the vault's");
        assertGt(vault.maxRedeem(saver), 0, "and nobody waits for it");
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NothingOwed.selector, quote, stranger));
        vm.prank(stranger);
        vault.collect(quote, stranger);
        vm.expectEmit(address(vault));
        emit EventsLib.Collected(writer, address(quote), stranger, 1500e6);
        vm.startPrank(writer);
        assertEq(vault.collect(quote, stranger), 1500e6);
        assertEq(quote.balanceOf(stranger), 1500e6);
        _assertNoEscrow();
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NothingOwed.selector, quote, writer));
        vault.collect(quote, writer);
        vm.stopPrank();
    }

    function test_collateral_that_cannot_be_returned_is_kept_too() public {
        uint80 round = _openAndExpire(true, 2000e8, 10e18, 2500e18);
        _refusePayments(base);
        assertEq(vault.settle(0, round), 2e18);
        (, uint128 baseEscrow) = vault.escrow();
        assertEq(baseEscrow, 8e18);
        vm.prank(guardian);
        vault.pause("");
        vm.startPrank(writer);
        vm.expectRevert(ErrorsLib.IsPaused.selector);
        vault.collect(base, stranger);
        vm.stopPrank();
        vm.prank(governance);
        vault.unpause();
        vm.startPrank(writer);
        vm.expectRevert("blocked");
        vault.collect(base, writer);
        vault.collect(base, stranger);
        vm.stopPrank();
        assertEq(base.balanceOf(stranger), 8e18);
        _assertNoEscrow();
    }

    /* HELPERS */

    /// @dev As a token does that has a list of accounts it does not pay, whatever the amount.
    function _refusePayments(TestToken token) private {
        vm.mockCallRevert(address(token), abi.encodeWithSelector(token.transfer.selector, writer), "blocked");
    }

    function _openAndExpire(bool isCall, uint256 strike, int256 size, uint256 price)
        private
        returns (uint80)
    {
        _open(_terms(isCall, strike, expiry, size, 0));
        return _expire(expiry, price);
    }

    function _refusesToSettle(uint256 index, uint80 round, bytes memory reason) private {
        vm.expectRevert(reason);
        vault.settle(index, round);
    }

    function _assertNoEscrow() private view {
        (uint128 quoteEscrow, uint128 baseEscrow) = vault.escrow();
        assertEq(quoteEscrow, 0);
        assertEq(baseEscrow, 0);
    }
}

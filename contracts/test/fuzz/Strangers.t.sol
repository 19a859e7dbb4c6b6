// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Need} from "src/interfaces/IGuarded.sol";
import {Breaker, Limits} from "src/interfaces/IRiskVault.sol";
import {ErrorsLib} from "src/libraries/ErrorsLib.sol";
import {VaultFixture} from "test/utils/VaultFixture.sol";

/// @notice What a stranger without a key, but with any amount of quote, tries on those who hold shares.
contract StrangersTest is VaultFixture {
    uint256 private constant LOAN = 100_000_000e6;

    uint256 private immutable _expiry = START + 30 days;

    /* WHAT IS OWED BEYOND THE QUOTE THAT IS THERE */

    /// @dev Calls that are covered by base, and quote for a part only of what they pay: until they are settled, base stays.
    function test_nobody_leaves_with_the_base_that_pays_an_expired_call() public {
        base.mint(address(vault), 900e18);
        _open(_terms(true, 2000e8, _expiry, -1000e18, 0));
        _moveTo(_expiry - 60, 4000e18);
        uint256 before = vault.totalAssets();
        uint256 shares = _comes(800_000e6);
        uint80 round = _expire(_expiry, 4000e18);
        vm.expectRevert(
            abi.encodeWithSelector(ErrorsLib.InsufficientQuote.selector, 2_000_000e6, 1_800_000e6)
        );
        vault.settle(0, round);
        vm.prank(stranger);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, stranger, 0, 0);
        assertEq(gotQuote, 0);
        assertEq(gotBase, 0);
        assertGe(vault.totalAssets(), before);
    }

    /// @dev 600 puts may cost 1.2 million. Of base so much stays that it makes up for the 200,000 at the least price.
    function test_base_stays_for_puts_that_quote_does_not_pay() public {
        base.mint(address(vault), 3900e18);
        _open(_terms(false, 2000e8, _expiry, -600e18, 0));
        uint256 shares = vault.balanceOf(saver) / 4;
        uint256 supply = vault.totalSupply() + 1e6;
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, saver, 0, 0);
        assertEq(gotQuote, 0);
        assertEq(gotBase, (4000e18 - 200_000e18 / 100) * shares / supply * 9950 / 10_000);
    }

    function test_a_guardian_does_not_raise_the_price_that_base_is_held_back_at() public {
        Limits memory rules = vault.limits();
        rules.minPrice += 1;
        vm.expectRevert(abi.encodeWithSelector(ErrorsLib.NotTighter.selector, bytes32("minPrice")));
        vm.prank(guardian);
        vault.tighten(rules);
    }

    /* THE VOLATILITY */

    /// @dev The vault is hedged, and has sold options: it is worth more where the volatility is less.
    function test_who_comes_and_leaves_pays_for_the_error_of_the_volatility() public {
        _openHedged(-100e18);
        uint256 here = vault.totalAssets();
        (uint256 up, uint256 down) = (_valueAt(VOL * 11 / 10), _valueAt(VOL * 9 / 10));
        assertGt(down, here + 1500e6);
        assertLt(up, here - 1500e6);
        uint256 supply = vault.totalSupply() + 1e6;
        uint256 paid = 600e6 * supply / vault.previewDeposit(600e6);
        uint256 got = vault.previewRedeem(600e12) * supply / 600e12;
        // And for what is not hedged there, of the price.
        assertGe(paid, down);
        assertApproxEqRel(paid, down, 0.001e18);
        assertLe(got, up);
        assertApproxEqRel(got, up, 0.001e18);
    }

    function test_who_knows_the_next_volatility_within_its_error_wins_nothing(bool written, uint256 next)
        public
    {
        _openHedged(written ? -100e18 : int256(100e18));
        uint256 shares = _comes(LOAN);
        volFeed.push(int256(bound(next, VOL * 9 / 10 / 1e10 + 1, VOL * 11 / 10 / 1e10 - 1)));
        vm.prank(stranger);
        assertLe(vault.redeem(shares, stranger, stranger), LOAN);
    }

    /// @dev He holds shares already, and has nothing to pay for but leaving.
    function test_who_knows_the_next_volatility_and_leaves_before_it_takes_nothing(uint256 next) public {
        _openHedged(-100e18);
        uint256 shares = vault.balanceOf(saver) / 2;
        uint256 snapshot = vm.snapshotState();
        vm.prank(saver);
        uint256 got = vault.redeem(shares, saver, saver);
        vm.revertToState(snapshot);
        volFeed.push(int256(bound(next, VOL * 9 / 10 / 1e10 + 1, VOL * 11 / 10 / 1e10 - 1)));
        assertLe(got, vault.convertToAssets(shares));
    }

    /* THE HEDGE */

    /// @dev He comes with quote and leaves with the hedge. That is an emergency, and the pool is his.
    function test_who_strips_the_hedge_at_once_and_pulls_the_ripcord_wins_his_reward_at_most(uint16 errorBps)
        public
    {
        (int256 cost, int256 taken) = _strip(errorBps, 1);
        assertGt(taken, 500e6, "the ripcord was dear");
        assertLe(taken, cost, "but not dearer than what he left");
    }

    /// @dev What he leaves with each piece is in part his, and comes with the next.
    function test_who_strips_the_hedge_in_pieces_takes_no_more_than_the_loss_budget_and_the_reward(
        uint16 errorBps,
        uint256 pieces
    ) public {
        (int256 cost, int256 taken) = _strip(errorBps, bound(pieces, 2, 12));
        assertGt(taken, 500e6, "the ripcord was dear");
        assertLe(taken, cost + int256(vault.totalAssets() * 4 / 5 / 1000), "four fifths of a thousandth");
    }

    /// @return cost What coming and leaving cost him at the oracle's price.
    /// @return taken What the ripcord cost the vault there.
    function _strip(uint16 errorBps, uint256 pieces) private returns (int256 cost, int256 taken) {
        Limits memory rules = vault.limits();
        rules.priceErrorBps = uint16(bound(errorBps, 1, 500));
        _setLimits(rules);
        assertEq(vault.gap(), 0);
        uint256 shares = _comes(LOAN);
        cost = int256(LOAN);
        for (uint256 left = pieces; left > 0; --left) {
            uint256 piece = left == 1 ? shares : shares * 3 / 5;
            shares -= piece;
            vm.prank(stranger);
            (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(piece, stranger, 0, 0);
            cost -= int256(gotQuote + gotBase * 2000 / 1e12);
        }
        _pushUntilUnfair();
        vm.prank(stranger);
        (uint256 spent, uint256 bought, uint256 reward) = vault.ripcord();
        taken = int256(spent) - int256(bought * 2000 / 1e12);
        assertEq(reward, 100e6);
        vm.expectPartialRevert(ErrorsLib.NotTripped.selector);
        vault.trip(Breaker.LOSS);
    }

    function test_the_last_holder_leaves_with_everything() public {
        uint256 shares = vault.balanceOf(governance);
        vm.prank(governance);
        vault.transfer(saver, shares);
        shares = vault.balanceOf(saver);
        vm.prank(saver);
        (uint256 gotQuote, uint256 gotBase) = vault.redeemInKind(shares, saver, 0, 0);
        assertApproxEqAbs(gotQuote, 1_000_000e6, 1);
        assertApproxEqRel(gotBase, 100e18, 1e6);
    }

    /* THE BREAKER OF A FALL */

    /// @dev Bought puts are worth 300,000 for good, and a mark at a price that has come back takes them for worthless.
    function test_no_breaker_goes_by_a_mark_while_a_leg_waits_to_be_settled() public {
        _open(_terms(false, 2000e8, _expiry, 300e18, 0));
        _moveTo(_expiry - 60, 1000e18);
        vault.checkpoint();
        uint80 round = _expire(_expiry, 1000e18);
        _moveTo(_expiry + 1 hours, 1800e18);
        vm.expectRevert(ErrorsLib.LegUnsettled.selector);
        vault.trip(Breaker.DRAWDOWN);
        _moveTo(_expiry + 1 days, 1800e18);
        vm.expectRevert(ErrorsLib.LegUnsettled.selector);
        vault.checkpoint();
        vault.settle(0, round);
        vm.expectPartialRevert(ErrorsLib.NotTripped.selector);
        vault.trip(Breaker.DRAWDOWN);
        vault.checkpoint();
    }

    /* HELPERS */

    function _moveTo(uint256 time, uint256 price) private {
        vm.warp(time);
        _setPrice(price);
        volFeed.push(int256(VOL / 1e10));
    }

    /// @dev At the money, with just so much base that no price moves the vault here.
    function _openHedged(int256 size) private {
        _open(_terms(true, 2000e8, _expiry, size, 0));
        int256 excess = vault.gap() + vault.limits().targetDelta;
        if (excess < 0) return base.mint(address(vault), uint256(-excess));
        (, uint128 escrow) = vault.escrow();
        uint256 spare = FixedPointMathLib.min(uint256(excess), base.balanceOf(address(vault)) - escrow);
        vm.prank(address(vault));
        base.transfer(governance, spare);
    }

    function _valueAt(uint256 vol) private view returns (uint256) {
        return uint256(vault.netValueDown(PRICE, vol));
    }

    /// @dev To where buying all that is needed is only just fair.
    function _pushUntilUnfair() private {
        (, bytes memory args) = vault.workable();
        uint256 asked = abi.decode(args, (Need)).maxAmountIn;
        uint256 price = PRICE;
        for (uint256 i = 0; i < 5; ++i) {
            price = price * _fill(false, asked) / (asked * 1e12 * 9951 / 10_000 / 2000);
            driver.pushTo(price);
        }
    }
}
